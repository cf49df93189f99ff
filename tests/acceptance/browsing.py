"""Browsers of people, for the tests of the web app: what is done in them again and again, and what must never happen in one."""

import asyncio
import contextlib
import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, async_playwright, expect
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

CHROMIUM = os.environ.get("CAUSEWAY_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
PATIENCE = 60_000
SEARCH_PATIENCE = 5_000
LISTED = "Conversations"
KEY_MS = 40
HALF = 8
"""Letters of a line, after which a page is loaded anew."""
STANDS = """async (it) => {
    for (let top = NaN, frames = 0; frames < 5; ) {
        await new Promise(requestAnimationFrame);
        const now = it.getBoundingClientRect().top;
        frames = now === top ? frames + 1 : 0;
        top = now;
    }
    return it.getBoundingClientRect().top;
}"""
"""Where something is, pixels from the top, once it has not moved for five frames."""


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
        found = self.page.get_by_role("button", name=other.name)
        async with asyncio.timeout(PATIENCE / 1_000):
            while not await found.is_visible():  # a region that has too much to do is left out of an answer: ask again
                await self.page.get_by_label("Name or handle").fill("")
                await self.page.get_by_label("Name or handle").fill(f"@{other.handle}")
                with contextlib.suppress(PlaywrightTimeoutError):
                    await found.wait_for(timeout=SEARCH_PATIENCE)
        await found.click()
        await expect(self.input).to_be_visible()

    async def is_kept(self) -> None:
        """Wait until the browser has the app itself, and serves this page from there."""
        await self.page.wait_for_function("() => navigator.serviceWorker.controller !== null")

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

    async def sees(self, text: str, state: str | None = None, *, within: float = PATIENCE) -> None:
        """Wait until the message is there once, in that state if one is named; for so many milliseconds each."""
        await expect(self.message(text)).to_have_count(1, timeout=within)
        if state is not None:
            await expect(self.message(text).get_by_role("img", name=state, exact=True)).to_be_visible(timeout=within)


class Typist:
    """Types line after line into the open conversation, letter by letter, and sends each.

    Attributes:
        texts: The lines that were begun.
        reload: Set it to have the page loaded anew in the midst of the next line; it is cleared when that is done.
    """

    def __init__(self, tab: Tab) -> None:
        """Begin."""
        self.texts: list[str] = []
        self.reload = asyncio.Event()
        self._tab = tab
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(self._type())

    async def _type(self) -> None:
        while not self._stop.is_set():
            text = f"Line {len(self.texts):03}, typed"
            self.texts.append(text)
            await self._tab.input.press_sequentially(text[:HALF], delay=KEY_MS)
            if self.reload.is_set():
                await self._tab.page.reload()
                await expect(self._tab.input).to_have_value(text[:HALF])
                await self._tab.input.press("End")
                self.reload.clear()
            await self._tab.input.press_sequentially(text[HALF:], delay=KEY_MS)
            await self._tab.input.press("Enter")

    async def stop(self) -> None:
        """Let the line be ended, and type no more."""
        self._stop.set()
        await self._task

    def give_up(self) -> None:
        """Type no more, whatever has come of it."""
        self._task.cancel()


OpenTab = Callable[[str], Awaitable[Tab]]


def listed(tab: Tab, name: str) -> Locator:
    """The conversation of that name in the list."""
    return tab.page.get_by_role("navigation", name=LISTED).get_by_role("link", name=re.compile(f"^{name}"))


async def two_who_talk(open_tab: OpenTab, urls: dict[str, str]) -> tuple[Tab, Tab]:
    """Ada in us and Boris in eu, who has read her first message; both have their conversation open."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await ada.begin_with(boris)
    await ada.send("Hello across the sea")
    await listed(boris, "Ada").click()
    await boris.sees("Hello across the sea")
    await ada.sees("Hello across the sea", "Read")
    return ada, boris


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
