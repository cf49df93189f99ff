"""A journey through the web app without a pointer: whatever is done there can be reached, seen to have the focus, and done by keys."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.acceptance.browsing import CHROMIUM, LISTED, OpenTab, Tab, listed, two_who_talk

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")

MOST_TABS = 60
FOCUSED = "it => it === document.activeElement"
SHOWN = """it => {
    const { outlineStyle, outlineWidth, boxShadow, backgroundColor } = getComputedStyle(it);
    const before = [outlineStyle !== "none" && outlineWidth, boxShadow, backgroundColor].join();
    const transition = it.style.transition;
    it.style.transition = "none";
    it.blur();
    const { outlineStyle: style, outlineWidth: width, boxShadow: shadow, backgroundColor: ground } = getComputedStyle(it);
    const after = [style !== "none" && width, shadow, ground].join();
    it.focus({ focusVisible: true });
    it.style.transition = transition;
    return before !== after;
}"""
"""Whether it looks different while it has the focus."""


class Keys:
    """Somebody's keyboard.

    Attributes:
        unseen: What had the focus on the way to something, and did not show it.
    """

    def __init__(self, tab: Tab) -> None:
        """Of this tab."""
        self._page = tab.page
        self.unseen: list[str] = []

    async def press(self, *keys: str) -> None:
        """One after the other."""
        for key in keys:
            await self._page.keyboard.press(key)

    async def type(self, text: str) -> None:
        """Letter by letter."""
        await self._page.keyboard.type(text)

    async def reach(self, wanted: Locator, *, by: str = "Tab") -> None:
        """Go there by one key, again and again; what is reached shows that it has the focus."""
        await expect(wanted).to_be_attached()
        for _ in range(MOST_TABS):
            if await wanted.evaluate(FOCUSED):
                break
            await self.press(by)
        await expect(wanted).to_be_focused()
        if not await wanted.evaluate(SHOWN):
            self.unseen.append(str(wanted))


async def come_in(keys: Keys, tab: Tab, url: str, handle: str) -> None:
    """Log in, from a page that was just loaded."""
    await tab.page.goto(url)
    await keys.reach(tab.page.get_by_role("button", name="I have an account"))
    await keys.press("Enter")
    await keys.reach(tab.page.get_by_label("Handle"))
    await keys.type(handle)
    await keys.reach(tab.page.get_by_label("Password"))
    await keys.type(f"password of {handle}")
    await keys.press("Enter")
    await expect(tab.page.get_by_role("navigation", name=LISTED)).to_be_visible()


async def write(keys: Keys, tab: Tab) -> None:
    """Open a conversation by the search, and send a text with an emoji in it, chosen by its name."""
    await expect(listed(tab, "Boris")).to_be_visible()
    await keys.press("Control+k")
    await keys.type("bori")
    await keys.press("ArrowDown", "Enter")
    await expect(tab.input).to_be_focused()
    await keys.type("By keys alone ")
    await keys.reach(tab.page.get_by_role("button", name="Emoji"))
    await keys.press("Enter")
    find = tab.page.get_by_role("searchbox", name="Find an emoji")
    await expect(find).to_be_focused()
    await keys.press("Escape")
    await expect(find).to_have_count(0)
    await expect(tab.input).to_be_focused()
    await keys.reach(tab.page.get_by_role("button", name="Emoji"))
    await keys.press("Enter")
    await keys.type("радуга")  # in whichever language one thinks of it
    await expect(tab.page.get_by_role("button", name="rainbow")).to_be_visible()
    await keys.press("ArrowDown", "Enter")
    await expect(tab.input).to_have_value("By keys alone 🌈")
    await expect(tab.input).to_be_focused()
    await keys.press("Enter")
    await tab.sees("By keys alone 🌈", "Read")


async def react(keys: Keys, tab: Tab, text: str) -> None:
    """With one of the few that are at hand, and with one of all others; the focus comes back to where the menu was opened."""
    message = tab.message(text)
    more = message.get_by_role("button", name="More")
    await keys.reach(more, by="Shift+Tab")
    await keys.press("Enter")
    await expect(tab.page.get_by_role("menuitemcheckbox", name=re.compile("👍"))).to_be_focused()
    await keys.press("Enter")
    await expect(message.get_by_role("button", name=re.compile("👍"))).to_have_attribute("aria-pressed", "true")
    await expect(more).to_be_focused()
    await keys.press("Enter")
    await keys.reach(tab.page.get_by_role("menuitem", name="React with another emoji"), by="ArrowRight")
    await keys.press("Enter")
    await expect(tab.page.get_by_role("searchbox", name="Find an emoji")).to_be_focused()
    await keys.type("octo")
    await keys.press("Enter")
    await expect(message.get_by_role("button", name=re.compile("🐙"))).to_have_attribute("aria-pressed", "true")
    await expect(more).to_be_focused()


async def look_for(keys: Keys, tab: Tab) -> None:
    """Search for a word, narrow it to what one has written oneself, and go to what is found."""
    page = tab.page
    await keys.press("Control+k", "Control+a")
    await keys.type("hello")
    hits = page.get_by_role("region", name="Messages").get_by_role("link")
    await expect(hits).to_have_count(2)
    await keys.reach(page.get_by_role("button", name="Narrow the search"))
    await keys.press("Enter")
    await keys.reach(page.get_by_label("Written by"))
    await keys.type("You")
    await expect(page.get_by_role("button", name="Narrowed by 1 wish")).to_be_visible()
    await expect(hits).to_have_count(1)
    await expect(hits).to_contain_text("Hello across the sea")
    await keys.reach(hits)
    await keys.press("Enter")
    await expect(page.get_by_text("Around a message that was found")).to_be_visible()
    await keys.press("Escape")
    await expect(page.get_by_text("Choose a conversation, or begin one.")).to_be_visible()


async def test_a_day_is_spent_without_a_pointer(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """Come in, write with an emoji, react, search and narrow, jump, leave; whatever is reached shows that it has the focus."""
    first, boris = await two_who_talk(open_tab, urls)
    await boris.send("And hello to you")
    await first.sees("And hello to you")
    ada = await open_tab("Ada")
    keys = Keys(ada)
    await come_in(keys, ada, urls["us"], first.handle)
    await write(keys, ada)
    await react(keys, ada, "And hello to you")
    await boris.sees("By keys alone 🌈")
    await expect(boris.message("And hello to you").get_by_role("button", name=re.compile("🐙"))).to_be_visible()
    await look_for(keys, ada)
    await keys.reach(ada.page.get_by_role("link", name="Settings"))
    await keys.press("Enter")
    await expect(ada.page.get_by_role("heading", name="Settings")).to_be_visible()
    await keys.reach(ada.page.get_by_role("button", name="Log out", exact=True))
    await keys.press("Enter")

    await expect(ada.page.get_by_text("served by the region")).to_be_visible()
    assert keys.unseen == []
