"""The web app in Chromium with very many conversations and a very long one: how long until something is on the screen, and what it costs."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from playwright.async_api import Browser, CDPSession, Page, Response, async_playwright, expect

from chaos.bench.accounts import Account
from chaos.bench.measure import Machine, machine

SENT: Final = 30
PAUSE_SECONDS: Final = 0.4
SCROLL_SECONDS: Final = 8.0
WHEEL_PIXELS: Final = 240
WHEEL_SECONDS: Final = 0.016
FRAME_MS: Final = 1000 / 60
PATIENCE_MS: Final = 120_000
WINDOW: Final = {"width": 1280, "height": 800}
WATCH: Final = """
addEventListener("DOMContentLoaded", () => {
  window.firsts = {};
  const note = (name) => requestAnimationFrame(() => { window.firsts[name] ??= performance.now(); });
  new MutationObserver(() => {
    if (!window.firsts.row && document.querySelector("nav a.row")) note("row");
    if (!window.firsts.article && document.querySelector(".content article")) note("article");
  }).observe(document, { childList: true, subtree: true });
});
"""
"""Notes when something is on the screen: in the frame after it was put into the page."""
SHOWN: Final = """(text) => new Promise((resolve) => {
  const look = () => {
    const all = [...document.querySelectorAll(".content article")].slice(-5);
    if (!all.some((each) => each.textContent.includes(text))) return false;
    requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now()));
    return true;
  };
  if (look()) return;
  const watch = new MutationObserver(() => { if (look()) watch.disconnect(); });
  watch.observe(document, { childList: true, subtree: true, characterData: true });
})"""
PRESSED: Final = """() => new Promise((resolve) => addEventListener("keydown", (event) => {
  if (event.key === "Enter") resolve(performance.timeOrigin + event.timeStamp);
}, { capture: true }))"""
FRAMES: Final = """(milliseconds) => new Promise((resolve) => {
  const times = [];
  const begun = performance.now();
  const frame = (at) => {
    times.push(at);
    if (at - begun < milliseconds) requestAnimationFrame(frame);
    else resolve(times);
  };
  requestAnimationFrame(frame);
})"""


class Scroll(msgspec.Struct, frozen=True):
    """How smoothly something moved.

    Attributes:
        frames: How many were drawn.
        dropped: How many more there should have been, at 60 a second.
        longest: The longest wait for one, milliseconds.
    """

    frames: int
    dropped: int
    longest: float


class Memory(msgspec.Struct, frozen=True):
    """What a page holds after its garbage was collected: MB of JavaScript, and nodes of the document."""

    heap: float
    nodes: int


class Seen(msgspec.Struct, frozen=True):
    """What was measured; times in milliseconds.

    Attributes:
        conversations: How many there were.
        messages: How many the long one had.
        fresh: From pressing “Log in” in a browser that was never here until the first conversations are on the screen.
        whole: Likewise until the whole list has been read from the region.
        again: From a reload until the list is on the screen.
        opened: From a click on the long conversation until its messages are on the screen, never opened before.
        reopened: Likewise, opened before.
        own: From pressing Enter until the message is on one's own screen.
        other: Likewise until it is on the other's.
        list_scroll: The list, with the wheel.
        talk_scroll: The long conversation, back into the past.
        memory: By the moment.
    """

    conversations: int
    messages: int
    fresh: float
    whole: float
    again: float
    opened: float
    reopened: float
    own: list[float]
    other: list[float]
    list_scroll: Scroll
    talk_scroll: Scroll
    memory: dict[str, Memory]
    machine: Machine
    load_after: float


def smoothness(times: Sequence[float]) -> Scroll:
    """Judge the times of frames, milliseconds: what waits one and a half frames has let one go by.

    >>> smoothness([0, 16.7, 33.4, 83.5])
    Scroll(frames=3, dropped=2, longest=50.1)
    """
    waits = [after - before for before, after in itertools.pairwise(times)]
    dropped = sum(max(0, round(wait / FRAME_MS) - 1) for wait in waits)
    return Scroll(len(waits), dropped, round(max(waits, default=0.0), 1))


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of them does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


async def look(chromium: str, url: str, people: tuple[Account, Account], *, conversations: int, messages: int) -> Seen:
    """Measure in a browser.

    Args:
        chromium: Path of its program.
        url: Where the app is.
        people: Who looks, and the other one of the long conversation.
        conversations: How many were made.
        messages: Likewise, in the long one.
    """
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as started:
        browser = await started.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--enable-precise-memory-info"]
        )
        try:
            return await _measure(browser, url, people, (conversations, messages))
        finally:
            await browser.close()


async def _measure(
    browser: Browser,
    url: str,
    people: tuple[Account, Account],
    sizes: tuple[int, int],
) -> Seen:
    before, (viewer, other) = machine(), people
    page, pages = await _page(browser), await _page(browser)
    devtools = await page.context.new_cdp_session(page)
    fresh, whole = await _log_in(page, url, viewer)
    memory = {"the list": await _memory(devtools)}
    await page.reload()
    again = float(await (await page.wait_for_function("() => window.firsts?.row")).json_value())
    list_scroll = await _scroll(page, ".list", up=False)
    await page.locator(".list").evaluate("(list) => { list.scrollTop = 0; }")
    opened = await _open(page)
    memory["a conversation"] = await _memory(devtools)
    await page.locator("nav a.row").nth(1).click()
    await expect(page.locator(".content article").first).to_be_visible()
    reopened = await _open(page)

    await _log_in(pages, url, other)
    await _open(pages)
    own, others = [], []
    for number in range(SENT):
        mine, theirs = await _send(page, pages, f"measured {time.time_ns()} {number}")
        own.append(mine)
        others.append(theirs)
        await asyncio.sleep(PAUSE_SECONDS)
    talk_scroll = await _scroll(page, ".rows", up=True)
    memory["far back in it"] = await _memory(devtools)
    return Seen(
        conversations=sizes[0],
        messages=sizes[1],
        fresh=fresh,
        whole=whole,
        again=again,
        opened=opened,
        reopened=reopened,
        own=own,
        other=others,
        list_scroll=list_scroll,
        talk_scroll=talk_scroll,
        memory=memory,
        machine=before,
        load_after=machine().load_before,
    )


async def _page(browser: Browser) -> Page:
    context = await browser.new_context(locale="en-GB", viewport=WINDOW)  # type: ignore[arg-type]  # a plain dict
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    await page.add_init_script(WATCH)
    return page


async def _log_in(page: Page, url: str, account: Account) -> tuple[float, float]:
    """Return until the first conversations are there, and until all are, milliseconds."""
    await page.goto(url)
    await page.get_by_role("button", name="I have an account").click()
    await page.get_by_label("Handle").fill(account.handle)
    await page.get_by_label("Password").fill(account.password)
    last: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def note(response: Response) -> None:
        listing = response.url.startswith(f"{url}/conversations?limit=200")
        if listing and (await response.json())["next"] is None and not last.done():
            last.set_result(await page.evaluate("performance.now()"))

    page.on("response", note)
    pressed = await page.evaluate("() => { window.firsts = {}; return performance.now(); }")
    await page.get_by_role("button", name="Log in").click()
    row = await (await page.wait_for_function("() => window.firsts.row")).json_value()
    async with asyncio.timeout(PATIENCE_MS / 1000):
        whole = await last
    page.remove_listener("response", note)
    return float(row) - pressed, float(whole) - pressed


async def _open(page: Page) -> float:
    """Open the conversation at the top, and return when its messages are on the screen."""
    row = page.locator("nav a.row").first
    await expect(row).to_be_visible()
    clicked = await page.evaluate("() => { window.firsts = { row: 1 }; return performance.now(); }")
    await row.click()
    shown = await (await page.wait_for_function("() => window.firsts.article")).json_value()
    return float(shown - clicked)


async def _send(page: Page, pages: Page, text: str) -> tuple[float, float]:
    """Return how long one message takes to either screen; both are of one machine, and of one clock."""
    await page.get_by_role("textbox", name="Message").fill(text)
    await page.evaluate(f"() => {{ window.pressed = ({PRESSED})(); }}")
    for each in (page, pages):
        await each.evaluate(f"(text) => {{ window.shown = ({SHOWN})(text); }}", text)
    await page.keyboard.press("Enter")
    begun = await page.evaluate("() => window.pressed")
    own, other = [await each.evaluate("() => window.shown") for each in (page, pages)]
    return float(own - begun), float(other - begun)


async def _scroll(page: Page, what: str, *, up: bool) -> Scroll:
    """Turn the wheel for a while, as fast as hands do."""
    box = await page.locator(what).bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    frames = asyncio.create_task(page.evaluate(FRAMES, SCROLL_SECONDS * 1000))
    until = time.monotonic() + SCROLL_SECONDS
    while time.monotonic() < until:
        await page.mouse.wheel(0, -WHEEL_PIXELS if up else WHEEL_PIXELS)
        await asyncio.sleep(WHEEL_SECONDS)
    return smoothness(await frames)


async def _memory(devtools: CDPSession) -> Memory:
    await devtools.send("HeapProfiler.collectGarbage")
    await devtools.send("Performance.enable")
    found = {each["name"]: each["value"] for each in (await devtools.send("Performance.getMetrics"))["metrics"]}
    return Memory(round(found["JSHeapUsedSize"] / 2**20, 1), int(found["Nodes"]))


def describe(seen: Seen) -> list[str]:
    """Return it as rows of a table."""

    def times(values: Sequence[float]) -> str:
        return f"p50 {quantile(values, 0.5):.0f} ms, p95 {quantile(values, 0.95):.0f}, slowest {max(values):.0f}"

    def moved(scroll: Scroll) -> str:
        share = scroll.dropped / max(1, scroll.frames + scroll.dropped)
        return f"{scroll.frames} frames, {scroll.dropped} dropped ({share:.0%}), longest wait {scroll.longest:.0f} ms"

    rows = {
        "first list on screen, browser never here before": f"{seen.fresh:.0f} ms after “Log in”",
        "the whole list read": f"{seen.whole:.0f} ms after “Log in”",
        "list on screen after a reload": f"{seen.again:.0f} ms",
        f"open the conversation of {seen.messages:,} messages": f"{seen.opened:.0f} ms; again {seen.reopened:.0f} ms",
        f"Enter to one's own screen, {len(seen.own)} times": times(seen.own),
        "Enter to the other's screen": times(seen.other),
        f"wheel in the list of {seen.conversations:,}, {SCROLL_SECONDS:.0f} s": moved(seen.list_scroll),
        f"wheel back in the {seen.messages:,}, {SCROLL_SECONDS:.0f} s": moved(seen.talk_scroll),
    }
    for moment, held in seen.memory.items():
        rows[f"memory with {moment}"] = f"{held.heap:.0f} MB of JavaScript, {held.nodes:,} nodes"
    of = seen.machine
    where = f"{of.cores} cores ({of.processor}), {of.memory_gb:.1f} GB, {of.kernel}; load {of.load_before:.1f} before, {seen.load_after:.1f} after"
    return ["| what | measured |", "|---|---|", *(f"| {what} | {words} |" for what, words in rows.items()), "", where]


def write(seen: Seen, out: Path) -> Path:
    """Write it as JSON."""
    out.mkdir(parents=True, exist_ok=True)
    file = out / "web.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(seen)))
    return file
