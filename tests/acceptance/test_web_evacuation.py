"""The web app while the region that somebody lives in is evacuated, and comes back: they go on typing, log in nowhere, and lose nothing."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Request

from chaos.federation import Federation
from tests.acceptance.browsing import CHROMIUM, OpenTab, Tab, Typist
from tests.acceptance.test_evacuation import command, rehearsed_well

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one"),
    pytest.mark.timeout(900),
]

ENTRANCES: Final = ("/login", "/register")


@pytest.fixture(scope="module")
def movable(start_federation: Callable[..., AbstractContextManager[Federation]]) -> Iterator[Federation]:
    """A federation in which eu may hold us's duties."""
    with start_federation("--standby", "us=eu") as made:
        yield made


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


async def test_who_types_while_their_region_is_evacuated_loses_nothing_and_logs_in_nowhere(
    open_tab: OpenTab, movable: Federation, http: httpx.AsyncClient
) -> None:
    """There and back, with a reload in the midst of a line on either way; every line arrives once, in order."""
    urls = {name: there.public_url for name, there in movable.status().regions.items()}
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["ap"])
    await ada.begin_with(boris)
    await ada.send("While all is well")
    await ada.sees("While all is well", "Received")
    await boris.page.get_by_role("link", name=re.compile("Ada")).click()
    await boris.sees("While all is well")
    await ada.is_kept()
    conversation = ada.page.url.rpartition("/")[2]
    await rehearsed_well(movable)
    entered: list[str] = []

    def note(request: Request) -> None:
        if urlsplit(request.url).path in ENTRANCES:
            entered.append(request.url)

    for tab in (ada, boris):
        tab.page.on("request", note)

    typist = Typist(ada)
    try:
        for holder in ("eu", "us"):
            going = asyncio.create_task(asyncio.to_thread(command, movable, "--why", "a test"))
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
