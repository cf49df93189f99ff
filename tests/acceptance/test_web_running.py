"""How groups and channels are run in the web app, in browsers of two regions: roles, bans, links, settings, pictures."""

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Locator, expect

from tests.acceptance.browsing import CHROMIUM, OpenTab, Tab, listed
from tests.acceptance.test_web_talk import make_group

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")


async def open_about(tab: Tab, name: str) -> None:
    """Open what there is about a conversation besides its messages."""
    await listed(tab, name).click()
    await tab.page.locator(".talk-who").click()
    await expect(tab.page.get_by_role("button", name="Leave")).to_be_visible()


def person(tab: Tab, name: str) -> Locator:
    """The line of somebody in a list of people."""
    return tab.page.get_by_role("listitem").filter(has=tab.page.locator(".row")).filter(has_text=name)


async def do(tab: Tab, name: str, *deeds: str) -> None:
    """Press those buttons that stand with somebody, one after the other."""
    more = tab.page.get_by_role("button", name=f"What may be done with {name}")
    if await more.get_attribute("aria-expanded") == "false":
        await more.click()
    for deed in deeds:
        await person(tab, name).get_by_role("button", name=re.compile(f"^{deed}")).click()


async def looks_as_its_owner_says(ada: Tab, boris: Tab, picture: Path) -> None:
    """Name, description and picture are seen in the other region, and no picture is left when it is taken away."""
    await ada.page.get_by_label("Name", exact=True).fill("Sailors")
    await ada.page.get_by_label("Description").fill("Who is where, and when")
    await ada.page.get_by_label("A message is accepted when").select_option("replicated")
    await ada.page.get_by_role("button", name="Save").click()
    await expect(ada.page.get_by_text("Saved.")).to_be_visible()
    await ada.page.reload()
    await expect(ada.page.get_by_label("A message is accepted when")).to_have_value("replicated")
    Image.new("RGB", (500, 400), (30, 140, 90)).save(picture)
    async with ada.page.expect_file_chooser() as chooser:
        await ada.page.get_by_role("button", name="Choose a picture").click()
    await (await chooser.value).set_files(picture)
    await expect(ada.page.get_by_role("button", name="Take the picture away")).to_be_visible()
    seen = listed(boris, "Sailors").locator(".avatar img")
    await expect(seen).to_have_js_property("naturalWidth", 320)
    await expect(boris.page.get_by_text("Ada named it “Sailors”")).to_be_visible()
    await expect(boris.page.locator(".talk-head").get_by_text("Who is where, and when")).to_be_visible()
    await ada.page.get_by_role("button", name="Take the picture away").click()
    await expect(seen).to_have_count(0)


async def test_a_group_is_shaped_and_people_are_let_in_removed_and_banned(
    open_tab: OpenTab, urls: dict[str, str], tmp_path: Path
) -> None:
    """Across regions: its looks are its owner's; an admin sees at once that they are one, lets in who asks by a link, and whoever is banned stays out; at last the group is handed over."""
    ada, boris, cleo = await open_tab("Ada"), await open_tab("Boris"), await open_tab("Cleo")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await cleo.register(urls["eu"])
    await make_group(ada, "Travellers", boris)
    await open_about(ada, "Travellers")
    await looks_as_its_owner_says(ada, boris, tmp_path / "green.png")
    await open_about(boris, "Sailors")
    await expect(boris.page.get_by_role("button", name="Make a link")).to_have_count(0)

    await do(ada, "Boris", "Make admin")
    await expect(person(ada, "Boris")).to_contain_text("admin")
    await expect(boris.page.get_by_role("button", name="Make a link")).to_be_visible()
    await ada.page.get_by_label("Who comes by a link must be let in").check()
    await ada.page.get_by_role("button", name="Save").click()
    await expect(ada.page.get_by_text("Saved.")).to_be_visible()
    await boris.page.get_by_label("For how many").fill("3")
    await boris.page.get_by_role("button", name="Make a link").click()
    link = await boris.page.locator(".invite code").inner_text()
    await expect(boris.page.get_by_text("3 may still join by it")).to_be_visible()

    await cleo.page.goto(link)
    await cleo.page.get_by_role("button", name="Join").click()
    await expect(cleo.page.get_by_text("You have asked to join.").first).to_be_visible()
    await expect(person(boris, "Cleo")).to_contain_text("asks to join")
    await do(boris, "Cleo", "Let in")
    await expect(person(boris, "Cleo")).to_contain_text("member")
    await listed(cleo, "Sailors").click()
    await cleo.send("Thank you")
    await listed(ada, "Sailors").click()
    await ada.sees("Thank you")

    await do(boris, "Cleo", "Ban", "Ban")
    await expect(person(boris, "Cleo")).to_contain_text("banned")
    await expect(cleo.page.get_by_text("You are not a member any more.")).to_be_visible()
    await cleo.page.goto(link)
    await cleo.page.get_by_role("button", name="Join").click()
    await expect(cleo.page.get_by_text("You are banned here.").first).to_be_visible()
    await do(boris, "Cleo", "Lift the ban")
    await expect(person(boris, "Cleo")).to_have_count(0)
    await boris.page.get_by_role("button", name="End").click()
    await expect(boris.page.get_by_text("may still join by it")).to_have_count(0)
    await cleo.page.goto(link)
    await cleo.page.get_by_role("button", name="Join").click()
    await expect(cleo.page.get_by_text("This link is not good any more.").first).to_be_visible()

    await open_about(ada, "Sailors")
    await do(ada, "Boris", "Hand over", "Hand over")
    await expect(person(ada, "Boris")).to_contain_text("owner")
    await expect(person(ada, "Ada")).to_contain_text("admin")
    await do(boris, "Ada", "Remove")
    await ada.page.get_by_role("link", name="Back").click()
    await expect(ada.page.get_by_text("You are not a member any more.")).to_be_visible()


async def test_a_channel_gets_posters_and_loses_subscribers(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """An owner looks for whoever is to post; a post's views are counted; who is banned reads no more, and slow mode holds posters."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    boris.name = f"Boris {boris.handle[-6:]}"
    name = f"Harbour {ada.handle[-6:]}"
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await ada.page.get_by_role("link", name="New conversation").first.click()
    await ada.page.get_by_role("tab", name="Channel").click()
    await ada.page.get_by_label("Name of the channel").fill(name)
    await ada.page.get_by_role("button", name="Create channel").click()
    await ada.send("Fog until noon")
    await ada.sees("Fog until noon")
    await boris.page.get_by_role("link", name="New conversation").first.click()
    await boris.page.get_by_role("tab", name="Channel").click()
    await boris.page.get_by_label("Find a channel").fill(name)
    await boris.page.get_by_role("button", name="Subscribe").click()
    await boris.sees("Fog until noon")
    await expect(boris.page.get_by_text("Only owners and posters write here.")).to_be_visible()

    await open_about(ada, name)
    await ada.page.get_by_role("button", name="Look for somebody").click()
    await ada.page.get_by_label("Name or handle").fill(f"@{boris.handle}")
    await do(ada, boris.name, "Make poster")
    await expect(person(ada, boris.name).first).to_contain_text("poster")
    await ada.page.get_by_label("Slow mode").fill("600")
    await ada.page.get_by_role("button", name="Save").click()
    await expect(ada.page.get_by_text("Saved.")).to_be_visible()
    await boris.send("The first ship is in")
    await boris.send("And the second")
    await expect(boris.page.get_by_text("Slow mode: wait a while between two posts.").first).to_be_visible()

    await listed(ada, name).click()
    await ada.sees("The first ship is in")
    await expect(ada.message("And the second")).to_have_count(0)
    await ada.message("Fog until noon").hover()
    await ada.message("Fog until noon").get_by_role("button", name="More").click()
    await ada.page.get_by_role("menuitem", name="Details").click()
    await expect(ada.page.get_by_role("dialog").get_by_text(re.compile(r"Read by about \d"))).to_be_visible()
    await ada.page.keyboard.press("Escape")
    await ada.page.locator(".talk-who").click()
    await do(ada, boris.name, "Ban", "Ban")
    await expect(boris.page.get_by_text("Only owners and posters write here.")).to_be_visible()
    await expect(boris.page.get_by_text("Ada banned you")).to_be_visible()
