"""What people do inside conversations in the web app, in browsers of two regions: pin, forward, mention, look closer."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.acceptance.browsing import CHROMIUM, OpenTab, Tab, listed
from tests.acceptance.test_web_settings import log_in

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")

SOON = 5_000


async def choose(tab: Tab, text: str, item: str) -> None:
    """Choose something from the menu of the message that says so."""
    message = tab.message(text)
    await message.hover()
    await message.get_by_role("button", name="More").click()
    await tab.page.get_by_role("menuitem", name=item, exact=True).click()


async def is_offered(tab: Tab, text: str, offered: str, *, not_offered: tuple[str, ...]) -> None:
    """Look at the menu of a message that can neither be answered nor reacted to."""
    message = tab.message(text)
    await message.hover()
    await message.get_by_role("button", name="More").click()
    await expect(tab.page.get_by_role("menuitem", name=offered, exact=True)).to_be_visible()
    for item in not_offered:
        await expect(tab.page.get_by_role("menuitem", name=item, exact=True)).to_have_count(0)
    await expect(tab.page.get_by_role("menuitemcheckbox")).to_have_count(0)
    await expect(message.get_by_role("button", name="Answer")).to_have_count(0)
    await tab.page.keyboard.press("Escape")


def dialog(tab: Tab) -> Locator:
    """What is asked above everything else."""
    return tab.page.get_by_role("dialog")


async def make_group(by: Tab, name: str, *others: Tab) -> None:
    """Make a group with others, who all open it."""
    await by.page.get_by_role("link", name="New conversation").first.click()
    await by.page.get_by_role("tab", name="Group").click()
    await by.page.get_by_label("Name of the group").fill(name)
    for other in others:
        await by.page.get_by_label("Name or handle").fill(f"@{other.handle}")
        await by.page.get_by_role("button", name=re.compile(other.handle)).click()
    await by.page.get_by_role("button", name="Create group").click()
    await expect(by.input).to_be_visible()
    for other in others:
        await listed(other, name).click()
        await expect(other.input).to_be_visible()


async def test_what_is_pinned_is_found_again_however_far_up_it_is(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """Whoever runs the group pins; all see it at once, and come to it, within what is loaded and beyond; a keyboard will do."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await make_group(ada, "Travellers", boris)
    await ada.send("We meet at the north pier")
    await boris.sees("We meet at the north pier")

    await ada.message("north pier").get_by_role("button", name="More").press("Enter")
    for _ in range(3):
        await expect(ada.page.get_by_role("menu")).to_be_visible()
        await ada.page.keyboard.press("ArrowUp")
    await expect(ada.page.get_by_role("menuitem", name="Details")).to_be_focused()
    await ada.page.keyboard.press("Escape")
    await expect(ada.message("north pier").get_by_role("button", name="More")).to_be_focused()
    await choose(ada, "north pier", "Pin")
    pinned = boris.page.get_by_role("region", name="Pinned messages")
    await expect(pinned.get_by_text("We meet at the north pier")).to_be_visible()
    await boris.message("north pier").hover()
    await boris.message("north pier").get_by_role("button", name="More").click()
    await expect(boris.page.get_by_role("menuitem", name="Forward")).to_be_visible()
    await expect(boris.page.get_by_role("menuitem", name="Pin", exact=True)).to_have_count(0)
    await boris.page.keyboard.press("Escape")

    for line in range(70):
        await ada.send(f"Line {line:02} of many")
    await boris.sees("Line 69 of many")
    await expect(boris.message("north pier")).not_to_be_in_viewport()
    await pinned.get_by_role("button", name=re.compile("We meet at the north pier")).click()
    await expect(boris.message("north pier")).to_be_in_viewport()
    elsewhere = await open_tab("Boris")
    await log_in(elsewhere, urls["ap"], boris.handle, f"password of {boris.handle}")
    await listed(elsewhere, "Travellers").click()
    await elsewhere.sees("Line 69 of many")
    far = elsewhere.page.get_by_role("region", name="Pinned messages")
    await far.get_by_role("button", name=re.compile("We meet at the north pier")).click()
    await expect(elsewhere.page.get_by_text("Around a message")).to_be_visible()
    await expect(elsewhere.message("north pier")).to_be_in_viewport()
    await is_offered(elsewhere, "north pier", "Details", not_offered=("Answer", "Pin", "Delete for me"))

    mine = ada.page.get_by_role("region", name="Pinned messages")
    await mine.get_by_role("button", name="Show 1 pinned message").click()
    await mine.get_by_role("button", name="Unpin").click()
    await expect(mine).to_have_count(0)
    await expect(pinned).to_have_count(0)


async def test_what_is_said_in_a_group_is_followed_and_goes_on_elsewhere(
    open_tab: OpenTab, urls: dict[str, str]
) -> None:
    """Whoever is mentioned sees it in the list; it is told who has a message and by which way it came; a forward says whose words they were; who was removed is offered only what they may still do."""
    ada, boris, cleo = await open_tab("Ada"), await open_tab("Boris"), await open_tab("Cleo")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await cleo.register(urls["us"])
    await boris.begin_with(ada)
    await boris.send("The tide turns early")
    await make_group(ada, "Travellers", boris, cleo)
    for tab in (boris, cleo):
        await tab.page.get_by_role("link", name="Settings").click()

    await is_mentioned(ada, boris)
    await is_followed(ada, boris)
    await goes_on(ada, boris)
    await listed(ada, "Travellers").click()
    await ada.page.get_by_role("link", name=re.compile("3 members")).click()
    await ada.page.get_by_role("button", name="What may be done with Boris").click()
    await ada.page.get_by_role("button", name="Remove", exact=True).click()
    await listed(boris, "Travellers").click()
    await expect(boris.page.get_by_text("You are not a member any more.")).to_be_visible()
    await is_offered(boris, "Good night", "Forward", not_offered=("Answer", "Pin", "Edit", "Delete for all"))


async def is_mentioned(ada: Tab, boris: Tab) -> None:
    """An @ brings up the members; the mention crosses, stands in the list until it was read, and leads to whom it means."""
    await ada.input.fill("See you, ")
    await ada.input.press_sequentially("@bo")
    await expect(ada.page.get_by_role("option", name=re.compile("Boris"))).to_be_visible()
    await ada.input.press("Enter")
    await expect(ada.input).to_have_value(f"See you, @{boris.handle} ")
    await ada.input.press_sequentially("at nine")
    await ada.input.press("Enter")
    await ada.sees("at nine")
    await ada.send("And bring bread")

    await expect(listed(boris, "Travellers").get_by_role("img", name="You are mentioned")).to_be_visible()
    await listed(boris, "Travellers").click()
    await expect(boris.message("at nine").locator("mark")).to_have_text(f"@{boris.handle}")
    await expect(listed(boris, "Travellers").get_by_role("img", name="You are mentioned")).to_have_count(0)
    await choose(ada, "at nine", "Edit")
    await ada.input.fill(f"Good night @{boris.handle}")
    await ada.page.get_by_role("button", name="Save").click()
    await expect(boris.message("Good night").locator("mark")).to_have_text(f"@{boris.handle}")
    await ada.message("Good night").get_by_role("link", name=f"@{boris.handle}").click()
    await expect(ada.page.get_by_role("heading", name="Boris")).to_be_visible()


async def is_followed(ada: Tab, boris: Tab) -> None:
    """By whom a message was received and read; the way of what came while one looked; what it said before."""
    await listed(ada, "Travellers").click()
    await ada.send("Who reads this?")
    await boris.sees("Who reads this?")
    for _ in range(20):
        await choose(ada, "Who reads this?", "Details")
        try:
            await expect(dialog(ada).get_by_text("Read by 1")).to_be_visible(timeout=SOON)
        except AssertionError:
            await ada.page.keyboard.press("Escape")
        else:
            break
    for said in ("Received by 1", "Boris", "Cleo", "us · gateway"):
        await expect(dialog(ada).get_by_text(said)).to_be_visible()
    await dialog(ada).get_by_role("button", name="Close").click()
    await choose(boris, "Who reads this?", "Details")
    await expect(dialog(boris).get_by_text("eu · ingester")).to_be_visible()
    await boris.page.keyboard.press("Escape")
    await choose(ada, "Who reads this?", "Edit")
    await ada.input.fill("Who has read this?")
    await ada.page.get_by_role("button", name="Save").click()
    await boris.sees("Who has read this?")
    await choose(boris, "Who has read this?", "Details")
    await expect(dialog(boris).get_by_role("listitem").filter(has_text="Who reads this?")).to_be_visible()
    await dialog(boris).get_by_role("button", name="Close").click()


async def goes_on(ada: Tab, boris: Tab) -> None:
    """To several conversations at once; each has it once."""
    await listed(ada, "Boris").click()
    await ada.sees("The tide turns early")
    await choose(ada, "The tide turns", "Forward")
    await expect(dialog(ada).get_by_role("button", name="Forward to 0 conversations")).to_be_disabled()
    await dialog(ada).get_by_role("checkbox", name="Boris").check()
    await dialog(ada).get_by_role("searchbox", name="Find a conversation").fill("trav")
    await dialog(ada).get_by_role("checkbox", name="Travellers").check()
    await dialog(ada).get_by_role("button", name="Forward to 2 conversations").click()
    await expect(ada.page.get_by_text("Forwarded to 2 conversations.")).to_be_visible()

    await expect(ada.message("The tide turns")).to_have_count(2)
    forwarded = boris.page.get_by_role("article").filter(has_text="Forwarded from Boris")
    await expect(forwarded).to_have_count(1)
    await expect(forwarded).to_contain_text("The tide turns early")
    await listed(boris, "Ada").click()
    await expect(boris.message("The tide turns")).to_have_count(2)
    await expect(forwarded).to_have_count(1)
