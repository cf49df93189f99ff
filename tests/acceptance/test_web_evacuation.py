"""The web app while the region that somebody lives in is evacuated, or dies and is taken over, and comes back: they go on typing, log in nowhere, and lose nothing."""

import asyncio
import contextlib
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Request

from chaos.federation import CommandError, Federation
from tests.acceptance.browsing import CHROMIUM, OpenTab, Tab, Typist, listed
from tests.acceptance.test_evacuation import command, rehearsed_well
from tests.acceptance.test_failover import command as act_on
from tests.acceptance.test_failover import ready

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one"),
    pytest.mark.timeout(1200),
]

ENTRANCES: Final = ("/login", "/register")
TAKEN_OVER_MS: Final = 240_000
"""How long it may take until all is heard that was typed while nobody held the region."""


async def history(http: httpx.AsyncClient, url: str, reader: Tab, conversation: str) -> list[str]:
    """Return what a conversation says to somebody, the oldest first."""
    account = {"handle": reader.handle, "password": f"password of {reader.handle}"}
    tokens = (await http.post(f"{url}/login", json=account)).json()
    found, before = list[str](), ""
    while before is not None:
        asked = {"conversation_id": conversation, "limit": "200"} | ({"before": before} if before else {})
        answer = await http.get(
            f"{url}/messages", params=asked, headers={"Authorization": f"Bearer {tokens['access_token']}"}
        )
        assert answer.status_code == 200, answer.text
        found += [one["text"] for one in answer.json()["messages"] if one["text"]]
        before = answer.json()["next"]
    return found[::-1]


def entrances_of(*tabs: Tab) -> list[str]:
    """Return a list that grows whenever one of these pages logs in or registers from now on."""
    entered: list[str] = []

    def note(request: Request) -> None:
        if urlsplit(request.url).path in ENTRANCES:
            entered.append(request.url)

    for tab in tabs:
        tab.page.on("request", note)
    return entered


async def two_who_talk(open_tab: OpenTab, urls: dict[str, str]) -> tuple[Tab, Tab, str]:
    """Ada in us, whose region it is about, and Boris in ap; and their conversation."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["ap"])
    await ada.begin_with(boris)
    await ada.send("While all is well")
    await ada.sees("While all is well", "Received")
    await listed(boris, "Ada").click()
    await boris.sees("While all is well")
    await ada.is_kept()
    return ada, boris, ada.page.url.rpartition("/")[2]


async def test_who_types_while_their_region_is_evacuated_loses_nothing_and_logs_in_nowhere(
    open_tab: OpenTab, movable: Federation, http: httpx.AsyncClient
) -> None:
    """There and back, with a reload in the midst of a line on either way; every line arrives once, in order."""
    urls = {name: there.public_url for name, there in movable.status().regions.items()}
    ada, boris, conversation = await two_who_talk(open_tab, urls)
    await rehearsed_well(movable)
    entered = entrances_of(ada, boris)

    typist = Typist(ada)
    try:
        for holder in ("eu", "us"):
            going = asyncio.create_task(asyncio.to_thread(command, movable, "--why", "a test", "--confirm", "us"))
            typist.reload.set()
            assert (await going)["holder"] == holder
            assert not typist.reload.is_set(), "it was over before the page was loaded anew"
            await ada.sees(typist.texts[-1])
        await typist.stop()
    finally:
        typist.give_up()

    await ada.sees(typist.texts[-1], "Read")
    await boris.sees(typist.texts[-1])
    assert await history(http, urls["ap"], boris, conversation) == ["While all is well", *typist.texts]
    await boris.send("I have read all of it")
    await ada.sees("I have read all of it")
    assert entered == []


async def test_who_types_while_their_region_dies_goes_on_by_the_one_that_takes_over(
    open_tab: OpenTab, movable: Federation, http: httpx.AsyncClient
) -> None:
    """Everything of it is killed, another region holds its duties, and it comes back: every line stands once, and nobody logs in."""
    urls = {name: there.public_url for name, there in movable.status().regions.items()}
    ada, boris, conversation = await two_who_talk(open_tab, urls)
    mine = [name for name in movable.status().parts() if name.startswith("us/")]
    await ready(movable)
    entered = entrances_of(ada, boris)

    typist = Typist(ada)
    try:
        await movable.act("local", "kill", "--stay-down", *mine)
        typist.reload.set()
        failed = await asyncio.to_thread(act_on, movable, "fail", "--why", "a test", "--confirm", "us")
        assert failed["holder"] == "eu", failed
        assert not typist.reload.is_set(), "it was over before the page was loaded anew"
        await ada.sees(typist.texts[-1], "Read", within=TAKEN_OVER_MS)
        with contextlib.suppress(CommandError):  # what stands by may count as not well while it hears of that
            await movable.act("local", "heal", *mine)
        restored = await asyncio.to_thread(act_on, movable, "restore", "--why", "a test", "--confirm", "us")
        assert restored["holder"] == "us", restored
        await typist.stop()
    finally:
        typist.give_up()

    await ada.sees(typist.texts[-1], "Read", within=TAKEN_OVER_MS)
    await boris.sees(typist.texts[-1])
    said = await history(http, urls["ap"], boris, conversation)
    assert sorted(said) == sorted(["While all is well", *typist.texts])
    shown = [text.split("\n")[0] for text in await ada.page.get_by_role("article").all_inner_texts()]
    assert shown == said[-len(shown) :], "on the screen as in the history"
    assert entered == []
