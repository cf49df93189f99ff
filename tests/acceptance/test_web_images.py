"""Images, sounds and files in the web app: dropped, pasted and picked; left out, tried again, looked at and played where they are."""

import asyncio
import io
import re
import wave
from pathlib import Path
from typing import Final

import pytest
from PIL import Image
from playwright.async_api import Route, expect

from tests.acceptance.browsing import CHROMIUM, STANDS, OpenTab, Tab, two_who_talk
from tests.acceptance.test_web_failover import two_far_apart
from tests.acceptance.test_web_settings import is_drawn
from tests.acceptance.test_web_talk import dialog

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")

SIGNED: Final = re.compile("X-Amz-Signature|AWSAccessKeyId")
"""What the addresses of the blob store have."""
WIDE: Final = 1_600
"""Pixels; the larger thumbnail has 1,280 at most."""
DARK: Final = 100
LIGHT: Final = 200
BRING: Final = """([how, name, type, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name, { type }));
    const at = { bubbles: true, cancelable: true };
    if (how === "drop") document.querySelector(".history").dispatchEvent(new DragEvent("drop", { dataTransfer: data, ...at }));
    else document.querySelector("textarea").dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, ...at }));
}"""


def image(colour: tuple[int, int, int], width: int = 320) -> bytes:
    """Return an image, lighter on one side."""
    drawn = Image.new("RGB", (width, width // 2), colour)
    drawn.paste((250, 250, 240), (width // 2, 0, width, width // 2))
    file = io.BytesIO()
    drawn.save(file, "PNG")
    return file.getvalue()


def sound() -> bytes:
    """Return two seconds of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(8_000)
        written.writeframes(bytes(32_000))
    return file.getvalue()


async def bring(tab: Tab, how: str, name: str, content: bytes) -> None:
    """Drop an image on the conversation, or paste it where one writes."""
    await tab.page.evaluate(BRING, [how, name, "image/png", list(content)])


async def pick(tab: Tab, *paths: Path) -> None:
    """Choose files."""
    async with tab.page.expect_file_chooser() as chooser:
        await tab.page.get_by_role("button", name="Add images or files").click()
    await (await chooser.value).set_files(paths)


async def test_images_are_dropped_and_pasted_and_looked_at_by_keyboard(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """They have their place and their colours before they are here, and nothing moves when they come; what was seen is there without a network."""
    ada, boris = await two_who_talk(open_tab, urls)
    come = asyncio.Event()

    async def hold(route: Route) -> None:
        await come.wait()
        await route.continue_()

    await boris.page.route(SIGNED, hold)
    await bring(ada, "drop", "sea.png", image((20, 90, 140), WIDE))
    await bring(ada, "paste", "sky.png", image((120, 160, 220)))
    tray = ada.page.get_by_role("list", name="Images and files of this message")
    await expect(tray.get_by_role("listitem")).to_have_count(2)
    await ada.input.fill("Two of them")
    await expect(ada.page.get_by_role("button", name="Send")).to_be_enabled()
    await ada.input.press("Enter")

    picture = boris.message("Two of them").get_by_role("button", name="sea.png")
    await expect(picture.locator("canvas")).to_be_visible()
    colours = await picture.locator("canvas").evaluate(
        "it => [2, 21].map((x) => it.getContext('2d').getImageData(x, 12, 1, 1).data[0])"
    )
    assert colours[0] < DARK, colours
    assert colours[1] > LIGHT, colours
    await picture.evaluate(STANDS)
    before = await picture.bounding_box()
    come.set()
    await is_drawn(picture.locator("img"))
    await expect(picture.locator("canvas")).to_have_count(0)
    assert await picture.bounding_box() == before

    await picture.click()
    await expect(dialog(boris).get_by_role("img", name="sea.png")).to_have_js_property("naturalWidth", WIDE)
    await boris.page.keyboard.press("ArrowRight")
    await expect(dialog(boris).get_by_role("img", name="sky.png")).to_be_visible()
    await boris.page.keyboard.press("ArrowLeft")
    await expect(dialog(boris).get_by_role("img", name="sea.png")).to_be_visible()
    await boris.page.keyboard.press("Escape")
    await expect(dialog(boris)).to_have_count(0)

    await boris.is_kept()
    await boris.page.context.set_offline(True)
    await boris.page.reload()
    await is_drawn(picture.locator("img"))
    await picture.click()
    await is_drawn(dialog(boris).get_by_role("img", name="sea.png"))


async def test_a_traveller_brings_images_and_sees_those_of_others(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """The page comes from another region than the account's own, and images lie at the home's blob store."""
    ada, boris = await two_far_apart(open_tab, urls, "eu")
    for sender, other, name in (ada, boris, "harbour"), (boris, ada, "steppe"):
        await bring(sender, "drop", f"{name}.png", image((20, 90, 140)))
        await sender.input.fill(f"The {name}")
        await expect(sender.page.get_by_role("button", name="Send")).to_be_enabled()
        await sender.input.press("Enter")
        for reader in (other, sender):
            picture = reader.message(f"The {name}").get_by_role("button", name=f"{name}.png")
            await is_drawn(picture.locator("img"))


async def test_what_fails_is_tried_again_and_what_is_not_wanted_is_left_out(
    open_tab: OpenTab, urls: dict[str, str], tmp_path: Path
) -> None:
    """A sound plays where it is, in the other region, without being downloaded first."""
    ada, boris = await two_who_talk(open_tab, urls)
    (tmp_path / "waves.wav").write_bytes(sound())
    (tmp_path / "wrong.txt").write_text("the wrong file")
    fails = True

    async def fail(route: Route) -> None:
        if fails and route.request.method == "PUT":
            await route.abort()
        else:
            await route.continue_()

    await ada.page.route(SIGNED, fail)
    await pick(ada, tmp_path / "waves.wav", tmp_path / "wrong.txt")
    tray = ada.page.get_by_role("list", name="Images and files of this message")
    await expect(tray.get_by_role("button", name="Try again")).to_have_count(2)
    await expect(ada.page.get_by_role("button", name="Send")).to_be_disabled()
    await tray.get_by_role("button", name="Leave wrong.txt out").click()
    fails = False
    await tray.get_by_role("button", name="Try again").click()
    await expect(tray.get_by_text("32.0 kB")).to_be_visible()
    await ada.send("Listen")

    await boris.sees("Listen")
    await expect(boris.message("Listen").get_by_role("button", name=re.compile("wrong"))).to_have_count(0)
    player = boris.message("Listen").locator("audio")
    await expect(player).to_have_js_property("duration", 2)
    await player.evaluate("async (it) => { it.muted = true; await it.play(); }")
    await boris.page.wait_for_function("it => it.currentTime > 0.2", arg=await player.element_handle())
