"""Every main view of the web app against axe's rules of accessibility: light and dark, on a desktop and on a phone."""

import os
import re
from pathlib import Path
from typing import Final

import pytest
from PIL import Image
from playwright.async_api import Page, ViewportSize, expect

from infra.local import webapp
from tests.acceptance.browsing import CHROMIUM, OpenTab, Tab

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")

VIEWS = os.environ.get("CAUSEWAY_VIEWS")
"""Where pictures of all views are kept, for `tests.acceptance.sheets`; by default none are made."""
AXE = webapp.PLACE / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async (rules) => {
    const { violations, passes } = await axe.run(document, { resultTypes: ["violations"], ...rules });
    const told = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")}: ${node.failureSummary}`));
    return { told, passed: passes.length };
}"""
RULES = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
"""By scheme: which rules a view is held against. All but this one find the same in the dark."""
DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 800}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}


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
        for scheme, rules in RULES.items():
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]  # one of two
            for form, size in (("desktop", DESKTOP), ("phone", PHONE)):
                await page.set_viewport_size(size)
                if VIEWS is not None:
                    await page.screenshot(path=Path(VIEWS) / f"{view}-{form}-{scheme}.png")
                seen = await page.evaluate(RUN, rules)
                assert seen["passed"] or rules, "axe has looked at nothing"
                self.found += [f"{view}, {scheme}, {form}: {words}" for words in seen["told"]]
        await page.set_viewport_size(DESKTOP)


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
    await ada.sees("Hello across the sea")
    await inspector.look(ada.page, "found")
    await aside(inspector, ada, urls["us"])
    await ada.page.get_by_role("link", name=re.compile("^Boris")).click()
    await ada.sees("The sea today")
    await ada.page.context.set_offline(True)
    await expect(ada.page.get_by_text("No network.")).to_be_visible()
    await ada.send("From under the sea")
    await ada.sees("From under the sea")
    await inspector.look(ada.page, "without a network")

    assert inspector.views == 14
    assert inspector.found == []
