"""A region whose lease has lapsed lets nobody in, keeps out whoever is to be kept out, and numbers messages."""

import pytest
from msgspec.structs import replace

from region.holding.errors import ISLANDED
from region.projector.rehearsal import Rehearsal, submission
from replication import channels as c
from replication import groups as g
from replication.accounts import AccountConfirmed, AccountCreated, PasswordChanged, UserBlocked, proof_of
from replication.holding.deciding import Standing
from replication.ids import channel_id, group_id
from replication.moderation import AccountRestored, AccountSuspended
from replication.records import LogBody, Outcome
from tests.unit.projector.channel import Channel
from tests.unit.projector.world import AKI, ALICE, BOB, EDI, EVA, GROUP, World

MINUTES = 10**16


@pytest.fixture
def world() -> World:
    """Alice's group, with Bob and Eva, a link into it, and Aki banned; then the region of its owner is islanded."""
    made = World()
    made.begin(BOB, EVA)
    made.do(ALICE, g.InviteMade("link", "i", g.digest_of("token"), MINUTES))
    made.do(ALICE, g.MemberBanned("ban", AKI))
    made.regions["us"].standing = Standing.ISLANDED
    return made


@pytest.mark.parametrize(
    ("author", "body"),
    [
        (ALICE, g.MemberAdded("add", EDI, "eu")),
        (EDI, g.MemberJoined("join", "token")),
        (ALICE, g.RoleChanged("up", BOB, "admin")),
        (ALICE, g.RoleChanged("over", BOB, "owner", hand_over=True)),
    ],
)
def test_nobody_is_let_in_or_promoted(world: World, author: str, body: LogBody) -> None:
    """Wherever it is asked for: refused for good, by that id, with the reason; nothing is numbered."""
    head = world.regions["us"].tables.conversations[GROUP].head

    refused = world.do(author, body)

    assert world.code(refused) == ISLANDED
    assert any(
        refused in region.tables.refusals and "new client message id" in region.tables.refusals[refused][0].detail
        for region in world.regions.values()
    )
    assert world.regions["us"].tables.conversations[GROUP].head == head
    world.regions["us"].standing = Standing.HOLDING
    assert world.code(world.do(author, body)) == ISLANDED, (
        "what was refused definitely does not happen by a late repetition"
    )
    again = replace(body, client_message_id="again")
    assert world.code(world.do(author, again)) == ""
    assert world.regions["us"].tables.conversations[GROUP].head == head + 1


@pytest.mark.parametrize(
    ("author", "body"),
    [
        (ALICE, g.MemberRemoved("out", BOB)),
        (ALICE, g.MemberBanned("ban too", EVA)),
        (ALICE, g.InviteEnded("end", "i")),
        (EVA, g.MemberLeft("bye")),
        (EVA, g.GroupMessageSent("said", "on the island")),
    ],
)
def test_messages_and_restrictions_go_on(world: World, author: str, body: LogBody) -> None:
    """Silence would be worse than a changed order."""
    assert world.code(world.do(author, body)) == ""
    assert world.regions["us"].tables.conversations[GROUP].head == 4


def test_a_demotion_goes_on(world: World) -> None:
    """Though it is said by the same word as a promotion."""
    world.regions["us"].standing = Standing.HOLDING
    world.do(ALICE, g.RoleChanged("up", BOB, "admin"))
    world.regions["us"].standing = Standing.ISLANDED

    assert world.code(world.do(ALICE, g.RoleChanged("down", BOB, "member"))) == ""
    assert world.roles("eu")[BOB] == "member"


def test_who_may_not_anyway_is_told_that(world: World) -> None:
    """Not that it might go better later."""
    assert world.code(world.do(EVA, g.MemberAdded("add", EDI, "eu"))) == "not-allowed"


def test_whoever_asks_to_be_let_in_may_ask(world: World) -> None:
    """An admin has to answer; that is refused until the lease runs again."""
    world.do(ALICE, g.GroupChanged("approve", approval=True))

    assert world.code(world.do(EDI, g.MemberJoined("ask", "token"))) == ""
    assert world.code(world.do(ALICE, g.MemberAdded("let in", EDI, "eu"))) == ISLANDED


def test_groups_and_channels_do_not_begin(world: World) -> None:
    """Their first members would be let in; what another region owns begins there."""
    group, channel = group_id(BOB, "new"), channel_id(BOB, "new")
    assert world.code(world.do(BOB, g.GroupCreated("new", "New"), conversation=group)) == ISLANDED
    assert world.code(world.do(BOB, c.ChannelCreated("new", "New"), conversation=channel)) == ISLANDED
    assert world.code(world.do(EVA, g.GroupCreated("hers", "Hers"), conversation=group_id(EVA, "hers"))) == ""


def test_a_private_channel_is_opened_to_nobody() -> None:
    """Who opens it lets everybody look into it; what else is changed, and to close it, is nobody's loss."""
    news = Channel(public=False)
    news.regions["us"].standing = Standing.ISLANDED
    assert news.code(news.act(ALICE, c.ChannelChanged("open", public=True, name="Open"))) == ISLANDED
    assert news.code(news.act(ALICE, c.ChannelChanged("name", name="Still closed"))) == ""

    news.regions["us"].standing = Standing.HOLDING
    assert news.code(news.act(ALICE, c.ChannelChanged("open now", public=True))) == ""
    news.regions["us"].standing = Standing.ISLANDED
    assert news.code(news.act(ALICE, c.ChannelChanged("as it is", public=True, name="News"))) == ""
    assert news.code(news.act(ALICE, c.ChannelChanged("close", public=False))) == ""


def test_nobody_who_is_suspended_is_let_in_again() -> None:
    """To suspend somebody goes on, and so does what changes nothing."""
    us = Rehearsal("us")

    def asked(*bodies: AccountCreated | AccountConfirmed | AccountSuspended | AccountRestored) -> str:
        for body in bodies:
            us.submit(submission(BOB, body, reply_to="gateway"))
            us.project()
        *_, last = (answer for answer in us.replied("gateway") if isinstance(answer, Outcome))
        return last.code

    assert asked(AccountCreated("Bob", "Bob", "hash", "token"), AccountConfirmed("token")) == ""
    us.standing = Standing.ISLANDED
    assert asked(AccountRestored("mod")) == ""
    assert asked(AccountSuspended("Enough.", "mod")) == ""
    assert asked(AccountRestored("mod")) == ISLANDED
    us.standing = Standing.HOLDING
    assert asked(AccountRestored("mod")) == ""


def test_no_account_is_made_and_those_that_are_there_are_guarded() -> None:
    """An account that was begun under the lease is confirmed: the directory has promised it its handle by then."""
    us = Rehearsal("us")
    old, new = "u700000000000000000000007-us", "u800000000000000000000008-us"

    def asked(user: str, *bodies: AccountCreated | AccountConfirmed | PasswordChanged | UserBlocked) -> list[str]:
        for body in bodies:
            us.submit(submission(user, body, reply_to="gateway"))
        before = len(us.replied("gateway"))
        us.project()
        return [answer.code for answer in us.replied("gateway")[before:] if isinstance(answer, Outcome)]

    assert asked(old, AccountCreated("Yan", "Yan", "hash", "token")) == [""]
    us.standing = Standing.ISLANDED
    assert asked(new, AccountCreated("Zoe", "Zoe", "hash", "token")) == [ISLANDED]
    assert new not in us.tables.users
    assert asked(old, AccountCreated("Yan", "Yan", "hash", "token"), AccountConfirmed("token")) == ["", ""]
    assert asked(old, PasswordChanged("other", proof_of("hash"), ""), UserBlocked(BOB)) == ["", ""]
    us.standing = Standing.HOLDING
    assert asked(new, AccountCreated("Zoe", "Zoe", "hash", "token")) == [""]
