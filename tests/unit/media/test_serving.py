"""What it costs to be asked for blobs by other regions."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx

from infra.blobs import Blobs
from infra.limits import LARGEST_REQUEST
from infra.postgres import Pool
from region.media.serving import LOOKS, PATH, BlobServer, make_app
from replication.ids import new_blob_id


class Cursor:
    """Nothing is found."""

    async def fetchone(self) -> None:
        """Return no row."""

    async def fetchall(self) -> list[object]:
        """Return no rows."""
        return []


class Store:
    """A store that answers nobody until it may, and notes what it is asked, and by how many at once."""

    def __init__(self) -> None:
        self.may, self.full = asyncio.Event(), asyncio.Event()
        self.inside = 0
        self.asked: list[str] = []

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator["Store"]:
        """Let somebody in."""
        self.inside += 1
        yield self
        self.inside -= 1

    async def execute(self, statement: str, *_: Any) -> Cursor:  # Any: whatever the statement takes
        """Find nothing, once that is allowed."""
        self.asked.append(statement)
        if len(self.asked) == LOOKS:
            self.full.set()
        await self.may.wait()
        return Cursor()


def asking(store: Store, *, seconds: float = 3600) -> httpx.AsyncClient:
    """Return eu, which asks us for blobs, and is answered within some time."""
    server = BlobServer(region="us", store=cast("Pool", store), blobs=cast("Blobs", None))
    headers = {"causeway-region": "eu"}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(make_app(server, seconds=seconds)), base_url="http://us", headers=headers
    )


async def test_few_look_at_the_same_time_and_the_others_hold_no_connection() -> None:
    """Another region may ask for as much as it wants; the store and memory are this one's."""
    store = Store()
    async with asking(store) as eu:
        wanted = [asyncio.create_task(eu.get(f"{PATH}{new_blob_id('us')}/original")) for _ in range(5 * LOOKS)]
        async with asyncio.timeout(30):
            await store.full.wait()
        for _ in range(100):
            await asyncio.sleep(0)
        assert (store.inside, len(store.asked)) == (LOOKS, LOOKS)

        store.may.set()
        assert [answer.status_code for answer in await asyncio.gather(*wanted)] == [404] * len(wanted)
    assert len(store.asked) == len(wanted), "of what is not there nothing more is looked up"


async def test_what_was_brought_elsewhere_is_not_looked_for() -> None:
    """Its own region gives it."""
    store = Store()
    async with asking(store) as eu:
        assert (await eu.get(f"{PATH}{new_blob_id('ap')}/original")).status_code == 404
    assert store.asked == []


async def test_who_waits_for_a_store_that_stands_still_is_answered_in_time() -> None:
    """And leaves their place to others."""
    store = Store()
    async with asking(store, seconds=0.02) as eu:
        answer = await eu.get(f"{PATH}{new_blob_id('us')}/original")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_nobody_brings_more_than_a_request_may_have() -> None:
    """Files go to the blob store itself."""
    async with asking(Store()) as eu:
        answer = await eu.request("GET", f"{PATH}{new_blob_id('us')}/original", content=b"x" * (LARGEST_REQUEST + 1))

    assert answer.status_code == 413
