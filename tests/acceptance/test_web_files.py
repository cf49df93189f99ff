"""Files in the web app: brought in parts, paused and gone on with, and by the page that comes after a reload."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.acceptance.browsing import CHROMIUM, OpenTab, Tab

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")

PART = re.compile(r"[?&]partNumber=(\d+)")
SIZE = 20 * 1024 * 1024
"""Three parts, as the region cuts files."""


KEPT = """async ([name, paused]) => {
    const soon = (asked) => new Promise((resolve) => { asked.onsuccess = () => resolve(asked.result); });
    for (const { name: account } of await indexedDB.databases()) {
        const opened = await soon(indexedDB.open(account));
        const known = opened.objectStoreNames.contains("files");
        const files = known ? await soon(opened.transaction("files").objectStore("files").getAll()) : [];
        opened.close();
        if (files.some((file) => file.name === name && file.paused === paused && file.blobId !== null)) return true;
    }
    return false;
}"""


@dataclass
class Parts:
    """The parts of files that a browser puts at the blob store.

    Attributes:
        last: The highest number that is let through; others are left without an answer.
        held: Those that were not let through.
        put: Those that were, in order.
    """

    last: int = 1
    held: list[int] = field(default_factory=list)
    put: list[int] = field(default_factory=list)

    async def take(self, route: Route) -> None:
        """Let a part through, or hold it."""
        found = PART.search(route.request.url)
        assert found is not None
        number = int(found[1])
        if number > self.last:
            self.held.append(number)
            return
        self.put.append(number)
        await route.continue_()


async def choose(tab: Tab, path: Path) -> None:
    """Choose a file for the next message."""
    async with tab.page.expect_file_chooser() as chooser:
        await tab.page.get_by_role("button", name="Add images or files").click()
    await (await chooser.value).set_files(path)


async def is_kept(tab: Tab, name: str, *, paused: bool) -> None:
    """Wait until the browser has written down how a file stands: a page may go away before that is done."""
    await tab.page.wait_for_function(KEPT, arg=[name, paused])


async def test_a_file_is_paused_and_gone_on_with_across_reloads(
    open_tab: OpenTab, urls: dict[str, str], tmp_path: Path
) -> None:
    """No part is brought twice: neither after a pause that outlives the page, nor by a page that finds what the last one was at."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await ada.begin_with(boris)
    for name in ("paused.bin", "broken-off.bin"):
        (tmp_path / name).write_bytes(os.urandom(SIZE))
    parts = Parts()
    await ada.page.route(PART, parts.take)

    async with ada.page.expect_request(lambda request: "partNumber=2" in request.url and request.method == "PUT"):
        await choose(ada, tmp_path / "paused.bin")
    await ada.page.get_by_role("button", name="Pause paused.bin").click()
    await expect(ada.page.get_by_text("Paused", exact=True)).to_be_visible()
    await expect(ada.page.get_by_role("button", name="Send")).to_be_disabled()
    await is_kept(ada, "paused.bin", paused=True)
    await ada.page.reload()
    await expect(ada.page.get_by_text("Paused", exact=True)).to_be_visible()
    assert (parts.put, parts.held) == ([1], [2])
    parts.last = 3
    await ada.page.get_by_role("button", name="Go on with paused.bin").click()
    await expect(ada.page.get_by_text("21.0 MB")).to_be_visible()
    assert parts.put == [1, 2, 3]

    parts.last = 1
    async with ada.page.expect_request(lambda request: "partNumber=2" in request.url and request.method == "PUT"):
        await choose(ada, tmp_path / "broken-off.bin")
    await is_kept(ada, "broken-off.bin", paused=False)
    parts.last = 3
    await ada.page.reload()
    await expect(ada.page.get_by_text("21.0 MB")).to_have_count(2)
    assert parts.put == [1, 2, 3, 1, 2, 3]

    await ada.send("Both of them")
    await boris.page.get_by_role("link", name=re.compile("Ada")).click()
    await boris.sees("Both of them")
    for name in ("paused.bin", "broken-off.bin"):
        await expect(boris.message("Both of them").get_by_role("button", name=name)).to_be_visible()
    await ada.page.reload()
    await ada.sees("Both of them")
    await expect(ada.page.get_by_role("list", name="Images and files of this message")).to_have_count(0)
