"""The web app in a browser, as people use it: two of them, in two regions."""

import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, async_playwright, expect

from chaos.federation import Federation

CHROMIUM = os.environ.get("CAUSEWAY_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
PATIENCE = 60_000
LISTED = "Conversations"

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")


@dataclass
class Tab:
    """Somebody's browser, with one page.

    Attributes:
        page: The page.
        name: What its owner is called.
        handle: The handle.
        wrong: What the browser has complained of: refused by the page's policy, or an error of the app's.
    """

    page: Page
    name: str
    handle: str
    wrong: list[str] = field(default_factory=list)

    def note(self, message: ConsoleMessage) -> None:
        """Keep what is an error of the page itself, not of the network."""
        if message.type == "error" and "Content Security Policy" in message.text:
            self.wrong.append(message.text)

    async def register(self, url: str) -> None:
        """Make an account where that URL leads, by the first page."""
        await self.page.goto(url)
        await self.page.get_by_label("Handle").fill(self.handle)
        await self.page.get_by_label("Your name").fill(self.name)
        await self.page.get_by_label("Password").fill(f"password of {self.handle}")
        await self.page.get_by_role("button", name="Create account").click()
        await expect(self.page.get_by_role("navigation", name=LISTED)).to_be_visible()

    async def begin_with(self, other: "Tab") -> None:
        """Find somebody, and open the conversation."""
        await self.page.get_by_role("link", name="New conversation").first.click()
        await self.page.get_by_label("Name or handle").fill(f"@{other.handle}")
        await self.page.get_by_role("button", name=other.name).click()
        await expect(self.input).to_be_visible()

    @property
    def input(self) -> Locator:
        """Where one writes."""
        return self.page.get_by_role("textbox", name="Message")

    async def send(self, text: str) -> None:
        """Write and send."""
        await self.input.fill(text)
        await self.input.press("Enter")

    def message(self, text: str) -> Locator:
        """The message that says so, in the open conversation."""
        return self.page.get_by_role("article").filter(has_text=text)

    async def sees(self, text: str, state: str | None = None) -> None:
        """Wait until the message is there once, in that state if one is named."""
        await expect(self.message(text)).to_have_count(1)
        if state is not None:
            await expect(self.message(text).get_by_role("img", name=state)).to_be_visible()


OpenTab = Callable[[str], Awaitable[Tab]]


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser."""
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as started:
        browser = await started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def open_tab(browser: Browser) -> AsyncIterator[OpenTab]:
    """How somebody opens a browser of their own; no page may have broken its policy, or thrown."""
    tabs: list[Tab] = []

    async def open_one(name: str) -> Tab:
        context = await browser.new_context(locale="en-GB")
        context.set_default_timeout(PATIENCE)
        tab = Tab(await context.new_page(), name, f"{name.lower()}-{secrets.token_hex(5)}")
        tab.page.on("console", tab.note)
        tab.page.on("pageerror", lambda error: tab.wrong.append(str(error)))
        tabs.append(tab)
        return tab

    yield open_one
    assert [tab.wrong for tab in tabs] == [[] for _ in tabs]


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
