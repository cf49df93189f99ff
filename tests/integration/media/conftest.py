"""Two regions' stores and blob stores, and what looks after them, in this process; the blob store is one SeaweedFS with a bucket for each."""

import asyncio
import contextlib
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from infra.blobs import Blobs, Place, Signer
from infra.credentials import Credentials
from infra.health import Health
from infra.local import ports
from infra.postgres import Pool, make_pool
from infra.web import serve_app
from region.media.attachments import Attachments
from region.media.checking import Checker
from region.media.collecting import Collector
from region.media.downloads import Downloads
from region.media.fetching import Fetcher, StoreNotes
from region.media.repository import Blob
from region.media.sandbox import Sandbox
from region.media.serving import BlobServer
from region.media.uploads import Allowed, Progress, Uploads
from region.media.work import Worker
from region.projector.rehearsal import message
from region.store.repository.committing import commit
from region.store.repository.setup import prepare
from region.store.rows import Conversation, Member
from region.store.rows import Place as Journal
from region.store.writes import Move, Writes
from replication.attachments import Attachment
from replication.groups import GroupMessageSent
from replication.ids import direct_conversation_id, new_user_id, region_of
from replication.records import Entry, MessageSent
from tests.integration.media.signed import put


@dataclass
class Region:
    """What one region has."""

    name: str
    store: Pool
    blobs: Blobs
    uploads: Uploads
    downloads: Downloads
    attachments: Attachments
    worker: Worker
    collector: Collector
    fetcher: Fetcher
    port: int
    positions: dict[str, int] = field(default_factory=dict)

    async def user(self) -> str:
        """Return a new user who lives here."""
        user_id = new_user_id(self.name)
        async with self.store.connection() as connection:
            await connection.execute(
                "INSERT INTO users (user_id, handle, folded_handle, display_name, password_hash, reservation, home_epoch,"
                " confirmed, created_at) VALUES (%s, %s, %s, 'U', 'h', 'r', 1, true, 0)",
                (user_id, user_id, user_id),
            )
        return user_id

    async def begin(
        self,
        owner: str,
        content: bytes,
        *,
        name: str = "thing",
        kind: str | None = None,
        type_: str = "application/octet-stream",
    ) -> Progress:
        """Begin to bring something."""
        checksum = hashlib.sha256(content).hexdigest()
        return await self.uploads.begin(
            owner, name=name, size=len(content), content_type=type_, checksum=checksum, kind=kind
        )

    async def bring(
        self,
        owner: str,
        content: bytes,
        *,
        name: str = "thing",
        kind: str | None = None,
        type_: str = "application/octet-stream",
    ) -> Blob:
        """Bring something, whole; return what became of it."""
        begun = await self.begin(owner, content, name=name, kind=kind, type_=type_)
        await put(begun.url, content, type_)
        return await self.complete(owner, begun.blob.blob_id)

    async def complete(self, owner: str, blob_id: str) -> Blob:
        """Hand it over and have it checked."""
        completing = asyncio.create_task(self.uploads.complete(owner, blob_id))
        while not completing.done():
            await self.worker.step()
            await asyncio.sleep(0.02)
        return await completing

    async def note(self, entry: Entry, *members: Member) -> None:
        """Take an entry in, as the projector does; its members are those of a 1:1 conversation, if they are not given."""
        if isinstance(entry.body, MessageSent):
            members = tuple(Member(user, region_of(user)) for user in (entry.author, entry.body.recipient_id))
        conversation = Conversation(
            entry.conversation_id,
            {member.user_id: member for member in members},
            head=entry.seq,
            epoch=1,
            message_count=entry.count,
            opened=True,
            position=entry.seq,
        )
        at = self.positions.get("", 0)
        self.positions[""] = at + 1
        rows = {(entry.conversation_id, member.user_id): member for member in members}
        writes = Writes(entries=[(entry, at + 1)], conversations={entry.conversation_id: conversation}, members=rows)
        async with self.store.connection() as connection:
            await commit(connection, [Move(Journal(0, at, at), at + 1, at + 1)], writes)


@pytest.fixture
def entry_of() -> Callable[..., Entry]:
    """How to make an entry that refers to blobs."""
    return _entry_of


def _entry_of(author: str, other: str, attachments: tuple[Attachment, ...], *, seq: int = 1, group: str = "") -> Entry:
    """Return an entry that refers to blobs, in a group if it is named."""
    sent, name = message(author, other, "look"), secrets.token_hex(4)
    body = GroupMessageSent(name, "look", attachments) if group else MessageSent(other, name, "look", attachments)
    return Entry(
        conversation_id=group or direct_conversation_id(author, other),
        seq=seq,
        epoch=1,
        incarnation=1,
        count=seq,
        message_id=sent.id,
        author=author,
        home=region_of(author),
        content_hash=b"",
        body=body,
        sent_at=time.time_ns() // 1000,
    )


async def _nothing() -> None:
    return


@contextlib.asynccontextmanager
async def region(
    name: str, seaweed: Place, database: str, peers: dict[str, str], port: int, *, allowed: Allowed | None = None
) -> AsyncIterator[Region]:
    """Make a region."""
    place = Place(seaweed.url, seaweed.public_url, f"{name}-blobs", credentials=seaweed.credentials)
    async with make_pool(database, size=6, name="test") as store, Blobs(place) as blobs:
        await prepare(store, region=name, partitions=1)
        await blobs.make_bucket()
        signer = Signer(place)
        allowance = allowed or Allowed(quota=1024**3, open=5, seconds=60)
        uploads = Uploads(region=name, store=store, blobs=blobs, signer=signer, allowed=allowance, wake=_nothing)
        fetcher = Fetcher(region=name, peers=peers, notes=StoreNotes(store), blobs=blobs, tls=None)
        checker = Checker(store=store, blobs=blobs, sandbox=Sandbox())
        serving = asyncio.create_task(
            serve_app(BlobServer(region=name, store=store, blobs=blobs), host="127.0.0.1", port=port)
        )
        try:
            yield Region(
                name,
                store,
                blobs,
                uploads,
                Downloads(region=name, store=store, signer=signer, seconds=60, wake=_nothing),
                Attachments(store),
                Worker(
                    name=f"{name}/media 0",
                    states=("checking", "fetching"),
                    store=store,
                    checker=checker,
                    fetcher=fetcher,
                    health=Health(),
                    woken=asyncio.Event(),
                ),
                Collector(store=store, blobs=blobs, orphan_seconds=0, pinned_seconds=0, pause=60),
                fetcher,
                port,
            )
        finally:
            await fetcher.close()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


@pytest.fixture
def doors() -> dict[str, int]:
    """Ports at which us and eu serve blobs to each other."""
    return dict(zip(("us", "eu"), ports.some_free(2), strict=True))


@pytest.fixture
async def us(seaweed: Place, new_store: Callable[[], str], doors: dict[str, int]) -> AsyncIterator[Region]:
    """Region us."""
    async with region("us", seaweed, new_store(), {"eu": f"http://127.0.0.1:{doors['eu']}"}, doors["us"]) as made:
        yield made


@pytest.fixture
async def eu(seaweed: Place, new_store: Callable[[], str], doors: dict[str, int]) -> AsyncIterator[Region]:
    """Region eu, which most tests can do without."""
    async with region("eu", seaweed, new_store(), {"us": f"http://127.0.0.1:{doors['us']}"}, doors["eu"]) as made:
        yield made


@pytest.fixture
def credentials(seaweed: Place) -> Credentials:
    """The keys to the blob store."""
    assert isinstance(seaweed.credentials, Path)
    return Credentials.read(seaweed.credentials)
