"""Where the standby is waited for: what is said to be accepted is with it, whatever is cut; what it does not have in time is unknown, and comes true."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg
import pytest

from chaos.federation import Federation
from infra.local import homes, postgres
from infra.local.numbering import Ports
from region.client import Client, Stage

PATIENCE = 240.0
WAIT = 4.0
MARGIN = 6.0
"""What a request may take besides, on a busy machine."""
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def careful(start_federation: Callable[..., AbstractContextManager[Federation]]) -> Iterator[Federation]:
    """A federation in which eu stands by us, and us waits for it."""
    settings = {"CAUSEWAY_ACKNOWLEDGEMENT": "replicated", "CAUSEWAY_REPLICATED_WAIT": str(WAIT)}
    with start_federation("--regions", "us,eu", "--processes", "paired", "--standby", "us=eu", **settings) as made:
        yield made


class Writer:
    """Somebody of us who writes to somebody else there.

    Attributes:
        url: Where us is.
        ids: The one and the other.
        bearer: The header that says who writes.
        told: What was said to be accepted: the ids of messages.
    """

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        """Prepare; `begin` makes both."""
        self._http, self.url = http, url
        self.ids: list[str] = []
        self.told: list[str] = []
        self.bearer: dict[str, str] = {}

    async def begin(self) -> Self:
        """Register both, and wait until something can be accepted."""
        for _ in range(2):
            credentials = {"handle": f"u{secrets.token_hex(8)}", "password": "a good password"}
            async with asyncio.timeout(PATIENCE):
                while (answer := await self._http.post(f"{self.url}/register", json=credentials)).status_code != 201:  # noqa: ASYNC110 — another process
                    await asyncio.sleep(0.5)
            self.ids.append(answer.json()["user_id"])
            self.bearer = self.bearer or {"Authorization": f"Bearer {answer.json()['access_token']}"}
        await self.until_accepted(secrets.token_hex(8))
        return self

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
        """Write once."""
        body = (where or {"recipient_id": self.ids[1]}) | {"text": f"text {name}", "client_message_id": name}
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


def held(careful: Federation, messages: list[str]) -> set[str]:
    """Return which of these messages the copy has."""
    base = homes.read_federation(Path(careful.status().home)).base_port
    with psycopg.connect(postgres.url(Ports.of(base, "eu").postgres, "held_us"), autocommit=True) as connection:
        rows = connection.execute("SELECT message_id FROM entries WHERE message_id = ANY(%s)", (messages,)).fetchall()
    return {row[0] for row in rows}


@contextlib.asynccontextmanager
async def cut(careful: Federation) -> AsyncIterator[None]:
    """Cut the standby off, and heal that."""
    await careful.act("local", "cut", "us-eu")
    try:
        yield
    finally:
        await careful.act("local", "heal", "us-eu")


async def test_all_that_was_accepted_is_in_the_copy_at_the_moment_of_a_cut(
    careful: Federation, http: httpx.AsyncClient
) -> None:
    """Whatever was being written just then; and while the cut lasts nothing is accepted."""
    writer = await Writer(http, careful.status().regions["us"].public_url).begin()
    for _ in range(2):
        async with going_on(writer):
            await asyncio.sleep(3)
            async with cut(careful):
                await asyncio.sleep(WAIT + 2)  # what was on its way is answered
                accepted = list(writer.told)
                assert held(careful, accepted) == set(accepted)
                await asyncio.sleep(WAIT)
                assert writer.told == accepted
            before = len(writer.told)
            async with asyncio.timeout(PATIENCE):
                while len(writer.told) < before + 10:  # noqa: ASYNC110 — another process
                    await asyncio.sleep(0.2)
    assert held(careful, writer.told) == set(writer.told)
    assert len(set(writer.told)) > 20


async def test_what_the_standby_lacks_is_unknown_in_time_and_comes_true_once(
    careful: Federation, http: httpx.AsyncClient
) -> None:
    """Over HTTP the same name gives the same message, once; a group that has chosen otherwise is answered as before."""
    writer = await Writer(http, careful.status().regions["us"].public_url).begin()
    made = await writer.settle("POST", "/groups", name="Walkers", member_ids=[writer.ids[1]], client_message_id="g")
    group = made.json()["group_id"]
    await writer.settle("PATCH", f"/groups/{group}", acknowledgement="local", client_message_id="local")
    async with asyncio.timeout(PATIENCE):  # a gateway goes by what it last read; each send has it read again
        while "replicated" in (await writer.until_accepted(secrets.token_hex(8), conversation_id=group)).json():  # noqa: ASYNC110 — another process
            await asyncio.sleep(0.2)
    async with cut(careful):
        began = time.monotonic()
        answer = await writer.write("late")
        assert WAIT - 0.5 < time.monotonic() - began < WAIT + MARGIN
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["definite"]) == (503, "outcome-unknown", False)
        there = await writer.write("here", conversation_id=group)
        assert there.status_code == 201
        assert "replicated" not in there.json()
    settled = (await writer.until_accepted("late")).json()
    assert settled["message_id"] == problem["message_id"]
    assert settled["replicated"] is True
    page = (await http.get(f"{writer.url}/messages", params={"peer_id": writer.ids[1]}, headers=writer.bearer)).json()
    assert [one["text"] for one in page["messages"]].count("text late") == 1


async def test_a_device_keeps_what_it_sent_until_the_standby_has_it(
    careful: Federation, http: httpx.AsyncClient
) -> None:
    """Its entry is on the screen before that, and is not taken for more than it is."""
    url = careful.status().regions["us"].public_url
    writer = await Writer(http, url).begin()
    async with Client([url], patience=60) as client:
        await client.register(f"u{secrets.token_hex(8)}", "a good password")
        await client.online()
        await (await client.send("first", to=writer.ids[0])).reach(Stage.NUMBERED)
        async with cut(careful):
            handle = await client.send("second", to=writer.ids[0])
            await asyncio.sleep(WAIT + 2)
            assert handle.stage is Stage.QUEUED
        async with asyncio.timeout(PATIENCE):
            message = await handle.reach(Stage.NUMBERED)
    assert message is not None
    assert held(careful, [message.message_id]) == {message.message_id}
