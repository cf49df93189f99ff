"""The web app in a browser, as people use it: two of them, in two regions."""

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import expect

from chaos.federation import Federation
from tests.acceptance.browsing import CHROMIUM, OpenTab

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")


async def test_two_people_of_two_regions_talk(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """They register, find each other, write, see what became of it, and lose nothing by a reload."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])

    await ada.begin_with(boris)
    await ada.send("Hello across the sea")
    await expect(boris.page.get_by_label("1 unread message")).to_be_visible()
    await ada.sees("Hello across the sea", "Received")

    await boris.page.get_by_role("link", name=re.compile("Ada")).click()
    await boris.sees("Hello across the sea")
    await ada.sees("Hello across the sea", "Read")
    await boris.send("And back")
    await ada.sees("And back")

    await ada.input.fill("Typed, and not sent")
    await ada.page.reload()
    await ada.sees("Hello across the sea", "Read")
    await ada.sees("And back")
    await expect(ada.input).to_have_value("Typed, and not sent")
    assert await ada.page.evaluate(NAMES_TOKENS) == []


NAMES_TOKENS = """() => [...Object.entries(localStorage), ...Object.entries(sessionStorage), ...Object.entries(window)]
    .filter(([_, value]) => typeof value === "string" && value.startsWith("eyJ")).map(([name]) => name)"""


async def test_what_is_written_while_regions_are_apart_is_shown_as_queued(
    open_tab: OpenTab, urls: dict[str, str], whole: Federation
) -> None:
    """It says for which region it waits, also after a reload, and arrives once the cable is mended; once, and in order."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await ada.begin_with(boris)
    await ada.send("Before")
    await boris.page.get_by_role("link", name=re.compile("Ada")).click()
    await boris.sees("Before")
    conversation = ada.page.url.rpartition("/")[2]
    owner = conversation.rpartition("-")[2]
    there, here = (ada, boris) if owner == "eu" else (boris, ada)
    whole.run("local", "cut", "us-eu")

    await there.send("First, without a cable")
    await there.send("Second, without a cable")
    await there.sees("First, without a cable", f"Queued for {owner}")
    await there.page.reload()
    await there.sees("Second, without a cable", f"Queued for {owner}")
    whole.run("local", "heal")

    await here.sees("Second, without a cable")
    texts = await here.page.get_by_role("article").all_inner_texts()
    assert [text.split("\n")[0] for text in texts if "without a cable" in text] == [
        "First, without a cable",
        "Second, without a cable",
    ]
    await there.sees("First, without a cable", "Read")


async def test_what_is_written_without_a_network_is_sent_when_there_is_one(
    open_tab: OpenTab, urls: dict[str, str]
) -> None:
    """It outlives a reload of the page, and is sent once."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["us"])
    await ada.begin_with(boris)
    await ada.send("With a network")
    await ada.sees("With a network", "Received")

    await ada.page.context.set_offline(True)
    await ada.send("Without one")
    await ada.sees("Without one", "Waiting for a connection")
    await expect(ada.page.get_by_text("No network.")).to_be_visible()
    await ada.page.context.set_offline(False)
    await ada.page.reload()

    await ada.sees("Without one", "Received")
    await boris.page.get_by_role("link", name=re.compile("Ada")).click()
    await boris.sees("Without one")


async def test_an_image_and_a_file_cross(open_tab: OpenTab, urls: dict[str, str], tmp_path: Path) -> None:
    """They are brought while one writes, go with the text, and are shown in the other region, in their place from the start."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await ada.begin_with(boris)
    Image.new("RGB", (640, 320), (20, 90, 140)).save(tmp_path / "sea.png")
    (tmp_path / "notes.txt").write_text("by the pier")

    async with ada.page.expect_file_chooser() as chooser:
        await ada.page.get_by_role("button", name="Add images or files").click()
    await (await chooser.value).set_files([tmp_path / "sea.png", tmp_path / "notes.txt"])
    await ada.input.fill("The sea today")
    await expect(ada.page.get_by_role("button", name="Send")).to_be_enabled()
    await ada.input.press("Enter")

    await boris.page.get_by_role("link", name=re.compile("Ada")).click()
    await boris.sees("The sea today")
    message = boris.message("The sea today")
    await expect(message.get_by_role("button", name=re.compile(r"notes\.txt"))).to_be_visible()
    await message.get_by_role("button", name="sea.png").click()
    await expect(boris.page.get_by_role("img", name="sea.png")).to_have_js_property("naturalWidth", 640)
