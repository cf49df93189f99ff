"""The list of conversations in the web app, what one wants of each and is about to say, the same in all of one's browsers; and with whom one is friends."""

import re

import pytest
from playwright.async_api import Locator, expect

from chaos.federation import Federation
from tests.acceptance.browsing import CHROMIUM, LISTED, OpenTab, Tab, listed
from tests.acceptance.test_web_settings import log_in, section
from tests.acceptance.test_web_talk import make_group

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")


def rows(tab: Tab) -> Locator:
    """The conversations in the list, in their order."""
    return tab.page.get_by_role("navigation", name=LISTED).locator("a.row")


def wish(tab: Tab, name: str) -> Locator:
    """What may be wanted of a conversation, on the page about it."""
    return tab.page.locator(".panel-body").get_by_role("button", name=name, exact=True)


async def test_what_one_wants_of_a_conversation_and_is_about_to_say_holds_in_all_of_ones_browsers(
    open_tab: OpenTab, urls: dict[str, str]
) -> None:
    """Pinned it stands above what is newer, muted and marked unread it says so, archived it is away; the other one in it sees none of that. A draft is gone on with elsewhere."""
    ada, boris, second = await open_tab("Ada"), await open_tab("Boris"), await open_tab("Ada")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await make_group(ada, "Travellers", boris)
    await ada.send("Who is where?")
    await ada.begin_with(boris)
    await ada.send("Hello")
    await ada.sees("Hello", "Received")
    await by_keyboard(ada)
    await listed(ada, "Boris").click()
    await ada.send("Are you there?")
    await log_in(second, urls["eu"], ada.handle, f"password of {ada.handle}")
    await expect(rows(second)).to_have_count(2)
    await expect(rows(second).first).to_contain_text("Boris")

    await listed(ada, "Travellers").click()
    await ada.page.locator(".talk-who").click()
    await wish(ada, "Pin in the list").click()
    for tab in (ada, second):
        await expect(rows(tab).first).to_contain_text("Travellers")
        await expect(rows(tab).first.get_by_role("img", name="Pinned")).to_be_visible()
    await listed(boris, "Ada").click()
    await boris.send("Hello to you")
    await expect(listed(second, "Boris")).to_contain_text("Hello to you")
    await expect(rows(second).first).to_contain_text("Travellers")

    await wish(ada, "Mute").click()
    await expect(listed(second, "Travellers").get_by_role("img", name="Muted")).to_be_visible()
    await wish(ada, "Archive").click()
    for tab in (ada, second):
        await expect(rows(tab)).to_have_count(1)
    archive = second.page.get_by_role("navigation", name=LISTED).get_by_role("button", name="Archive")
    await archive.click()
    await expect(archive).to_have_attribute("aria-pressed", "true")
    await expect(rows(second)).to_have_count(1)
    await expect(rows(second).first).to_contain_text("Travellers")
    await wish(ada, "Take out of the archive").click()
    await wish(ada, "Unpin in the list").click()
    await archive.click()
    await expect(rows(second).first).to_contain_text("Boris")

    await wish(ada, "Mark as unread").click()
    await expect(listed(second, "Travellers").get_by_role("img", name="Marked as unread")).to_be_visible()
    await listed(second, "Travellers").click()
    await expect(listed(ada, "Travellers").get_by_role("img", name="Marked as unread")).to_have_count(0)
    seen_by_boris = rows(boris).filter(has_text="Travellers")
    await expect(seen_by_boris).to_contain_text("Typed blindly")
    await expect(seen_by_boris.get_by_role("img", name=re.compile("Pinned|Muted|Marked"))).to_have_count(0)

    await goes_on_drafting(ada, second)


async def by_keyboard(ada: Tab) -> None:
    """Leave a conversation, find another, open it and write: whoever opens one can write at once."""
    press = ada.page.keyboard.press
    await press("Escape")
    await expect(ada.page.get_by_text("Choose a conversation, or begin one.")).to_be_visible()
    await expect(listed(ada, "Boris")).to_be_focused()
    await press("Control+k")
    await ada.page.keyboard.type("trav")
    await expect(rows(ada)).to_have_count(1)
    await press("ArrowDown")
    await press("Enter")
    await expect(ada.input).to_be_focused()
    await ada.page.keyboard.type("Typed blindly")
    await press("Enter")
    await ada.sees("Typed blindly")
    await ada.page.get_by_role("searchbox", name="Search").fill("")


async def goes_on_drafting(ada: Tab, second: Tab) -> None:
    """A draft is shown in the list and where one writes; a change goes back, and what was sent is nobody's draft any more."""
    await listed(ada, "Boris").click()
    await ada.input.fill("I will be")
    await expect(listed(second, "Boris")).to_contain_text("Draft: I will be")
    await listed(second, "Boris").click()
    await expect(second.input).to_have_value("I will be")
    await second.input.fill("I will be there")
    await expect(ada.input).to_have_value("I will be there")

    await second.input.press("Enter")
    await second.sees("I will be there")
    await ada.sees("I will be there")
    await expect(ada.input).to_have_value("")
    await ada.page.reload()
    await ada.sees("I will be there")
    await expect(ada.input).to_have_value("")


async def test_friends_are_asked_and_answered_and_seen_to_be_there(
    open_tab: OpenTab, urls: dict[str, str], whole: Federation
) -> None:
    """Across regions, and without looking again; online, away, and unknown while their region cannot be reached: of strangers nothing, and nothing is guessed."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await ada.begin_with(boris)
    head = ada.page.locator(".talk-head")
    await expect(head.get_by_text("lives in eu")).to_be_visible()
    await expect(head.get_by_text("online")).to_have_count(0)
    await ada.page.locator(".talk-who").click()
    await ada.page.get_by_role("button", name="Ask to be friends").click()
    await expect(ada.page.get_by_role("button", name="Take the request back")).to_be_visible()
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
    await expect(head.get_by_text(re.compile("· online"))).to_be_visible()
    await expect(listed(ada, "Boris")).to_contain_text("online")
    await whole.act("local", "cut", "us-eu")
    await expect(head.get_by_text("not known whether they are online")).to_be_visible()
    await whole.act("local", "heal")
    await expect(head.get_by_text(re.compile("· online"))).to_be_visible()
    await boris.page.goto("about:blank")
    await expect(head.get_by_text("last online")).to_be_visible()
    await expect(listed(ada, "Boris")).not_to_contain_text("online")
    await ada.page.locator(".talk-who").click()
    await ada.page.get_by_role("button", name="End friendship").click()
    await expect(ada.page.get_by_role("button", name="Ask to be friends")).to_be_visible()
