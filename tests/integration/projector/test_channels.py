"""What a channel leaves in a real store: one row a subscription, one entry a post, and a state that needs no list of subscribers."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from infra.postgres import make_pool
from region.projector.rehearsal import deed
from region.store.repository.loading import load, seats
from replication import channels as c
from replication import groups as g
from replication.ids import channel_id

pytestmark = pytest.mark.integration

Until = Callable[[str, Callable[[], Awaitable[bool]]], Awaitable[None]]


async def test_a_channel_goes_on_after_a_restart_with_its_staff_in_memory_alone(region: Any, until: Until) -> None:
    """Who subscribes is looked up when it matters; posts leave no row for anybody, and are put out in the channel's name."""
    ada, bob, eve = await region.user(), await region.user(), await region.user()
    channel = channel_id(ada, "begin")
    deeds: list[tuple[str, Any]] = [
        (ada, c.ChannelCreated("begin", "News")),
        (bob, g.MemberJoined("bob")),
        (eve, g.MemberJoined("eve")),
        (ada, g.RoleChanged("promote", bob, "admin")),
        (bob, c.ChannelMessageSent("one", "said")),
        (eve, g.MemberJoined("again")),
        (ada, g.MemberRemoved("out", eve)),
        (ada, c.ChannelMessageSent("two", "said without Eve")),
    ]
    for half in (deeds[:4], deeds[4:]):
        region.start()
        for author, body in half:
            await region.append(deed(author, channel, body))

        async def numbered(last: str = half[-1][1].client_message_id) -> bool:
            return bool(await region.execute("SELECT 1 FROM entries WHERE client_message_id = %s", last))

        await until("all is numbered", numbered)
        await region.stop()

    async with make_pool(region.settings.store, size=1, name="test") as pool, pool.connection() as connection:
        state = (await load(connection, conversations=[channel])).conversations[channel]
        found = dict(await seats(connection, [(channel, eve), (channel, "nobody")]))
    assert {user: member.role for user, member in state.members.items()} == {ada: "owner", bob: "admin"}
    assert found[channel].role == "former"
    assert state.details.channel is not None
    assert (state.head, state.message_count, state.details.channel.subscribers, state.details.channel.shown) == (
        7,
        2,
        2,
        7,
    )
    assert await region.execute("SELECT author, code FROM refusals") == [(eve, "already-a-member")]
    assert await region.execute("SELECT count(*) FROM members") == [(3,)]
    named = [output.users for output in await region.outputs() if b"channel_message_sent" in bytes(output.record)]
    assert named == [(channel,), (channel,)]
