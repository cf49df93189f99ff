"""What opens over a view of the web app, and what one sees seldom, against axe's rules of accessibility: light and dark, on a desktop and on a phone."""

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.acceptance.browsing import CHROMIUM, OpenTab, Tab, two_who_talk
from tests.acceptance.test_web_accessible import DESKTOP, PHONE, Inspector
from tests.acceptance.test_web_running import do
from tests.acceptance.test_web_settings import section
from tests.acceptance.test_web_talk import choose, dialog, make_group

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")


async def over_a_message(inspector: Inspector, ada: Tab) -> None:
    """What opens over a conversation: its menu, everything that is asked of a message, and emoji."""
    page = ada.page
    more = ada.message("And back").get_by_role("button", name="More")
    await more.click()
    await expect(page.get_by_role("menu")).to_be_visible()
    await inspector.look(page, "a message's menu")
    await page.set_viewport_size(PHONE)  # as a phone is turned
    menu = await page.get_by_role("menu").bounding_box()
    assert menu is not None
    assert menu["x"] >= 0, menu
    assert menu["x"] + menu["width"] <= PHONE["width"], menu
    await page.set_viewport_size(DESKTOP)
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
    await expect(
        ada.message("The sea today").get_by_role("img", name="Read")
    ).to_be_visible()  # it is drawn anew until then
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
    await ada.message("north pier").get_by_role("button", name="Answer").click()
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
    await expect(page.locator(".talk-who")).to_contain_text(f"Tides {boris.handle}")
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
    await ada.page.get_by_role("button", name="Narrowed by 1 wish").press("Escape")
    await expect(ada.page).to_have_url(re.compile("/web/$"))  # on a phone the list is what is seen
    await inspector.look(ada.page, "a narrowed search")
    await ada.page.get_by_role("searchbox", name="Search").fill("")


async def test_no_view_that_opens_over_another_or_seldom_breaks_a_rule(
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
