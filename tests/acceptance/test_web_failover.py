"""The web app while a region goes away: it goes on through another one without a new login, loses nothing that was typed, and says what is wrong."""

import re
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Locator, Page, WebSocket, expect

from chaos.federation import Federation
from tests.acceptance.browsing import CHROMIUM, OpenTab, Tab, Typist

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one"),
    pytest.mark.timeout(600),
]

RETURN_MS = 120_000
"""How long a whole region may take to come back."""


def sockets_of(page: Page) -> list[str]:
    """Return a list that grows by the host of each WebSocket that the page opens from now on."""
    hosts: list[str] = []

    def note(socket: WebSocket) -> None:
        hosts.append(urlsplit(socket.url).netloc)

    page.on("websocket", note)
    return hosts


def banner(tab: Tab) -> Locator:
    """What is said about the connection."""
    return tab.page.locator(".banner")


async def two_far_apart(open_tab: OpenTab, urls: dict[str, str], home: str) -> tuple[Tab, Tab]:
    """Ada, at home in that region, whose page comes from `us`; and Boris in `ap`; they have begun to talk."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls[home])
    if home != "us":
        await ada.page.goto(urls["us"])
        await ada.page.get_by_role("button", name="I have an account").click()
        await ada.page.get_by_label("Handle").fill(ada.handle)
        await ada.page.get_by_label("Password").fill(f"password of {ada.handle}")
        await ada.page.get_by_role("button", name="Log in").click()
    await boris.register(urls["ap"])
    await ada.begin_with(boris)
    await ada.send("While all is well")
    await ada.sees("While all is well", "Received")
    await boris.page.get_by_role("link", name=re.compile("Ada")).click()
    await boris.sees("While all is well")
    return ada, boris


GONE: Final = (("kill", "us/front", "--stay-down"), ("pause", "us/front"), ("cut", "us-eu"))
"""Killed; frozen; and one that hears nothing of the home any more."""


async def test_a_door_that_leads_nowhere_is_left_for_another(
    open_tab: OpenTab, urls: dict[str, str], whole: Federation
) -> None:
    """The page comes from `us`, the account lives in `eu`: what is half written stays, what is sent arrives, and a reload in the midst of it opens the app all the same."""
    ada, boris = await two_far_apart(open_tab, urls, "eu")
    await ada.is_kept()
    hosts = sockets_of(ada.page)
    door = urlsplit(urls["us"]).netloc
    for disturb in GONE:
        await ada.input.fill(f"{disturb[0]}: half writ")
        await whole.act("local", *disturb)
        await ada.input.press_sequentially("ten, and sent")
        await ada.input.press("Enter")
        await ada.sees(f"{disturb[0]}: half written, and sent", "Read")
        await boris.sees(f"{disturb[0]}: half written, and sent")
        assert hosts[-1] != door
        await expect(banner(ada)).to_have_count(0)

        await ada.input.fill(f"{disturb[0]}: not sent yet")
        await ada.page.reload()
        await ada.sees(f"{disturb[0]}: half written, and sent")
        await expect(ada.input).to_have_value(f"{disturb[0]}: not sent yet")
        await ada.input.press("Enter")
        await ada.sees(f"{disturb[0]}: not sent yet", "Read")
        await boris.sees(f"{disturb[0]}: not sent yet")
        await whole.act("local", "heal")
        async with ada.page.expect_websocket(lambda opened: urlsplit(opened.url).netloc == door, timeout=RETURN_MS):
            await ada.page.reload()
    await ada.send("And all is well again")
    await ada.sees("And all is well again", "Read")


async def test_a_region_that_is_killed_while_somebody_types_gets_all_of_it(
    open_tab: OpenTab, urls: dict[str, str], whole: Federation
) -> None:
    """All of it: its doors, its Kafka, its store; the page is loaded anew while it is away, and what was typed arrives once, in order."""
    ada, boris = await two_far_apart(open_tab, urls, "us")
    await ada.is_kept()
    typist = Typist(ada)
    try:
        mine = [part for part in whole.status().parts() if part.startswith("us/")]
        await whole.act("local", "kill", *mine, "--stay-down")
        await expect(banner(ada)).to_contain_text("home region us cannot be reached")
        typist.reload.set()
        await ada.sees(typist.texts[-1], "Waiting for a connection")
        await whole.act("local", "heal")
        await typist.stop()
    finally:
        typist.give_up()

    assert not typist.reload.is_set()
    await ada.sees(typist.texts[-1], "Read", within=RETURN_MS)
    await boris.sees(typist.texts[-1])
    texts = [text.split("\n")[0] for text in await boris.page.get_by_role("article").all_inner_texts()]
    assert texts == ["While all is well", *typist.texts][-len(texts) :]
    await expect(banner(ada)).to_have_count(0)
