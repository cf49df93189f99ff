"""The web app while a region goes away: it goes on through another one without a new login, loses nothing that was typed, and says what is wrong."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Locator, Page, WebSocket, expect

from chaos.federation import Federation
from tests.acceptance.browsing import CHROMIUM, OpenTab, Tab, Typist

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")


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


async def two_who_talk(open_tab: OpenTab, urls: dict[str, str], home: str) -> tuple[Tab, Tab]:
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


@pytest.mark.parametrize("disturb", [("kill", "us/front", "--stay-down"), ("pause", "us/front")])
async def test_a_door_that_is_gone_is_left_for_another(
    disturb: tuple[str, ...], open_tab: OpenTab, urls: dict[str, str], whole: Federation
) -> None:
    """Killed or frozen: what is half written stays, what is sent arrives, and a reload in the midst of it opens the app all the same."""
    ada, boris = await two_who_talk(open_tab, urls, "eu")
    await ada.is_kept()
    hosts = sockets_of(ada.page)
    await ada.input.fill("Half writ")
    await whole.act("local", *disturb)
    await ada.input.press_sequentially("ten, and sent")

    await ada.input.press("Enter")
    await ada.sees("Half written, and sent", "Read")
    await boris.sees("Half written, and sent")
    assert hosts[-1] == urlsplit(urls["eu"]).netloc or hosts[-1] == urlsplit(urls["ap"]).netloc
    await expect(banner(ada)).to_have_count(0)
    await ada.input.fill("Not sent yet")
    await ada.page.reload()
    await ada.sees("Half written, and sent")
    await expect(ada.input).to_have_value("Not sent yet")
    await ada.input.press("Enter")
    await ada.sees("Not sent yet", "Read")
    await boris.sees("Not sent yet")


async def test_a_home_that_is_cut_off_from_here_is_reached_by_its_own_door(
    open_tab: OpenTab, urls: dict[str, str], whole: Federation
) -> None:
    """The page comes from `us`, which hears nothing of `eu` any more; what was typed meanwhile is sent once."""
    ada, boris = await two_who_talk(open_tab, urls, "eu")
    hosts = sockets_of(ada.page)
    await whole.act("local", "cut", "us-eu")

    await ada.send("Around the cut")
    await ada.sees("Around the cut", "Read")
    await boris.sees("Around the cut")
    assert hosts[-1] != urlsplit(urls["us"]).netloc


async def test_a_home_that_is_away_is_named_and_nothing_is_lost(
    open_tab: OpenTab, urls: dict[str, str], whole: Federation
) -> None:
    """No door leads to it: the banner says so, what is written waits, also over a reload, and nobody has to log in again."""
    ada, boris = await two_who_talk(open_tab, urls, "us")
    await ada.is_kept()
    await whole.act("local", "kill", "us/front", "--stay-down")
    await ada.send("Into the dark")

    await ada.sees("Into the dark", "Waiting for a connection")
    await expect(banner(ada)).to_contain_text("home region us cannot be reached")
    await ada.page.reload()
    await ada.sees("Into the dark", "Waiting for a connection")
    await ada.send("And more")
    await whole.act("local", "heal", "us/front")
    await ada.sees("And more", "Read")
    await boris.sees("Into the dark")
    await boris.sees("And more")
    texts = [text.split("\n")[0] for text in await boris.page.get_by_role("article").all_inner_texts()]
    assert texts == ["While all is well", "Into the dark", "And more"]
    await expect(banner(ada)).to_have_count(0)


async def test_a_region_that_is_killed_while_somebody_types_gets_all_of_it(
    open_tab: OpenTab, urls: dict[str, str], whole: Federation
) -> None:
    """All of it: its doors, its Kafka, its store; the page is loaded anew while it is away, and what was typed arrives once, in order."""
    ada, boris = await two_who_talk(open_tab, urls, "us")
    await ada.is_kept()
    typist = Typist(ada)
    try:
        for part in whole.status().parts():
            if part.startswith("us/"):
                await whole.act("local", "kill", part, "--stay-down")
        await expect(banner(ada)).to_contain_text("cannot be reached")
        typist.reload.set()
        await ada.sees(typist.texts[-1], "Waiting for a connection")
        await whole.act("local", "heal")
        await typist.stop()
    finally:
        typist.give_up()

    assert not typist.reload.is_set()
    last = ada.message(typist.texts[-1])
    await expect(last.get_by_role("img", name="Read")).to_be_visible(timeout=RETURN_MS)
    await boris.sees(typist.texts[-1])
    texts = [text.split("\n")[0] for text in await boris.page.get_by_role("article").all_inner_texts()]
    assert texts == ["While all is well", *typist.texts][-len(texts) :]
    await expect(banner(ada)).to_have_count(0)


async def test_a_region_that_says_that_it_is_islanded_is_named(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """What it refuses is explained, and messages go on; the answer is put in its mouth, since that takes a standby and a silent directory."""
    ada, _ = await two_who_talk(open_tab, urls, "us")
    problem = '{"type": "urn:causeway:problem:islanded", "title": "islanded", "status": 409, "code": "islanded", "definite": true, "detail": ""}'
    await ada.page.route(
        "**/settings/writers",
        lambda route: route.fulfill(status=409, content_type="application/problem+json", body=problem),
    )
    await ada.page.get_by_role("link", name="Settings").click()

    await expect(banner(ada)).to_contain_text("The region us is islanded")
    await expect(ada.page.get_by_text("nothing of that kind can be decided there now")).to_be_visible()
    await ada.page.get_by_role("link", name=re.compile("Boris")).click()
    await ada.send("All the same")
    await ada.sees("All the same", "Read")
