"""What devices are shown, read from a real store: more queued messages and refusals than one answer may name."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest

from infra.postgres import Connection, Pool, make_pool
from region.accounts.tokens import AccessClaims
from region.gateway import catchup, repository
from region.gateway.acknowledging import Acknowledging
from region.gateway.alterations.composing import Composer, plain
from region.gateway.catchup import MOST_ENTRIES, CatchUps
from region.gateway.cursors import Place, ResumeToken
from region.gateway.groups.pages import Pages
from region.gateway.groups.repository import acknowledgements_of
from region.gateway.markkeeper import MarkKeeper
from region.gateway.messages import Messages
from region.gateway.outcomes import Outcomes
from region.gateway.recipients import Recipients
from region.gateway.session import CatchUp, Snapshot
from region.gateway.submissions import Author, Clerk
from region.holding.tenure import Tenure
from region.store.repository.setup import prepare
from replication.codec import NEWEST, encode, encode_details
from replication.groups import Details
from replication.ids import direct_conversation_id
from replication.records import Journaled

pytestmark = pytest.mark.integration

ADA, BOB, CEM = ("u" + letter * 24 + "-us" for letter in "abc")
DEVICE = "v" + "0" * 16
CLERK = Clerk(region="us", instance="us/gateway")


class Store:
    """A prepared store that knows Ada and her device."""

    def __init__(self, pool: Pool, connection: Connection) -> None:
        """Take what the fixture made."""
        self.pool = pool
        self.connection = connection

    async def begin(self, peer: str, *, author: str = ADA) -> str:
        """Begin a conversation between Ada, or another one, and somebody; return its id."""
        conversation_id = direct_conversation_id(author, peer)
        await self.connection.execute(
            "INSERT INTO conversations VALUES (%s, 'direct', 0, 1, 0, false, 0, 5, 5)", (conversation_id,)
        )
        for user in (author, peer):
            await self.connection.execute(
                "INSERT INTO members VALUES (%s, %s, 'us', 0, 0, 0, 0, 0, 0)", (conversation_id, user)
            )
        return conversation_id

    async def queue(self, peer: str, count: int) -> None:
        """Queue messages of Ada for somebody: `0`, `1`, ...."""
        name = direct_conversation_id(ADA, peer)
        messages = [
            CLERK.message(
                Author(ADA, 1),
                conversation_id=name,
                recipient_id=peer,
                client_message_id=f"c{n}",
                composed=plain(str(n)),
            )
            for n in range(count)
        ]
        async with self.connection.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO pendings VALUES (%s, %s, %s, 'eu', 5, %s, 5, %s)",
                [(m.id, name, ADA, n, encode(Journaled(record=m))) for n, m in enumerate(messages)],
            )

    async def refuse(self, peer: str, names: Sequence[str]) -> None:
        """Refuse messages of Ada to somebody."""
        async with self.connection.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO refusals VALUES (%s, %s, %s, %s, 'recipient-unknown', 'No.', ''::bytea, 1, 5, %s)",
                [(f"m-{n}", direct_conversation_id(ADA, peer), ADA, n, at) for at, n in enumerate(names)],
            )

    async def write(self, peer: str, count: int, *, author: str = ADA) -> None:
        """Number messages between an author and somebody: each entry's position is its seq."""
        name = direct_conversation_id(author, peer)
        async with self.connection.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO entries (conversation_id, seq, epoch, incarnation, message_count, kind, message_id, author, recipient,"
                " author_home, client_message_id, content_hash, text, sent_at, position)"
                " VALUES (%s, %s, 1, 1, %s, 'message_sent', %s, %s, %s, 'us', %s, ''::bytea, %s, 5, %s)",
                [
                    (name, n, n, f"m-{name}-{n}", author, peer, f"c{n}", f"{author[1]} to {peer[1]}: {n}", n)
                    for n in range(1, count + 1)
                ],
            )
        await self.connection.execute(
            "UPDATE conversations SET head = %s, position = %s WHERE conversation_id = %s", (count, count, name)
        )
        await self.connection.execute(
            "UPDATE members SET received = 1 WHERE conversation_id = %s AND user_id = %s", (name, peer)
        )
        await self.connection.execute("UPDATE journal_partitions SET position = greatest(position, %s)", (count,))

    async def catch_up(self, wanted: CatchUp) -> Snapshot:
        """Read what Ada's device lacks."""
        return await CatchUps(region="us", store=self.pool).read(ADA, DEVICE, wanted)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """The store."""
    async with make_pool(store_url, size=2, name="test") as pool, pool.connection() as connection:
        await prepare(pool, region="us", partitions=1)
        await connection.execute("INSERT INTO devices VALUES (%s, %s, 'd', 'f', 1, 0, NULL)", (ADA, DEVICE))
        yield Store(pool, connection)


def refused(snapshot: Snapshot) -> list[str]:
    """The client message ids of a snapshot's refusals."""
    frames = [cast("dict[str, str]", json.loads(text)) for text in snapshot.missed]
    return [frame["client_message_id"] for frame in frames if frame["type"] == "refused"]


async def test_the_list_shows_the_newest_queued_message_however_many_there_are(store: Store) -> None:
    """In each conversation."""
    for peer, count in ((BOB, 1500), (CEM, 3)):
        await store.begin(peer)
        await store.queue(peer, count)
    unused = cast("Outcomes", None)
    messages = Messages(
        store=store.pool,
        recipients=cast("Recipients", None),
        clerk=CLERK,
        outcomes=unused,
        marks=cast("MarkKeeper", None),
        pages=cast("Pages", None),
        composer=cast("Composer", None),
        tenure=cast("Tenure", None),
        acknowledging=Acknowledging(),
    )
    caller = AccessClaims(sub=ADA, home="us", epoch=1, device=DEVICE, iss="us", iat=0, exp=0)

    found = await messages.conversations(caller, before=None, limit=50)

    shown = {each.peer_id: each.last_message and each.last_message.text for each in found.conversations}
    assert shown == {BOB: "1499", CEM: "2"}


async def test_what_became_of_sends_and_what_conversations_have_chosen_is_read_for_many_at_once(store: Store) -> None:
    """What is numbered and visible, or queued; not what is refused, nor what was never heard of."""
    numbered, _ = await store.begin(BOB), await store.begin(CEM)
    await store.write(BOB, 3)
    await store.connection.execute("UPDATE conversations SET head = 2 WHERE conversation_id = %s", (numbered,))
    await store.queue(CEM, 2)
    await store.refuse(BOB, ["no"])
    queued = [name for (name,) in await (await store.connection.execute("SELECT message_id FROM pendings")).fetchall()]
    entries = [f"m-{numbered}-{n}" for n in (1, 2, 3)]

    found = await repository.accepted_among(store.connection, [*entries, *queued, "m-no", "m-other"])

    assert found.keys() == {*entries[:2], *queued}
    assert found[entries[0]] == b""
    assert len(set(found.values())) == 3, "each by its content"

    await store.connection.execute(
        "UPDATE conversations SET details = %s WHERE conversation_id = %s",
        (encode_details(Details(acknowledgement="replicated")), numbered),
    )
    queued_in = direct_conversation_id(ADA, CEM)
    chosen = await acknowledgements_of(store.connection, [numbered, queued_in, "g-other"])
    assert chosen == {numbered: "replicated", queued_in: ""}


async def test_who_resumes_by_what_it_holds_is_told_what_was_refused(store: Store) -> None:
    """Which of them it knows cannot be told, so the newest are repeated, the oldest of them first."""
    await store.begin(BOB)
    await store.refuse(BOB, ["one", "two"])

    snapshot = await store.catch_up(CatchUp(held={direct_conversation_id(ADA, BOB): Place(1, 1)}))

    assert refused(snapshot) == ["one", "two"]
    assert snapshot.changed == []


async def test_who_resumes_with_a_token_of_another_region_is_told_too(store: Store) -> None:
    """Though it says nothing of what it holds, and has to page."""
    name = await store.begin(BOB)
    await store.refuse(BOB, ["one"])

    snapshot = await store.catch_up(CatchUp(resume=ResumeToken("eu", 1, (1,))))

    assert refused(snapshot) == ["one"]
    assert [changed.conversation_id for changed in snapshot.changed] == [name]


async def test_of_more_refusals_than_fit_the_newest_are_told(store: Store) -> None:
    """The newest are told; a repeated send is answered for all of them."""
    await store.connection.execute("UPDATE journal_partitions SET position = 5")
    await store.begin(BOB)
    await store.refuse(BOB, [str(n) for n in range(MOST_ENTRIES + 10)])

    snapshot = await store.catch_up(CatchUp(resume=ResumeToken("us", 1, (0,))))

    assert refused(snapshot) == [str(n) for n in range(10, MOST_ENTRIES + 10)]


async def test_more_queued_messages_than_fit_are_not_passed_over_in_silence(store: Store) -> None:
    """The device learns that it was not all, and pages."""
    await store.begin(BOB)
    await store.queue(BOB, MOST_ENTRIES + 1)

    snapshot = await store.catch_up(CatchUp(held={}))

    assert snapshot.changed


@pytest.mark.parametrize(
    "wanted", [CatchUp(resume=ResumeToken("us", 1, (0,))), CatchUp(held={})], ids=["since", "beyond"]
)
async def test_more_than_fits_is_told_also_where_some_of_it_is_hidden(store: Store, wanted: CatchUp) -> None:
    """Of somebody who was away from a group for a while, what may not be shown counts too: beyond it nothing was read."""
    name = await store.begin(BOB)
    await store.write(BOB, MOST_ENTRIES + 10)
    hide = "UPDATE members SET hidden = '1-20' WHERE conversation_id = %s AND user_id = %s"
    await store.connection.execute(hide, (name, ADA))

    snapshot = await store.catch_up(wanted)

    assert [(changed.conversation_id, changed.head) for changed in snapshot.changed] == [(name, MOST_ENTRIES + 10)]


async def test_a_queued_message_of_a_newer_projector_shuts_nobody_out(store: Store) -> None:
    """While a region is upgraded: what cannot be read yet is left out, and the rest is told."""
    await store.begin(BOB)
    await store.queue(BOB, 2)
    newer = bytes((NEWEST + 1,)) + b"\x90"
    await store.connection.execute("UPDATE pendings SET record = %s WHERE ordinal = 0", (newer,))

    snapshot = await store.catch_up(CatchUp(held={}))

    told = [cast("dict[str, dict[str, str]]", json.loads(text)) for text in snapshot.missed]
    assert [frame["message"]["text"] for frame in told] == ["1"]


SECOND = "v" + "1" * 16


@pytest.fixture
async def many(store: Store) -> list[tuple[str, str, CatchUp]]:
    """Devices of all three, of every kind: with much, little, nothing and something else missed; of one that is logged out."""
    await store.begin(BOB)
    await store.write(BOB, 6)
    await store.begin(CEM, author=BOB)
    await store.write(CEM, 4, author=BOB)
    await store.begin(CEM)
    await store.queue(CEM, 2)
    await store.refuse(CEM, ["one"])
    for user, name, revoked_at in ((BOB, DEVICE, None), (BOB, SECOND, 7), (CEM, DEVICE, None), (CEM, SECOND, None)):
        await store.connection.execute(
            "INSERT INTO devices (user_id, device_id, name, family, generation, created_at, revoked_at)"
            " VALUES (%s, %s, 'd', 'f', 1, 0, %s)",
            (user, name, revoked_at),
        )
    wishes = [CatchUp(resume=ResumeToken("us", 1, (position,))) for position in (0, 3, 6)]
    wishes += [CatchUp(), CatchUp(held={}), CatchUp(told={0: 2}), CatchUp(resume=ResumeToken("eu", 1, (1,)))]
    people = ((ADA, DEVICE), (BOB, DEVICE), (BOB, SECOND), (CEM, DEVICE), (CEM, SECOND), (CEM, "unknown"))
    return [(user, name, wanted) for wanted in wishes for user, name in people]


async def test_who_asks_together_is_told_what_each_would_be_told_alone(
    store: Store, many: list[tuple[str, str, CatchUp]]
) -> None:
    """After a gateway's death all ask at once: nobody is told more, less, or what is another's."""
    catchups = CatchUps(region="us", store=store.pool)
    alone = [await catchups.read(*one) for one in many]

    together = await asyncio.gather(*(catchups.read(*one) for one in many))

    assert together == alone
    assert {len(snapshot.missed) for snapshot in together} >= {0, 6}
    assert any(snapshot.revoked is not None for snapshot in together)


async def test_what_is_too_much_to_share_is_read_for_each(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much all have missed together, no more is held than one after another would have been."""
    await store.begin(BOB)
    await store.write(BOB, 6)
    wanted = CatchUp(resume=ResumeToken("us", 1, (0,)))
    monkeypatch.setattr(catchup, "MOST_SHARED_ENTRIES", 5)
    catchups = CatchUps(region="us", store=store.pool)

    found = await asyncio.gather(*(catchups.read(ADA, DEVICE, wanted) for _ in range(3)))

    told = [[json.loads(text)["type"] for text in snapshot.missed].count("entry") for snapshot in found]
    assert told == [6, 6, 6]
