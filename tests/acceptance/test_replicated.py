"""In a group that waits for the standby: what is said to be accepted is with it, whatever is cut; what it does not have in time is unknown, and comes true."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg
import pytest
from playwright.async_api import expect

from chaos.federation import Federation
from infra.local import homes, postgres
from infra.local.numbering import Ports
from region.client import Client, Stage
from tests.acceptance.browsing import CHROMIUM, OpenTab, listed

PATIENCE = 240.0
WAIT = 3.0
"""How long a gateway waits for the standby, seconds, as it is usual."""
pytestmark = pytest.mark.timeout(900)


class Writer:
    """Somebody of us who writes in a group with somebody else there.

    Attributes:
        url: Where us is.
        ids: The one and the other.
        group: It waits for the standby.
        bearer: The header that says who writes.
        told: What was said to be accepted: the ids of messages.
    """

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        """Prepare; `begin` makes both."""
        self._http, self.url = http, url
        self.ids: list[str] = []
        self.group = ""
        self.told: list[str] = []
        self.bearer: dict[str, str] = {}

    async def begin(self) -> Self:
        """Register both, make the group, and wait until somebody is told that the standby has what was written there."""
        for _ in range(2):
            credentials = {"handle": f"u{secrets.token_hex(8)}", "password": "a good password"}
            async with asyncio.timeout(PATIENCE):
                while (answer := await self._http.post(f"{self.url}/register", json=credentials)).status_code != 201:  # noqa: ASYNC110 — another process
                    await asyncio.sleep(0.5)
            self.ids.append(answer.json()["user_id"])
            self.bearer = self.bearer or {"Authorization": f"Bearer {answer.json()['access_token']}"}
        made = await self.settle("POST", "/groups", name="Walkers", member_ids=[self.ids[1]], client_message_id="g")
        self.group = made.json()["group_id"]
        change = {"acknowledgement": "replicated", "client_message_id": "replicated"}
        await self.settle("PATCH", f"/groups/{self.group}", **change)
        await self.until_replicated()
        return self

    async def until_replicated(self) -> None:
        """Write until somebody is told that the standby has it: a gateway goes by what it last read of the group, and reads it again with each send."""
        async with asyncio.timeout(PATIENCE):
            while not self.told:
                await self.until_accepted(secrets.token_hex(8))

    async def ask(self, method: str, path: str, **body: Any) -> httpx.Response:
        """Ask us for something."""
        return await self._http.request(method, f"{self.url}{path}", json=body, headers=self.bearer)

    async def settle(self, method: str, path: str, **body: Any) -> httpx.Response:
        """Ask for something, and ask again under the same name, until it is done."""
        async with asyncio.timeout(PATIENCE):
            while (answer := await self.ask(method, path, **body)).status_code not in {200, 201}:
                assert answer.status_code == 503, answer.text
                await asyncio.sleep(0.2)
        return answer

    async def write(self, name: str, **where: str) -> httpx.Response:
        """Write once; in the group, unless it is said where."""
        body = (where or {"conversation_id": self.group}) | {"text": f"text {name}", "client_message_id": name}
        answer = await self.ask("POST", "/messages", **body)
        if answer.status_code in {200, 201} and answer.json().get("replicated"):
            self.told.append(answer.json()["message_id"])
        return answer

    async def until_accepted(self, name: str, **where: str) -> httpx.Response:
        """Write, and write again under the same name, until it is accepted."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (answer := await self.write(name, **where)).status_code in {200, 201}:
                        return answer
                await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def going_on(writer: Writer) -> AsyncIterator[None]:
    """Write while something is done, several at a time."""

    async def write() -> None:
        while True:
            await writer.until_accepted(secrets.token_hex(8))

    tasks = [asyncio.create_task(write()) for _ in range(4)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def held(stood_by: Federation, messages: list[str]) -> set[str]:
    """Return which of these messages the copy has."""
    base = homes.read_federation(Path(stood_by.status().home)).base_port
    with psycopg.connect(postgres.url(Ports.of(base, "eu").postgres, "held_us"), autocommit=True) as connection:
        rows = connection.execute("SELECT message_id FROM entries WHERE message_id = ANY(%s)", (messages,)).fetchall()
    return {row[0] for row in rows}


@contextlib.asynccontextmanager
async def cut(stood_by: Federation) -> AsyncIterator[None]:
    """Cut the standby off, and heal that."""
    await stood_by.act("local", "cut", "us-eu")
    try:
        yield
    finally:
        await stood_by.act("local", "heal", "us-eu")


async def test_all_that_was_accepted_is_in_the_copy_at_the_moment_of_a_cut(
    stood_by: Federation, http: httpx.AsyncClient
) -> None:
    """Whatever was being written just then; and while the cut lasts nothing is accepted."""
    writer = await Writer(http, stood_by.status().regions["us"].public_url).begin()
    for _ in range(2):
        async with going_on(writer):
            await asyncio.sleep(3)
            async with cut(stood_by):
                await asyncio.sleep(WAIT + 2)  # what was on its way is answered
                accepted = list(writer.told)
                assert held(stood_by, accepted) == set(accepted)
                await asyncio.sleep(WAIT)
                assert writer.told == accepted
            before = len(writer.told)
            async with asyncio.timeout(PATIENCE):
                while len(writer.told) < before + 10:  # noqa: ASYNC110 — another process
                    await asyncio.sleep(0.2)
    assert held(stood_by, writer.told) == set(writer.told)
    assert len(set(writer.told)) > 20


async def test_what_the_standby_lacks_is_unknown_in_time_and_comes_true_once(
    stood_by: Federation, http: httpx.AsyncClient
) -> None:
    """Over HTTP the same name gives the same message, once; who writes elsewhere is answered as is usual."""
    writer = await Writer(http, stood_by.status().regions["us"].public_url).begin()
    async with cut(stood_by):
        answer = await writer.write("late")
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["definite"]) == (503, "outcome-unknown", False)
        there = await writer.write("here", recipient_id=writer.ids[1])
        assert there.status_code == 201
        assert "replicated" not in there.json()
    settled = (await writer.until_accepted("late")).json()
    assert settled["message_id"] == problem["message_id"]
    assert settled["replicated"] is True
    page = (
        await http.get(f"{writer.url}/messages", params={"conversation_id": writer.group}, headers=writer.bearer)
    ).json()
    assert [one["text"] for one in page["messages"]].count("text late") == 1


async def test_a_device_keeps_what_it_sent_until_the_standby_has_it(
    stood_by: Federation, http: httpx.AsyncClient
) -> None:
    """Its entry is on the screen before that, and is not taken for more than it is."""
    url = stood_by.status().regions["us"].public_url
    writer = await Writer(http, url).begin()
    async with Client([url], patience=60) as client:
        await client.register(f"u{secrets.token_hex(8)}", "a good password")
        await client.online()
        await writer.settle("POST", f"/groups/{writer.group}/members", user_id=client.user_id)
        await (await client.send("first", conversation=writer.group)).reach(Stage.NUMBERED)
        async with cut(stood_by):
            handle = await client.send("second", conversation=writer.group)
            await asyncio.sleep(WAIT + 2)
            assert handle.stage is Stage.QUEUED
        async with asyncio.timeout(PATIENCE):
            message = await handle.reach(Stage.NUMBERED)
    assert message is not None
    assert held(stood_by, [message.message_id]) == {message.message_id}


@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")
async def test_it_looks_provisional_on_the_screen_until_the_standby_has_it(
    stood_by: Federation, open_tab: OpenTab, http: httpx.AsyncClient
) -> None:
    """A reload in between changes nothing about that."""
    ada, url = await open_tab("Ada"), stood_by.status().regions["us"].public_url
    await ada.register(url)
    await ada.page.get_by_role("link", name="New conversation").first.click()
    await ada.page.get_by_role("tab", name="Group").click()
    await ada.page.get_by_label("Name of the group").fill("Walkers")
    await ada.page.get_by_role("button", name="Create group").click()
    await ada.page.get_by_role("link", name="1 member").click()
    await ada.page.get_by_label("A message is accepted when").select_option("the standby of that region has it, too")
    await ada.page.get_by_role("button", name="Save").click()
    await expect(ada.page.get_by_text("Saved.")).to_be_visible()
    await listed(ada, "Walkers").click()
    await expect(ada.input).to_be_visible()
    account = {"handle": ada.handle, "password": f"password of {ada.handle}"}
    writer = Writer(http, url)
    writer.group = ada.page.url.rpartition("/")[2]
    writer.bearer = {
        "Authorization": f"Bearer {(await http.post(f'{url}/login', json=account)).json()['access_token']}"
    }
    await writer.until_replicated()
    await ada.send("Before the cut")
    await ada.sees("Before the cut", "Sent")
    before = ada.message("Before the cut")
    await expect(before).to_have_attribute("data-provisional", "false")
    waits = "Sent; the standby of your region does not have it yet"
    async with cut(stood_by):
        await ada.send("During the cut")
        await ada.sees("During the cut", waits)
        await expect(ada.message("During the cut")).to_have_attribute("data-provisional", "true")
        await ada.page.reload()
        await ada.sees("During the cut", waits)
        await ada.sees("Before the cut", "Sent")
        await expect(before).to_have_attribute("data-provisional", "false")
    await expect(ada.message("During the cut")).to_have_attribute("data-provisional", "false")
    await ada.sees("During the cut", "Sent")
