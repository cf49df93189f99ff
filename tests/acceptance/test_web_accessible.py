"""Every main view of the web app against axe's rules of accessibility: light and dark, on a desktop and on a phone."""

import os
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page, expect

from infra.local import webapp
from tests.acceptance.browsing import CHROMIUM, OpenTab, Tab, two_who_talk
from tests.acceptance.test_web_running import do
from tests.acceptance.test_web_settings import section
from tests.acceptance.test_web_talk import choose, dialog, make_group

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")

VIEWS = os.environ.get("CAUSEWAY_VIEWS")
"""Where pictures of all views are kept, for `tests.acceptance.sheets`; by default none are made."""
AXE = webapp.PLACE / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => {
    const { violations, passes } = await axe.run(document, { resultTypes: ["violations"] });
    const told = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")}: ${node.failureSummary}`));
    return { told, passed: passes.length };
}"""
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


class Inspector:
    """Looks at what is on a page, in all of its forms.

    Attributes:
        found: What is wrong: view, form, and axe's own words.
        views: How many views were looked at.
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self.views = 0

    async def look(self, page: Page, view: str) -> None:
        """Hold it against the rules, light and dark, wide and narrow."""
        self.views += 1
        await page.evaluate(AXE.read_text())
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for form, size in (("desktop", DESKTOP), ("phone", PHONE)):
                await page.set_viewport_size(size)  # type: ignore[arg-type]  # a plain dict
                if VIEWS is not None:
                    await page.screenshot(path=Path(VIEWS) / f"{view}-{form}-{scheme}.png")
                seen = await page.evaluate(RUN)
                assert seen["passed"], "axe has looked at nothing"
                self.found += [f"{view}, {scheme}, {form}: {words}" for words in seen["told"]]
        await page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]  # a plain dict


async def talk(ada: Tab, boris: Tab, picture: Path) -> None:
    """Say what looks different: an answer, a reaction, an image, something deleted."""
    await ada.begin_with(boris)
    await ada.send("Hello across the sea, see https://example.org")
    await ada.sees("Hello across the sea", "Received")
    await boris.page.get_by_role("link", name=re.compile("Ada")).click()
    await boris.send("And back")
    await ada.sees("And back")
    async with ada.page.expect_file_chooser() as chooser:
        await ada.page.get_by_role("button", name="Add images or files").click()
    await (await chooser.value).set_files(picture)
    await expect(ada.page.get_by_role("button", name="Send")).to_be_enabled()
    await ada.send("The sea today")
    await ada.sees("The sea today", "Read")


async def outside(inspector: Inspector, ada: Tab, url: str) -> None:
    """What one sees before anything has happened."""
    await ada.page.goto(url)
    await expect(ada.page.get_by_text("served by the region")).to_be_visible()
    await inspector.look(ada.page, "welcome")
    await ada.register(url)
    await expect(ada.page.get_by_text("No conversations yet.")).to_be_visible()
    await inspector.look(ada.page, "nothing yet")


async def beginnings(inspector: Inspector, ada: Tab, boris: Tab) -> None:
    """How conversations begin: with somebody, by a channel, in a group."""
    await ada.page.get_by_role("link", name="New conversation").first.click()
    await ada.page.get_by_label("Name or handle").fill(f"@{boris.handle}")
    await expect(ada.page.get_by_role("button", name="Boris")).to_be_visible()
    await inspector.look(ada.page, "finding people")
    await ada.page.get_by_role("tab", name="Channel").click()
    await inspector.look(ada.page, "a new channel")
    await ada.page.get_by_role("tab", name="Group").click()
    await ada.page.get_by_label("Name of the group").fill("Travellers")
    await inspector.look(ada.page, "a new group")
    await ada.page.get_by_role("button", name="Create group").click()


async def aside(inspector: Inspector, ada: Tab, url: str) -> None:
    """What one opens seldom."""
    await ada.page.get_by_role("link", name="Settings").click()
    await expect(ada.page.get_by_text("this device")).to_be_visible()
    await expect(ada.page.get_by_text("The browser may clear it")).to_be_visible()
    await inspector.look(ada.page, "settings")
    await ada.page.goto(f"{url}/web/moderation")
    await expect(ada.page.get_by_text("Only moderators see reports.")).to_be_visible()
    await inspector.look(ada.page, "reports")
    await ada.page.goto(f"{url}/web/join/g0-us#nothing")
    await expect(ada.page.get_by_role("button", name="Join")).to_be_visible()
    await inspector.look(ada.page, "an invitation")


async def test_no_view_breaks_a_rule(open_tab: OpenTab, urls: dict[str, str], tmp_path: Path) -> None:
    """From the first page to settings."""
    inspector = Inspector()
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await outside(inspector, ada, urls["us"])
    await boris.register(urls["eu"])
    Image.new("RGB", (640, 320), (20, 90, 140)).save(tmp_path / "sea.png")
    await talk(ada, boris, tmp_path / "sea.png")
    await inspector.look(ada.page, "a conversation")
    await ada.input.fill("A draft")
    await ada.page.get_by_role("link", name=re.compile("@" + boris.handle)).click()
    await expect(ada.page.get_by_role("button", name="Block")).to_be_visible()
    await inspector.look(ada.page, "about somebody")
    await beginnings(inspector, ada, boris)
    await expect(ada.input).to_be_visible()
    await ada.send("Only I am here")
    await ada.sees("Only I am here")
    await inspector.look(ada.page, "a group")
    await ada.page.get_by_role("link", name=re.compile("1 member")).click()
    await expect(ada.page.get_by_role("button", name="Leave")).to_be_visible()
    await inspector.look(ada.page, "about a group")
    await ada.page.get_by_role("searchbox", name="Search").fill("hello")
    await ada.page.get_by_role("link", name=re.compile("Hello across the sea")).click()
    await expect(ada.page.get_by_text("Around a message that was found")).to_be_visible()
    await inspector.look(ada.page, "found")
    await aside(inspector, ada, urls["us"])
    await ada.page.context.set_offline(True)
    await expect(ada.page.get_by_text("No network.")).to_be_visible()
    await inspector.look(ada.page, "without a network")

    assert inspector.views == 14
    assert inspector.found == []


async def over_a_message(inspector: Inspector, ada: Tab) -> None:
    """What opens over a conversation: its menu, everything that is asked of a message, and emoji."""
    page = ada.page
    more = ada.message("And back").get_by_role("button", name="More")
    await more.click()
    await expect(page.get_by_role("menu")).to_be_visible()
    await inspector.look(page, "a message's menu")
    await page.keyboard.press("Escape")
    for item, view in (("Forward", "forwarding"), ("Details", "details"), ("Report", "reporting")):
        await choose(ada, "And back", item)
        await expect(dialog(ada)).to_be_visible()
        await inspector.look(page, view)
        await page.keyboard.press("Escape")
    await choose(ada, "And back", "React with another emoji")
    await expect(dialog(ada).get_by_role("button", name="rainbow")).to_be_visible()
    await inspector.look(page, "reacting")
    await dialog(ada).get_by_role("button", name="rainbow").click()
    await expect(ada.message("And back").get_by_role("button", name=re.compile("🌈"))).to_be_visible()
    await page.get_by_role("button", name="Emoji").click()
    await page.get_by_role("searchbox", name="Find an emoji").fill("heart")
    await expect(page.get_by_role("button", name="red heart")).to_be_visible()
    await inspector.look(page, "emoji")
    await page.keyboard.press("Escape")


async def images(inspector: Inspector, ada: Tab, picture: Path) -> None:
    """Before it is sent, and as large as the window."""
    async with ada.page.expect_file_chooser() as chooser:
        await ada.page.get_by_role("button", name="Add images or files").click()
    await (await chooser.value).set_files(picture)
    await expect(ada.page.get_by_role("button", name="Send")).to_be_enabled()
    await inspector.look(ada.page, "a file to be sent")
    await ada.send("The sea today")
    await ada.message("The sea today").get_by_role("button", name="sea.png").click()
    await expect(dialog(ada).get_by_role("img", name="sea.png")).to_be_visible()
    await inspector.look(ada.page, "an image")
    await ada.page.keyboard.press("Escape")


async def of_a_group(inspector: Inspector, ada: Tab, boris: Tab) -> None:
    """An answer under way, who may be meant, what is pinned, what may be done with a member, a link, and a channel that one only reads."""
    page = ada.page
    await make_group(ada, "Travellers", boris)
    await boris.send("We meet at the north pier")
    await ada.sees("north pier")
    await choose(ada, "north pier", "Pin")
    await page.get_by_role("button", name="Show 1 pinned message").click()
    await choose(ada, "north pier", "Reply")
    await ada.input.press_sequentially("When, @")
    await expect(page.get_by_role("option", name=re.compile("Boris"))).to_be_visible()
    await inspector.look(page, "pins, an answer, and who may be meant")
    await ada.input.fill("")
    await page.locator(".talk-who").click()
    await do(ada, "Boris")
    await page.get_by_role("button", name="Make a link").click()
    await expect(page.locator(".invite code")).to_be_visible()
    await inspector.look(page, "running a group")
    await boris.page.get_by_role("link", name="New conversation").first.click()
    await boris.page.get_by_role("tab", name="Channel").click()
    await boris.page.get_by_label("Name of the channel").fill(f"Tides {boris.handle}")
    await boris.page.get_by_role("button", name="Create channel").click()
    await expect(boris.input).to_be_visible()
    await page.get_by_role("link", name="New conversation").first.click()
    await page.get_by_role("tab", name="Channel").click()
    await page.get_by_label("Find a channel").fill(f"Tides {boris.handle}")
    await page.get_by_role("button", name="Subscribe").click()
    await expect(page.get_by_text("Only owners and posters write here.")).to_be_visible()
    await inspector.look(page, "a channel that one reads")
    await page.locator(".talk-who").click()
    await expect(page.get_by_role("button", name="Leave")).to_be_visible()
    await inspector.look(page, "about a channel")


async def people_and_search(inspector: Inspector, ada: Tab, boris: Tab) -> None:
    """Somebody asks to be friends; a search that is narrowed."""
    await (
        boris.page.get_by_role("navigation", name="Conversations").get_by_role("link", name=re.compile("^Ada")).click()
    )
    await boris.page.locator(".talk-who").click()
    await boris.page.get_by_role("button", name="Ask to be friends").click()
    await ada.page.get_by_role("link", name="New conversation").first.click()
    await expect(section(ada.page, "They would like to be friends")).to_be_visible()
    await inspector.look(ada.page, "asked to be friends")
    await ada.page.get_by_role("searchbox", name="Search").fill("hello")
    await ada.page.get_by_role("button", name="Narrow the search").click()
    await ada.page.get_by_label("Kind").select_option("direct")
    await expect(ada.page.get_by_role("link", name=re.compile("Hello across the sea"))).to_be_visible()
    await ada.page.keyboard.press("Escape")  # on a phone the list is what is seen
    await inspector.look(ada.page, "a narrowed search")
    await ada.page.get_by_role("searchbox", name="Search").fill("")


async def test_nor_does_what_opens_over_a_view_or_is_opened_seldom(
    open_tab: OpenTab, urls: dict[str, str], tmp_path: Path
) -> None:
    """Menus, dialogs, emoji, files, pins, mentions, running a group, reading a channel, friends, a narrowed search, coming in again, and where the app cannot begin."""
    inspector = Inspector()
    ada, boris = await two_who_talk(open_tab, urls)
    await boris.send("And back")
    await ada.sees("And back")
    Image.new("RGB", (640, 320), (20, 90, 140)).save(tmp_path / "sea.png")
    await over_a_message(inspector, ada)
    await images(inspector, ada, tmp_path / "sea.png")
    await of_a_group(inspector, ada, boris)
    await people_and_search(inspector, ada, boris)
    stranger = await open_tab("Cleo")
    await stranger.page.goto(urls["us"])
    await stranger.page.get_by_role("button", name="I have an account").click()
    await stranger.page.get_by_label("Handle").fill("nobody-at-all")
    await stranger.page.get_by_label("Password").fill("not a password")
    await stranger.page.get_by_role("button", name="Log in").click()
    await expect(stranger.page.get_by_text("Handle or password is wrong.")).to_be_visible()
    await inspector.look(stranger.page, "not let in")
    await stranger.page.add_init_script(
        "IDBFactory.prototype.open = () => { throw new DOMException('No.', 'SecurityError'); }"
    )
    await stranger.page.reload()
    await expect(stranger.page.get_by_role("alert")).to_contain_text("keeps nothing")
    await inspector.look(stranger.page, "it cannot begin")

    assert inspector.views == 16
    assert inspector.found == []
