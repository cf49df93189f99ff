"""What is told of a group or a channel to who belongs to it no more, read from a real store."""

from collections.abc import AsyncIterator
from typing import cast

import pytest

from infra.errors import CausewayError, NotFoundError, UnavailableError
from infra.postgres import Pool, make_pool
from region.accounts.tokens import AccessClaims
from region.gateway.channels.desk import ChannelDesk
from region.gateway.channels.finding import Finder, Preview
from region.gateway.channels.schemas import ChannelView
from region.gateway.groups.desk import Desk, Parts
from region.gateway.guards import Look
from region.gateway.repository import listings
from region.gateway.schemas import Page
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
EVA = "u" + "e" * 24 + "-eu"
LEFT = channel_id(EVA, "left")
"""A channel of eu, public when the last one who lives here left it."""
MEMBERS = (
    Member(ADA, "us", role="owner"),
    Member(BOB, "us", role="former", until=3),
    Member(CEM, "us", role="banned", until=3),
    Member(DEB, "us"),
)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Pool]:
    """A store with a group and two channels that were given new names after some had gone."""
    async with make_pool(store_url, size=2, name="test") as pool:
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
        elsewhere = ChannelState(subscribers=1, regions=(Presence("eu", 1),), shown=3)
        old = Details("Plan A", "as it was", created_by=EVA, created_at=1, channel=elsewhere)
        writes.conversations[LEFT] = Conversation(LEFT, {}, head=3, epoch=1, opened=True, details=old)
        writes.members[LEFT, BOB] = MEMBERS[1]
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


class Owner:
    """The finder, as the region that owns a channel answers it."""

    def __init__(self, answer: Preview | CausewayError) -> None:
        self._answer = answer

    async def preview(self, channel_id: str) -> Preview:
        """Return what a stranger is shown."""
        assert channel_id == LEFT
        if isinstance(self._answer, CausewayError):
            raise self._answer
        return self._answer


async def as_often_as_wanted(_: str) -> None:
    """Let everybody ask."""


def desk_beside(store: Pool, answer: Preview | CausewayError) -> ChannelDesk:
    """Return a desk whose questions are answered so."""
    return ChannelDesk(finder=cast("Finder", Owner(answer)), look=as_often_as_wanted, **parts(store))


async def test_where_nobody_is_a_subscriber_any_more_only_the_owner_is_believed(store: Pool) -> None:
    """This region is told nothing of the channel since: who has left is shown what strangers are, and nothing if they are shown nothing."""
    view = ChannelView(
        channel_id=LEFT, name="Plan C", description="as it is", public=True, slow=0, created_by=EVA, created_at="",
        owner_region="eu", role="", subscriber_count=5, head=9,
    )  # fmt: skip
    told = await desk_beside(store, Preview(view, Page(LEFT, [], None, None))).look(claims(BOB), LEFT)
    assert (told.name, told.description, told.subscriber_count, told.role, told.head) == (
        "Plan C", "as it is", 5, "former", 3,
    )  # fmt: skip
    hidden = await desk_beside(store, NotFoundError(what="channel")).look(claims(BOB), LEFT)
    assert (hidden.name, hidden.description, hidden.public, hidden.role, hidden.head) == ("", "", False, "former", 3)
    with pytest.raises(UnavailableError):
        await desk_beside(store, UnavailableError(what="eu")).look(claims(BOB), LEFT)


@pytest.mark.parametrize(("user", "names"), [(DEB, ["Plan B"] * 3), (BOB, ["", "", "Plan B"])])
async def test_the_list_of_conversations_tells_no_more(store: Pool, user: str, names: list[str]) -> None:
    """It is read apart."""
    async with store.connection() as connection:
        found = {
            one.head.conversation_id: one.name for one in await listings(connection, user, before=(9**18, ""), most=9)
        }
    assert [found[name] for name in (GROUP, PRIVATE, PUBLIC)] == names
    assert found.get(LEFT, "") == ""
