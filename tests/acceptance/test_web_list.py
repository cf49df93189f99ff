"""The list of conversations in the web app, what one wants of each, with whom one is friends, and on which devices one is: the same in all of one's browsers."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.acceptance.browsing import CHROMIUM, LISTED, OpenTab, Tab
from tests.acceptance.test_web_settings import log_in, open_settings, section
from tests.acceptance.test_web_talk import listed, make_group

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")


def rows(tab: Tab) -> Locator:
    """The conversations in the list, in their order."""
    return tab.page.get_by_role("navigation", name=LISTED).locator("a.row")


def wish(tab: Tab, name: str) -> Locator:
    """What may be wanted of a conversation, on the page about it."""
    return tab.page.locator(".panel-body").get_by_role("button", name=name, exact=True)


async def test_what_one_wants_of_a_conversation_holds_in_all_of_ones_browsers(
    open_tab: OpenTab, urls: dict[str, str]
) -> None:
    """Pinned it stands above what is newer, muted and marked unread it says so, archived it is away; the other one in it sees none of that."""
    ada, boris, second = await open_tab("Ada"), await open_tab("Boris"), await open_tab("Ada")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await make_group(ada, "Travellers", boris)
    await ada.send("Who is where?")
    await ada.begin_with(boris)
    await ada.send("Hello")
    await ada.sees("Hello", "Received")
    await log_in(second, urls["eu"], ada.handle, f"password of {ada.handle}")
    await expect(rows(second)).to_have_count(2)
    await expect(rows(second).first).to_contain_text("Boris")

    await listed(ada, "Travellers").click()
    await ada.page.locator(".talk-who").click()
    await wish(ada, "Pin in the list").click()
    for tab in (ada, second):
        await expect(rows(tab).first).to_contain_text("Travellers")
        await expect(rows(tab).first.get_by_role("img", name="Pinned")).to_be_visible()
    await boris.send("In the harbour")
    await listed(boris, "Ada").click()
    await boris.send("Hello to you")
    await expect(listed(second, "Boris")).to_contain_text("Hello to you")
    await expect(rows(second).first).to_contain_text("Travellers")

    await wish(ada, "Mute").click()
    await expect(listed(second, "Travellers").get_by_role("img", name="Muted")).to_be_visible()
    await wish(ada, "Archive").click()
    for tab in (ada, second):
        await expect(rows(tab)).to_have_count(1)
    await second.page.get_by_role("navigation", name=LISTED).get_by_role("button", name="Archive").click()
    await expect(rows(second)).to_have_count(1)
    await expect(rows(second).first).to_contain_text("Travellers")
    await wish(ada, "Take out of the archive").click()
    await wish(ada, "Unpin in the list").click()
    await second.page.get_by_role("button", name="All conversations").click()
    await expect(rows(second).first).to_contain_text("Boris")

    await wish(ada, "Mark as unread").click()
    await expect(listed(second, "Travellers").get_by_role("img", name="Marked as unread")).to_be_visible()
    await listed(second, "Travellers").click()
    await expect(listed(ada, "Travellers").get_by_role("img", name="Marked as unread")).to_have_count(0)
    await expect(rows(boris).filter(has_text="Travellers").get_by_role("img")).to_have_count(0)


async def test_friends_are_asked_answered_and_listed(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """Where conversations begin: who asks, whom one has asked, who is a friend; across regions, and without looking again."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await ada.begin_with(boris)
    await ada.page.locator(".talk-who").click()
    await ada.page.get_by_role("button", name="Ask to be friends").click()
    for tab in (ada, boris):
        await tab.page.get_by_role("link", name="New conversation").first.click()

    await expect(section(ada.page, "You have asked them").get_by_role("link", name=re.compile("Boris"))).to_be_visible()
    asked = section(boris.page, "They would like to be friends")
    await expect(asked.get_by_role("link", name=re.compile("Ada"))).to_contain_text("lives in us")
    await asked.get_by_role("button", name="Accept friendship").click()

    for tab, other in ((ada, boris), (boris, ada)):
        friend = section(tab.page, "Friends").get_by_role("link", name=re.compile(other.name))
        await expect(friend).to_contain_text("online")
    await expect(section(ada.page, "You have asked them")).to_have_count(0)
    await section(ada.page, "Friends").get_by_role("link", name=re.compile("Boris")).click()
    await expect(ada.page.get_by_role("heading", name="Boris")).to_be_visible()


async def test_a_keyboard_will_do(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """To find a conversation, open it, write and leave it; whoever opens one can write at once."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await make_group(ada, "Travellers", boris)
    await ada.begin_with(boris)
    await ada.send("Hello")
    await ada.sees("Hello", "Received")
    press = ada.page.keyboard.press

    await press("Escape")
    await expect(ada.page.get_by_text("Choose a conversation, or begin one.")).to_be_visible()
    await press("Control+k")
    await ada.page.keyboard.type("trav")
    await expect(rows(ada)).to_have_count(1)
    await press("ArrowDown")
    await press("Enter")
    await expect(ada.input).to_be_focused()
    await ada.page.keyboard.type("Typed blindly")
    await press("Enter")
    await ada.sees("Typed blindly")


async def test_one_sees_where_one_is_and_logs_another_device_out(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """Home, the region of the page, the region of the connection; the device that is logged out is told why."""
    ada, second = await open_tab("Ada"), await open_tab("Ada")
    await ada.register(urls["us"])
    await log_in(second, urls["eu"], ada.handle, f"password of {ada.handle}")
    await expect(second.page.get_by_role("navigation", name=LISTED)).to_be_visible()
    await open_settings(second)

    where = section(second.page, "Where you are")
    for said in ("Your account lives in us.", "This page came from eu.", "It is connected over eu."):
        await expect(where.get_by_text(said)).to_be_visible()
    await open_settings(ada)
    await section(ada.page, "Devices").get_by_role("button", name=re.compile("^Log out ")).click()
    await expect(section(ada.page, "Devices").get_by_role("listitem")).to_have_count(1)
    await expect(second.page.get_by_text("This device was logged out from another one.")).to_be_visible()
