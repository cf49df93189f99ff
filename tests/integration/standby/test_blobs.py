"""The bytes of images and files come after the copy, once, into a bucket of their own; what is gone is taken away, what is missing is listed."""

import asyncio
import contextlib
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import psycopg
import pytest

from infra.blobs import AbsentError, Blobs, Place
from infra.local import ports
from infra.postgres import make_pool
from infra.tasks import beside
from infra.web import serve_app
from region.media import rules
from region.media.fetching import Fetcher
from region.media.serving import BlobServer
from region.standby.blobs import Bytes, NoNotes
from region.standby.cli import missing_blobs
from region.standby.repository import kept
from region.store.repository.setup import prepare
from replication.ids import new_blob_id

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


@dataclass
class Pair:
    """What us has, and what eu has of it.

    Attributes:
        store: URL of the store of us.
        copy: URL of the copy, which these tests keep the same by hand.
        there: The blob store of us.
        here: The bucket of eu for us.
        bringer: What brings them.
    """

    store: str
    copy: str
    there: Blobs
    here: Blobs
    bringer: Bytes

    async def bring_in(self, kind: str, content: bytes, *, owner: str = "us-user") -> str:
        """Have somebody bring something; return its id."""
        blob_id = new_blob_id("us")
        await self.there.write(rules.key(blob_id), content, content_type="image/png")
        for name in rules.THUMBNAILS if kind == "image" else ():
            await self.there.write(rules.key(blob_id, name), name.encode(), content_type="image/webp")
        now, checksum = time.time_ns() // 1000, hashlib.sha256(content).hexdigest()
        for url in (self.store, self.copy):
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                await connection.execute(
                    "INSERT INTO blobs (blob_id, owner, kind, name, size, content_type, checksum, state, created_at, updated_at)"
                    " VALUES (%s, %s, %s, 'n', %s, 'image/png', %s, 'ready', %s, %s)",
                    (blob_id, owner, kind, len(content), checksum, now, now),
                )
        return blob_id

    async def step(self) -> int:
        """Do what is next."""
        async with await psycopg.AsyncConnection.connect(self.copy, autocommit=True) as connection:
            await kept.prepare(connection)
            return await self.bringer.step(connection)

    async def run(self, statement: str) -> None:
        """Change the copy."""
        async with await psycopg.AsyncConnection.connect(self.copy, autocommit=True) as connection:
            await connection.execute(statement.encode())


@contextlib.asynccontextmanager
async def standing_by(seaweed: Place, new_store: Callable[[], str], *, standby: str) -> AsyncIterator[Pair]:
    """Have us serve its blobs to whom it has named, and eu ask for them."""
    [port] = ports.some_free(1)
    store, copy = new_store(), new_store()
    token = secrets.token_hex(4)
    there, here = (
        Blobs(Place(seaweed.url, seaweed.url, f"{name}-{token}", credentials=seaweed.credentials))
        for name in ("us", "held-us")
    )
    async with make_pool(store, size=4, name="test") as pool, make_pool(copy, size=1, name="test") as own, there, here:
        await prepare(pool, region="us", partitions=1)
        await prepare(own, region="us", partitions=1)
        for blobs in (there, here):
            await blobs.make_bucket()
        fetcher = Fetcher(region="eu", peers={"us": f"http://127.0.0.1:{port}"}, notes=NoNotes(), blobs=here, tls=None)
        server = BlobServer(region="us", store=pool, blobs=there, standby=standby)
        started = asyncio.Event()
        async with beside(serve_app(server, host="127.0.0.1", port=port, started=started)):
            await started.wait()
            try:
                yield Pair(store, copy, there, here, Bytes("us", copy=copy, blobs=here, fetcher=fetcher))
            finally:
                await fetcher.close()  # before the server, which would wait for its connections


async def test_all_that_was_brought_comes_once_and_what_is_gone_is_taken_away(
    seaweed: Place, new_store: Callable[[], str]
) -> None:
    """Small and in parts, with thumbnails; nobody has to see it; of what us fetched from elsewhere nothing."""
    async with standing_by(seaweed, new_store, standby="eu") as pair:
        large = secrets.token_bytes(rules.PART + 1000)
        image, file = await pair.bring_in("image", b"picture"), await pair.bring_in("file", large)
        await pair.bring_in("file", b"of another region", owner="")
        assert [one.blob_id for one in await missing_blobs(pair.copy)] == [image, file]

        assert await pair.step() == 2
        assert await pair.step() == 0
        assert await missing_blobs(pair.copy) == []
        for blob_id, content in ((image, b"picture"), (file, large)):
            assert await pair.here.digest(rules.key(blob_id)) == (len(content), hashlib.sha256(content).hexdigest())
        assert [await pair.here.size(rules.key(image, name)) for name in rules.THUMBNAILS] == [5, 5]

        await pair.run(f"DELETE FROM blobs WHERE blob_id = '{image}'")
        assert await pair.step() == 1
        for key in rules.keys(image, "image"):
            with pytest.raises(AbsentError):
                await pair.here.size(key)
        assert await pair.step() == 0
