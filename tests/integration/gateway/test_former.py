"""What is told of a group or a channel to who belongs to it no more, read from a real store."""

from collections.abc import AsyncIterator
from typing import cast

import pytest

from infra.postgres import Pool, make_pool
from region.accounts.tokens import AccessClaims
from region.gateway.channels.desk import ChannelDesk
from region.gateway.channels.finding import Finder
from region.gateway.groups.desk import Desk, Parts
from region.gateway.guards import Look
from region.gateway.repository import listings
from region.store.repository.committing import commit
from region.store.repository.setup import prepare
from region.store.rows import Conversation, Member, Place
from region.store.writes import Move, Writes
from replication.channels import ChannelState, Presence
from replication.groups import Details
from replication.ids import channel_id, group_id

pytestmark = pytest.mark.integration

ADA, BOB, CEM, DEB = ("u" + letter * 24 + "-us" for letter in "abcd")
GROUP, PRIVATE, PUBLIC = group_id(ADA, "g"), channel_id(ADA, "private"), channel_id(ADA, "public")
MEMBERS = (
    Member(ADA, "us", role="owner"),
    Member(BOB, "us", role="former", until=3),
    Member(CEM, "us", role="banned", until=3),
    Member(DEB, "us"),
)


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[Pool]:
    """A store with a group and two channels that were given new names after some had gone."""
    async with make_pool(postgres_url, size=2, name="test") as pool:
        await prepare(pool, region="us", partitions=1)
        writes = Writes()
        for name in (GROUP, PRIVATE, PUBLIC):
            channel = ChannelState(public=name == PUBLIC, slow=7, subscribers=2, regions=(Presence("us", 2),), shown=9)
            details = Details(
                "Plan B", "We meet at the dock", history=False, approval=True, created_by=ADA, created_at=1,
                channel=None if name == GROUP else channel,
            )  # fmt: skip
            writes.conversations[name] = Conversation(name, {}, head=9, epoch=1, opened=True, details=details)
            writes.members.update({(name, member.user_id): member for member in MEMBERS})
        async with pool.connection() as connection:
            await commit(connection, [Move(Place(0, 0, 0), 1, 1)], writes)
        yield pool


def claims(user: str) -> AccessClaims:
    """Return who asks."""
    return AccessClaims(sub=user, home="us", epoch=1, device="v", iss="us", iat=0, exp=0)


def parts(store: Pool) -> Parts:
    """Return what a desk reads from, and nothing by which it submits."""
    return cast("Parts", {**dict.fromkeys(Parts.__annotations__), "region": "us", "store": store})


async def test_who_is_gone_is_not_told_what_a_group_became(store: Pool) -> None:
    """Neither its name nor what it is for, how it is joined, nor how many there are; who belongs to it is."""
    desk = Desk(**parts(store))
    for user in (ADA, DEB):
        seen = await desk.view(claims(user), GROUP)
        assert (seen.name, seen.description, seen.approval, seen.member_count) == (
            "Plan B",
            "We meet at the dock",
            True,
            2,
        )
    for user, role in ((BOB, "former"), (CEM, "banned")):
        seen = await desk.view(claims(user), GROUP)
        assert (seen.name, seen.description, seen.history, seen.approval, seen.member_count) == ("", "", True, False, 0)
        assert (seen.role, seen.head, seen.created_by) == (role, 3, ADA)


async def test_so_it_is_with_a_private_channel_and_a_public_one_tells_anybody(store: Pool) -> None:
    """What strangers are shown is no secret from who has left."""
    desk = ChannelDesk(finder=cast("Finder", None), look=cast("Look", None), **parts(store))
    for user in (BOB, CEM):
        seen = await desk.look(claims(user), PRIVATE)
        assert (seen.name, seen.description, seen.public, seen.slow, seen.subscriber_count) == ("", "", False, 0, 0)
        assert (await desk.look(claims(user), PUBLIC)).name == "Plan B"
    assert (await desk.look(claims(DEB), PRIVATE)).name == "Plan B"


@pytest.mark.parametrize(("user", "names"), [(DEB, ["Plan B"] * 3), (BOB, ["", "", "Plan B"])])
async def test_the_list_of_conversations_tells_no_more(store: Pool, user: str, names: list[str]) -> None:
    """It is read apart."""
    async with store.connection() as connection:
        found = {
            one.head.conversation_id: one.name for one in await listings(connection, user, before=(9**18, ""), most=9)
        }
    assert [found[name] for name in (GROUP, PRIVATE, PUBLIC)] == names
