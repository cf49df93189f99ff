"""Who reads what only another region can tell is counted, and nobody else; read from a real store."""

from collections.abc import AsyncIterator
from typing import cast

import pytest

from infra.blobs import Signer
from infra.errors import NotFoundError
from infra.postgres import Pool, make_pool
from region.accounts.tokens import AccessClaims
from region.gateway.channels.desk import ChannelDesk
from region.gateway.channels.finding import Finder
from region.gateway.cursors import Place as Cursor
from region.gateway.errors import RateLimitedError
from region.gateway.groups.desk import Parts
from region.gateway.groups.pages import Pages
from region.gateway.groups.recall import Recall
from region.gateway.messages import Asked
from region.media.downloads import Downloads
from region.store.repository.committing import commit
from region.store.repository.setup import prepare
from region.store.rows import Conversation, Member, Place
from region.store.writes import Move, Writes
from replication.channels import ChannelMessageSent, ChannelState, Presence
from replication.groups import Details
from replication.ids import channel_id, group_id, message_id, new_blob_id
from replication.pictures import Picture
from replication.records import Entry

pytestmark = pytest.mark.integration

ADA, EVE = ("u" + letter * 24 + "-us" for letter in "ae")
GROUP, CHANNEL = group_id(ADA, "g"), channel_id(ADA, "c")


class Guard:
    """Lets readers ask or not, and notes who wanted to."""

    def __init__(self) -> None:
        self.often = True
        self.readers: list[str] = []

    async def look(self, reader: str) -> None:
        """Note a reader."""
        self.readers.append(reader)
        if self.often:
            raise RateLimitedError(retry_after=1)


class Never:
    """Whoever would be asked must not be."""

    def __getattr__(self, name: str) -> object:
        """Raise."""
        raise AssertionError(name)


@pytest.fixture
def guard() -> Guard:
    """What counts; everybody has asked too often."""
    return Guard()


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Pool]:
    """A store with a group of which a part is elsewhere, and a channel with a post; Ada belongs to both."""
    async with make_pool(store_url, size=2, name="test") as pool:
        await prepare(pool, region="us", partitions=1)
        state = ChannelState(public=False, subscribers=1, regions=(Presence("us", 1),), shown=5)
        writes = Writes(entries=[(post(), 1)])
        for name, channel in ((GROUP, None), (CHANNEL, state)):
            writes.conversations[name] = Conversation(
                name, {}, head=5, epoch=1, opened=True, details=Details("Us", channel=channel),
                missing=((1, 4),) if channel is None else (),
            )  # fmt: skip
            writes.members[name, ADA] = Member(ADA, "us", role="owner")
        async with pool.connection() as connection:
            await commit(connection, [Move(Place(0, 0, 0), 1, 1)], writes)
        yield pool


def post() -> Entry:
    """Return a post of the channel."""
    return Entry(
        conversation_id=CHANNEL, seq=5, epoch=1, incarnation=1, count=1, message_id=message_id(ADA, CHANNEL, "c"),
        author=ADA, home="us", content_hash=b"h", body=ChannelMessageSent("c", "hello"), sent_at=1,
    )  # fmt: skip


def claims(user: str) -> AccessClaims:
    """Return who asks."""
    return AccessClaims(sub=user, home="us", epoch=1, device="v", iss="us", iat=0, exp=0)


async def test_strangers_and_who_counts_views_are_counted_and_members_are_not(store: Pool, guard: Guard) -> None:
    """What is here costs no other region anything."""
    parts = cast("Parts", {**dict.fromkeys(Parts.__annotations__), "region": "us", "store": store})
    desk = ChannelDesk(finder=cast("Finder", Never()), look=guard.look, **parts)
    assert (await desk.look(claims(ADA), CHANNEL)).name == "Us"
    assert guard.readers == []

    with pytest.raises(RateLimitedError):
        await desk.look(claims(EVE), CHANNEL)
    with pytest.raises(RateLimitedError):
        await desk.page(claims(EVE), Asked(None, CHANNEL, 9, None, None))
    with pytest.raises(RateLimitedError):
        await desk.views(claims(ADA), CHANNEL, post().message_id)
    assert guard.readers == [EVE, EVE, ADA]


async def test_pages_of_history_that_is_elsewhere_are_counted(store: Pool, guard: Guard) -> None:
    """In both directions; pages of what is here are not."""
    pages = Pages(store, cast("Recall", Never()), guard.look)
    page, _ = await pages.backwards(ADA, CHANNEL, None, 9)
    assert [message.text for message in page.messages if message.text] == ["hello"]
    assert guard.readers == []

    with pytest.raises(RateLimitedError):
        await pages.backwards(ADA, GROUP, None, 9)
    with pytest.raises(RateLimitedError):
        await pages.forwards(ADA, GROUP, Cursor(1, 0), 9)
    assert guard.readers == [ADA, ADA]


async def test_blobs_of_which_nothing_is_known_here_are_counted(store: Pool, guard: Guard) -> None:
    """Each would be asked for where it was brought."""
    asked: list[str] = []

    async def elsewhere(blob_id: str) -> Picture | None:
        asked.append(blob_id)
        return None

    async def wake() -> None:
        raise AssertionError

    downloads = Downloads(
        region="us",
        store=store,
        signer=cast("Signer", Never()),
        seconds=9,
        wake=wake,
        elsewhere=elsewhere,
        look=guard.look,
    )
    blob_id = new_blob_id("eu")
    with pytest.raises(RateLimitedError):
        await downloads.open(EVE, blob_id)
    assert asked == []

    guard.often = False
    with pytest.raises(NotFoundError):
        await downloads.open(EVE, blob_id)
    assert (asked, guard.readers) == ([blob_id], [EVE, EVE])
