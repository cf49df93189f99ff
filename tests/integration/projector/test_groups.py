"""What a group's log leaves in a real store, over restarts: state, ranges, bodies of every kind."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from infra.postgres import make_pool
from region.gateway import repository
from region.gateway.groups.repository import sight, standings
from region.projector.rehearsal import deed, submission
from region.store.repository.loading import load
from replication import groups as g
from replication.charters import Charter, Membership
from replication.ids import group_id, new_user_id
from replication.records import Entry, MessageRead, Stream, Via

pytestmark = pytest.mark.integration

Until = Callable[[str, Callable[[], Awaitable[bool]]], Awaitable[None]]


async def test_a_group_survives_in_the_store_and_goes_on_after_a_restart(region: Any, until: Until) -> None:
    """Whoever loads it knows what whoever judged it knew."""
    alice, bob, eva = await region.user(), await region.user(), new_user_id("eu")
    group = group_id(alice, "begin")
    deeds: list[tuple[str, g.GroupBody]] = [
        (alice, g.GroupCreated("begin", "Travellers", "far", (g.Seat(bob, "us"),), history=False)),
        (alice, g.GroupMessageSent("one", "said")),
        (alice, g.InviteMade("link", "i", g.digest_of("token"), 10**16, 3)),
        (alice, g.MemberRemoved("out", bob)),
        (alice, g.GroupMessageSent("two", "said without Bob")),
        (alice, g.MemberAdded("back", bob, "us")),
        (alice, g.MemberAdded("Eva", eva, "eu")),
    ]
    for half in (deeds[:4], deeds[4:]):
        region.start()
        for author, body in half:
            await region.append(deed(author, group, body))

        async def numbered(last: str = half[-1][1].client_message_id) -> bool:
            return bool(await region.execute("SELECT 1 FROM entries WHERE client_message_id = %s", last))

        await until("all is numbered", numbered)
        await region.stop()

    async with make_pool(region.settings.store, size=1, name="test") as pool, pool.connection() as connection:
        state = (await load(connection, conversations=[group])).conversations[group]
        log = await repository.entries_above(connection, group, seq=0, most=20)
        bobs = await sight(connection, group, bob)
        standing = {one.user_id: one for one in await standings(connection, group)}
    assert [entry.body for entry in log] == [body for _, body in deeds]
    assert (state.head, state.message_count, state.details.name, len(state.details.invites)) == (7, 2, "Travellers", 1)
    assert standing == state.members
    assert bobs is not None
    assert [seq for seq in range(1, 9) if bobs.member.may_see(seq)] == [1, 2, 3, 4, 6, 7, 8]
    assert bobs.hidden == ((5, 5),)
    assert standing[eva].since == 7
    rows = await region.execute("SELECT destination, positions FROM relay_rows")
    assert sum(len(positions) for _, positions in rows) == 2, "a charter, and the entry by which Eva is a member"


async def test_a_region_that_gains_a_member_keeps_what_it_lacks_in_mind(region: Any, until: Until) -> None:
    """A charter, what follows it, a mark, and an entry that a gateway has asked for."""
    bob, ada = await region.user(), new_user_id("eu")
    group = group_id(ada, "begin")
    charter = Charter(
        conversation_id=group,
        epoch=1,
        seq=4,
        count=2,
        details=g.Details("Elsewhere"),
        members=(Membership(ada, "eu", "owner", 1, 1, 0, "", 4, 4, 2),),
    )

    def entry(seq: int, body: Any) -> Entry:
        made = deed(ada, group, body)
        return Entry(
            conversation_id=group, seq=seq, epoch=1, incarnation=1, count=2, message_id=made.id, author=ada, home="eu",
            content_hash=made.content_hash, body=body, sent_at=1,
        )  # fmt: skip

    region.start()
    for sequence, record in enumerate((charter, entry(5, g.MemberAdded("Bob", bob, "us"))), start=1):
        await region.append(record, Via(Stream("eu", 1, 1, "us", 0), sequence, sequence))
    await region.append(entry(4, g.GroupMessageSent("before", "said before")))
    await region.append(submission(bob, MessageRead(1, 5), conversation_id=group))

    async def kept() -> bool:
        return bool(await region.execute("SELECT seq FROM entries ORDER BY seq") == [(4,), (5,)])

    await until("both are kept", kept)
    rows = await region.execute("SELECT head, missing, kind FROM conversations")
    assert rows == [(5, "1-3", "group")]
    assert await region.execute("SELECT 1 FROM aside") == []
