"""Friendship is state of the pair, decided by the owner of their 1:1 conversation, the same in both regions."""

import pytest
from msgspec.structs import replace

from region.projector.friends import are_friends
from region.projector.rehearsal import deed, message
from replication import friends as f
from replication.ids import direct_conversation_id, region_of
from replication.records import DirectBody, Entry, LogBody
from tests.unit.projector.world import ALICE, BOB, EVA, World

PAIR = direct_conversation_id(ALICE, EVA)


@pytest.fixture
def world() -> World:
    """Nothing has happened yet."""
    return World()


def do(world: World, author: str, body: DirectBody, *, settle: bool = True) -> str:
    """Submit it into the pair's conversation; return its id."""
    wanted = deed(author, direct_conversation_id(author, body.recipient_id), body)
    world.regions[region_of(author)].submit(wanted)
    if settle:
        world.settle()
    return wanted.id


def standings(world: World, pair: str = PAIR) -> list[f.Friendship | None]:
    """Return how the two stand, as each region with one of them has it."""
    kept = [region.tables.conversations.get(pair) for region in world.regions.values()]
    return [conversation.details.friendship for conversation in kept if conversation is not None]


def kinds(world: World, user: str) -> list[str]:
    """Return what a user's devices were told, in a word each."""
    return [str(entry.body.__struct_config__.tag) for entry in world.told(user)]


def test_a_request_is_accepted_in_another_region(world: World) -> None:
    """Both regions agree, and the devices of both are told everything."""
    do(world, ALICE, f.FriendRequested(EVA, "ask"))
    assert [one and (one.state, one.by) for one in standings(world)] == [("requested", ALICE)] * 2
    do(world, EVA, f.FriendAccepted(ALICE, "yes"))

    assert [one and (one.state, one.seq) for one in standings(world)] == [("friends", 2)] * 2
    assert kinds(world, ALICE) == kinds(world, EVA) == ["friend_requested", "friend_accepted"]
    assert all(region.tables.poison == [] and region.tables.pendings == {} for region in world.regions.values())


def test_requests_that_cross_become_a_friendship(world: World) -> None:
    """Both ask at once from two regions: whichever the owner sees second accepts the first."""
    mine = do(world, ALICE, f.FriendRequested(EVA, "hers"), settle=False)
    theirs = do(world, EVA, f.FriendRequested(ALICE, "mine"), settle=False)
    world.settle()

    assert [one and one.state for one in standings(world)] == ["friends", "friends"]
    assert kinds(world, ALICE) == kinds(world, EVA) == ["friend_requested", "friend_accepted"]
    assert {entry.message_id for entry in world.told(EVA)} == {mine, theirs}


@pytest.mark.parametrize(("asker", "other"), [(ALICE, EVA), (EVA, ALICE)])
def test_a_late_retry_brings_nothing_back(world: World, asker: str, other: str) -> None:
    """A request that was declined, or a friendship that was ended, stays so when the old submissions come again."""
    ask, yes = f.FriendRequested(other, "ask"), f.FriendAccepted(asker, "yes")
    do(world, asker, ask)
    do(world, other, f.FriendDeclined(asker, "no"))
    do(world, asker, ask)
    assert standings(world) == [None, None]

    do(world, asker, f.FriendRequested(other, "again"))
    do(world, other, yes)
    do(world, asker, f.FriendRemoved(other, "bye"))
    for author, body in ((other, yes), (asker, ask), (asker, f.FriendRequested(other, "again"))):
        do(world, author, body)
    assert standings(world) == [None, None]
    assert len(world.regions["us"].tables.visible(PAIR)) == 5


@pytest.mark.parametrize(
    ("before", "late", "code"),
    [
        ([], (EVA, f.FriendAccepted(ALICE, "late")), "no-friend-request"),
        ([], (EVA, f.FriendDeclined(ALICE, "late")), "no-friend-request"),
        ([], (EVA, f.FriendRemoved(ALICE, "late")), "not-friends"),
        ([(EVA, f.FriendRequested(ALICE, "1"))], (EVA, f.FriendAccepted(ALICE, "late")), "no-friend-request"),
        ([(EVA, f.FriendRequested(ALICE, "1"))], (EVA, f.FriendRequested(ALICE, "late")), "already-asked"),
        ([(EVA, f.FriendRequested(ALICE, "1"))], (ALICE, f.FriendRemoved(EVA, "late")), "not-friends"),
        (
            [(EVA, f.FriendRequested(ALICE, "1")), (ALICE, f.FriendAccepted(EVA, "2"))],
            (EVA, f.FriendRequested(ALICE, "late")),
            "already-friends",
        ),
    ],
)
def test_what_may_not_be_is_refused_and_its_author_told(
    world: World, before: list[tuple[str, DirectBody]], late: tuple[str, DirectBody], code: str
) -> None:
    """The code says why, and nothing is changed by it."""
    for author, body in before:
        do(world, author, body)
    stood = standings(world)
    refused = do(world, *late)

    assert world.code(refused) == code
    assert list(filter(None, standings(world))) == list(filter(None, stood))


def test_who_has_asked_may_take_it_back(world: World) -> None:
    """Then there is nothing to accept any more; an answer that was on its way is refused."""
    do(world, ALICE, f.FriendRequested(EVA, "ask"))
    back = do(world, ALICE, f.FriendRemoved(EVA, "back"), settle=False)
    world.regions["us"].project()
    late = do(world, EVA, f.FriendAccepted(ALICE, "yes"))

    assert (world.code(back), world.code(late)) == ("", "no-friend-request")
    assert standings(world) == [None, None]


def test_friendship_is_not_unread_and_a_message_still_opens_the_conversation(world: World) -> None:
    """A first message that follows a request asks the recipient's home as ever, and is numbered after it."""
    do(world, ALICE, f.FriendRequested(EVA, "ask"))
    first = message(ALICE, EVA, "hello")
    world.regions["us"].submit(first)
    world.settle()

    for region in ("us", "eu"):
        kept = world.regions[region].tables.conversations[PAIR]
        assert (kept.head, kept.message_count) == (2, 1)
    assert kinds(world, EVA) == ["friend_requested", "message_sent"]
    assert world.regions["us"].tables.pendings == {}


def test_nobody_is_asked_who_does_not_exist(world: World) -> None:
    """As far as can be told where it is decided."""
    nobody = BOB.replace("u2", "u9")
    refused = do(world, ALICE, f.FriendRequested(nobody, "ask"))

    assert world.code(refused) == "recipient-unknown"
    assert direct_conversation_id(ALICE, nobody) not in world.regions["us"].tables.conversations


def test_an_entry_that_comes_again_is_known(world: World) -> None:
    """What the owner tells twice changes nothing twice."""
    do(world, ALICE, f.FriendRequested(EVA, "ask"))
    do(world, EVA, f.FriendAccepted(ALICE, "yes"))
    do(world, ALICE, f.FriendRemoved(EVA, "bye"))
    owner, other = ("us", "eu") if PAIR.endswith("us") else ("eu", "us")
    for relayed in world.regions[owner].relayed_to(other):
        if isinstance(relayed.record, Entry):
            again: LogBody = relayed.record.body
            world.regions[other].submit(replace(relayed.record, body=again), via=relayed.via)
    world.settle()

    assert not are_friends(world.regions[other].tables.conversations[PAIR])
