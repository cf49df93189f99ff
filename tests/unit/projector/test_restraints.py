"""Blocks, and who may begin to write: judged where the user lives who wants that, and told to nobody."""

import pytest
from msgspec.structs import replace

from region.projector.rehearsal import deed, message, submission
from replication import alterations as a
from replication import friends as f
from replication import runs
from replication.accounts import UserBlocked, UserUnblocked, WritersChosen
from replication.groups import GroupMessageSent, MemberAdded, MemberRemoved
from replication.ids import direct_conversation_id, group_id, region_of
from replication.records import Body, Entry, MessageRead, Submission
from tests.unit.projector.test_friends import do, kinds, standings
from tests.unit.projector.world import ALICE, BOB, EVA, GROUP, World

PAIR = direct_conversation_id(ALICE, EVA)
THUMB = "\N{THUMBS UP SIGN}"


@pytest.fixture
def world() -> World:
    """Nothing has happened yet."""
    return World()


def decide(world: World, author: str, body: Body) -> None:
    """Let somebody decide something of their own."""
    world.regions[region_of(author)].submit(submission(author, body))
    world.settle()


def write(world: World, author: str, recipient: str, text: str) -> str:
    """Send a message; return its id."""
    sent = message(author, recipient, text)
    world.regions[region_of(author)].submit(sent)
    world.settle()
    return sent.id


def unread(world: World, user: str, pair: str = PAIR) -> int:
    """Return how many messages a user has not read, as the list of conversations counts them."""
    conversation = world.regions[region_of(user)].tables.conversations[pair]
    member = conversation.members[user]
    return (conversation.message_count - member.sent) - (member.read_count - member.read_sent)


def read(world: World, user: str, seq: int, pair: str = PAIR) -> None:
    """Mark as read."""
    mark = submission(user, MessageRead(1, seq), conversation_id=pair)
    world.regions[region_of(user)].submit(mark)
    world.settle()


@pytest.mark.parametrize(("blocked", "blocker"), [(ALICE, EVA), (EVA, ALICE), (ALICE, BOB), (BOB, ALICE)])
def test_what_somebody_blocked_sends_is_stopped_and_looks_sent(world: World, blocked: str, blocker: str) -> None:
    """Numbered, told to its author, never told, shown or counted to who blocks; lifting it brings nothing back."""
    pair = direct_conversation_id(blocked, blocker)
    write(world, blocked, blocker, "before")
    decide(world, blocker, UserBlocked(blocked))
    write(world, blocked, blocker, "stopped 1")
    write(world, blocked, blocker, "stopped 2")
    read(world, blocker, 3, pair)
    decide(world, blocker, UserUnblocked(blocked))
    last = write(world, blocked, blocker, "after")

    assert [entry.text for entry in world.told(blocked)] == ["before", "stopped 1", "stopped 2", "after"]
    assert [entry.text for entry in world.told(blocker)] == ["before", "after"]
    assert world.code(last) == ""
    for region in {region_of(blocked), region_of(blocker)}:
        assert world.regions[region].tables.conversations[pair].members[blocker].read == 1
    member = world.regions[region_of(blocker)].tables.conversations[pair].members[blocker]
    assert [seq for seq in range(1, 5) if member.may_see(seq)] == [1, 4]
    assert unread(world, blocker, pair) == 1
    read(world, blocker, 4, pair)
    assert unread(world, blocker, pair) == 0


def test_a_message_on_its_way_is_stopped_if_the_block_is_there_before_it(world: World) -> None:
    """Though its author's home, which numbered it, knows of no block; and one that came before is not."""
    write(world, ALICE, EVA, "hello")
    world.regions["us"].submit(message(ALICE, EVA, "on its way"))
    world.regions["us"].project()
    decide(world, EVA, UserBlocked(ALICE))
    assert [entry.text for entry in world.told(EVA)] in (["hello"], ["hello", "on its way"])
    world.settle()

    stood = [entry.text for entry in world.told(EVA)]
    member = world.regions["eu"].tables.conversations[PAIR].members[EVA]
    assert member.may_see(2) == ("on its way" in stood)
    assert unread(world, EVA) == len(stood)


@pytest.mark.parametrize(("blocked", "blocker"), [(ALICE, EVA), (EVA, ALICE), (ALICE, BOB), (BOB, ALICE)])
@pytest.mark.parametrize(
    "kind", [a.MessageEdited, a.ReactionAdded, a.ReactionRemoved, a.MessagePinned, a.MessageUnpinned]
)
def test_what_somebody_blocked_does_to_older_messages_is_stopped_too(
    world: World, kind: type[a.Alteration], blocked: str, blocker: str
) -> None:
    """Else a message of before the block would carry new words, by its edits; its author sees no difference."""
    pair = direct_conversation_id(blocked, blocker)
    said = write(world, blocked, blocker, "before")
    if kind in {a.ReactionRemoved, a.MessageUnpinned}:
        before = a.ReactionAdded("0", said, THUMB, blocker) if kind is a.ReactionRemoved else None
        world.do(blocked, before or a.MessagePinned("0", said, blocker), conversation=pair)
    already = len(world.told(blocker))
    decide(world, blocker, UserBlocked(blocked))
    body = kind("late", said, recipient_id=blocker)
    if isinstance(body, a.MessageEdited | a.ReactionAdded | a.ReactionRemoved):
        body = replace(body, **{"text": "words"} if isinstance(body, a.MessageEdited) else {"emoji": THUMB})
    done = world.do(blocked, body, conversation=pair)

    conversation = world.regions[region_of(blocker)].tables.conversations[pair]
    assert world.code(done) == ""
    assert done in [entry.message_id for entry in world.told(blocked)]
    assert len(world.told(blocker)) == already
    assert not conversation.members[blocker].may_see(conversation.head)
    assert unread(world, blocker, pair) == 1


@pytest.mark.parametrize(("blocked", "blocker"), [(ALICE, EVA), (EVA, ALICE), (ALICE, BOB)])
def test_who_is_blocked_may_still_take_a_message_away(world: World, blocked: str, blocker: str) -> None:
    """A deletion says nothing, and leaves nothing."""
    pair = direct_conversation_id(blocked, blocker)
    said = write(world, blocked, blocker, "before")
    decide(world, blocker, UserBlocked(blocked))
    gone = world.do(blocked, a.MessageDeleted("gone", said, recipient_id=blocker), conversation=pair)

    assert gone in [entry.message_id for entry in world.told(blocker)]
    assert world.texts(region_of(blocker)) == []


@pytest.mark.parametrize(("blocked", "blocker"), [(ALICE, EVA), (EVA, ALICE), (ALICE, BOB)])
def test_who_is_blocked_takes_away_what_was_stopped_and_nobody_is_told(
    world: World, blocked: str, blocker: str
) -> None:
    """It is gone everywhere; and however often that one writes and deletes, it is one run that is hidden."""
    pair = direct_conversation_id(blocked, blocker)
    write(world, blocked, blocker, "before")
    decide(world, blocker, UserBlocked(blocked))
    for name in ("1", "2", "3"):
        said = write(world, blocked, blocker, name)
        world.do(blocked, a.MessageDeleted(f"gone {name}", said, recipient_id=blocker), conversation=pair)

    member = world.regions[region_of(blocker)].tables.conversations[pair].members[blocker]
    assert [entry.text for entry in world.told(blocker)] == ["before"]
    assert world.texts(region_of(blocker)) == ["before"]
    assert member.hidden == ((2, 7),)
    assert unread(world, blocker, pair) == 1


def test_whatever_somebody_blocked_does_what_is_hidden_is_bounded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deletions of older messages are seen between those that are stopped; with too many the nearest runs become one, and counts stay right."""
    monkeypatch.setattr(runs, "MOST_HIDDEN", 2)
    said = [write(world, ALICE, EVA, f"before {number}") for number in range(4)]
    read(world, EVA, 4)
    decide(world, EVA, UserBlocked(ALICE))
    for number, one in enumerate(said):
        write(world, ALICE, EVA, f"stopped {number}")
        world.do(ALICE, a.MessageDeleted(f"gone {number}", one, recipient_id=EVA), conversation=PAIR)

    member = world.regions["eu"].tables.conversations[PAIR].members[EVA]
    assert len(member.hidden) == runs.MOST_HIDDEN
    assert not any(member.may_see(seq) for seq in (5, 7, 9, 11))
    assert world.texts("eu") == [f"stopped {number}" for number in range(4)]
    assert unread(world, EVA) == 0


def test_what_was_held_up_is_stopped_whatever_fills_the_gap(world: World) -> None:
    """An edit that comes late lets a message go on that was held above it: the block is known then, too."""
    said = write(world, ALICE, EVA, "before")
    world.do(ALICE, a.MessageEdited("e", said, "edited", recipient_id=EVA), settle=False, conversation=PAIR)
    world.regions["us"].submit(message(ALICE, EVA, "held up"))
    world.regions["us"].project()
    edit, held = [one for one in world.regions["us"].relayed_to("eu") if isinstance(one.record, Entry)][-2:]
    eu = world.regions["eu"]
    eu.submit(submission(EVA, UserBlocked(ALICE)))
    for one in (held, edit):
        eu.submit(one.record, via=one.via)
        eu.project()

    assert eu.tables.conversations[PAIR].head == 3
    assert [entry.text for entry in world.told(EVA)] == ["before"]
    assert unread(world, EVA) == 1


def test_reading_below_what_was_stopped_counts_right(world: World) -> None:
    """Whatever is above the mark, stopped or not."""
    for text in ("1", "2", "3"):
        write(world, ALICE, EVA, text)
    decide(world, EVA, UserBlocked(ALICE))
    for text in ("4", "5"):
        write(world, ALICE, EVA, text)
    decide(world, EVA, UserUnblocked(ALICE))
    for text in ("6", "7"):
        write(world, ALICE, EVA, text)
    seen = []
    for seq in (1, 5, 6, 7):
        read(world, EVA, seq)
        seen.append(unread(world, EVA))

    assert seen == [4, 2, 1, 0]


def test_who_blocks_does_not_write_until_it_is_lifted(world: World) -> None:
    """It is said at once, by one's own home."""
    decide(world, EVA, UserBlocked(ALICE))
    refused = write(world, EVA, ALICE, "hello")
    asked = do(world, EVA, f.FriendRequested(ALICE, "ask"))

    assert world.code(refused) == world.code(asked) == "you-blocked-them"
    assert world.told(ALICE) == []


def test_a_request_of_somebody_blocked_is_never_seen(world: World) -> None:
    """It looks sent; the entry is hidden from who blocks, also when the block is lifted."""
    decide(world, EVA, UserBlocked(ALICE))
    do(world, ALICE, f.FriendRequested(EVA, "ask"))
    decide(world, EVA, UserUnblocked(ALICE))

    assert (kinds(world, ALICE), kinds(world, EVA)) == (["friend_requested"], [])
    (standing,) = {one for one in standings(world) if one}
    assert not world.regions["eu"].tables.conversations[PAIR].members[EVA].may_see(standing.seq)


def test_somebody_blocked_cannot_add_one_to_a_group(world: World) -> None:
    """Where the owner knows of the block it refuses; elsewhere one's home lets one leave at once, and shows nothing."""
    decide(world, EVA, UserBlocked(ALICE))
    decide(world, BOB, UserBlocked(ALICE))
    world.begin()
    refused = world.add(BOB)
    world.say(ALICE, "before")
    world.do(ALICE, _added(EVA), settle=False)
    world.do(ALICE, GroupMessageSent("to Eva", "to Eva"))

    assert world.code(refused) == "not-addable"
    assert world.roles("us") == {ALICE: "owner"}
    assert world.told(EVA) == world.told(BOB) == []
    assert world.regions["eu"].tables.conversations[GROUP].members[EVA].since == 0
    assert group_id(ALICE, "begin") == GROUP


def _added(user: str) -> MemberAdded:
    return MemberAdded("add", user, region_of(user))


@pytest.mark.parametrize(("author", "recipient"), [(ALICE, EVA), (EVA, ALICE), (BOB, ALICE), (ALICE, BOB)])
def test_only_friends_may_begin_to_write_to_who_wants_that(world: World, author: str, recipient: str) -> None:
    """A stranger is told so, for good; a friend is not held up; what has begun goes on."""
    decide(world, recipient, WritersChosen("friends"))
    strange = write(world, author, recipient, "from a stranger")
    do(world, author, f.FriendRequested(recipient, "ask"))
    early = write(world, author, recipient, "asked only")
    do(world, recipient, f.FriendAccepted(author, "yes"))
    friendly = write(world, author, recipient, "from a friend")
    do(world, recipient, f.FriendRemoved(author, "bye"))
    later = write(world, author, recipient, "from a former friend")

    assert [world.code(one) for one in (strange, early, friendly, later)] == ["friends-only", "friends-only", "", ""]
    assert [entry.text for entry in world.told(recipient) if entry.text] == ["from a friend", "from a former friend"]
    assert all(region.tables.pendings == {} for region in world.regions.values())


def test_conversations_that_have_begun_go_on(world: World) -> None:
    """Whoever has written before is no stranger; and who wants only friends may write to anybody."""
    write(world, ALICE, EVA, "hello")
    decide(world, EVA, WritersChosen("friends"))
    on = write(world, ALICE, EVA, "still here?")
    mine = write(world, EVA, BOB, "I begin")
    theirs = write(world, BOB, EVA, "an answer")

    assert [world.code(one) for one in (on, mine, theirs)] == ["", "", ""]


def test_a_late_retry_of_what_was_refused_stays_refused(world: World) -> None:
    """Also when they are friends by then: it is written anew."""
    decide(world, EVA, WritersChosen("friends"))
    first = message(ALICE, EVA, "hello")
    world.regions["us"].submit(first)
    world.settle()
    do(world, EVA, f.FriendRequested(ALICE, "ask"))
    do(world, ALICE, f.FriendAccepted(EVA, "yes"))
    again: Submission = first
    world.regions["us"].submit(again)
    world.settle()

    assert world.code(first.id) == "friends-only"
    assert [entry.text for entry in world.told(EVA) if entry.text] == []
    assert deed(ALICE, PAIR, first.body).id == first.id  # type: ignore[arg-type]  # it is a message


def test_who_was_removed_before_leaving_is_told_nothing_and_nothing_is_poison(world: World) -> None:
    """The owner refuses the leave of who is no member any more; it resolves what waited for that."""
    decide(world, EVA, UserBlocked(ALICE))
    world.begin(BOB)
    world.do(ALICE, _added(EVA), settle=False)
    world.do(ALICE, MemberRemoved("remove", EVA), settle=False)
    world.settle()
    eu = world.regions["eu"]

    assert [refusal.code for refusal, _ in eu.tables.refusals.values()] == ["not-a-member"]
    assert (eu.tables.poison, eu.tables.pendings) == ([], {})
    assert eu.told(EVA)[1:] == []


def test_a_leave_that_is_lost_is_sent_again(world: World) -> None:
    """Whoever was added by somebody blocked would stay otherwise."""
    decide(world, EVA, UserBlocked(ALICE))
    world.begin(BOB)
    world.do(ALICE, _added(EVA), settle=False)
    world.regions["us"].project()
    world.carry()
    world.regions["eu"].project()
    assert world.lose("eu", "us")
    world.settle()
    assert EVA in world.roles("us")
    world.remind("eu")
    world.settle()

    assert EVA not in world.roles("us")
    assert (world.regions["eu"].tables.poison, world.regions["eu"].tables.pendings) == ([], {})
    assert world.regions["eu"].told(EVA)[1:] == []
