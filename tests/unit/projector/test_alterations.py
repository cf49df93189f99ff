"""What may be done to messages, what becomes of them in each region, and that no late retry brings anything back."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from region.projector.docket import MOST_AHEAD, USUAL_WINDOW
from region.projector.rehearsal import deed, message
from replication import alterations as a
from replication import groups as g
from replication.ids import direct_conversation_id
from replication.records import Entry, MessageSent, Receipt
from tests.unit.projector.world import AKI, ALICE, BOB, EDI, EVA, GROUP, World

THUMB, HEART = "\N{THUMBS UP SIGN}", "\N{HEAVY BLACK HEART}"


@pytest.fixture
def world() -> World:
    """A group of four in three regions."""
    made = World()
    made.begin(BOB, EVA, AKI)
    return made


def aftermath(world: World, region: str, seq: int, conversation: str = GROUP) -> a.Aftermath:
    """Return what was made of a message, as a region has it."""
    return world.regions[region].tables.aftermaths.get((conversation, seq), a.NOTHING)


def everywhere(world: World, seq: int) -> a.Aftermath:
    """Return what was made of a message, which is the same in all regions."""
    found = [aftermath(world, region, seq) for region in world.regions]
    assert found[0] == found[1] == found[2]
    return found[0]


def test_an_edit_changes_what_a_message_says_in_every_region(world: World) -> None:
    """The last edit counts, by seq at the owner; the first text stays in the message's own entry."""
    said = world.say(EVA, "frist")
    world.do(EVA, a.MessageEdited("once", said, "first"))
    world.do(EVA, a.MessageEdited("twice", said, "First!"))

    made = everywhere(world, 2)
    assert made.text == "First!"
    assert [edit.seq for edit in made.edits] == [3, 4]
    assert world.texts("ap") == ["frist"]


@pytest.mark.parametrize("author", [ALICE, BOB])
def test_nobody_edits_the_words_of_another(world: World, author: str) -> None:
    """Neither an owner nor a member does."""
    said = world.say(EVA, "mine")
    assert world.code(world.do(author, a.MessageEdited("e", said, "yours"))) == "not-the-author"


def test_no_home_lengthens_the_time_for_edits_by_its_clock(world: World) -> None:
    """What comes from the future was sent when its owner got it, give or take what clocks may differ; the same in every region."""
    wanted = replace(deed(EVA, GROUP, g.GroupMessageSent("said", "first")), submitted_at=10**18)
    world.regions["eu"].submit(wanted)
    world.settle()
    us = world.regions["us"]
    [entry] = [entry for entry, _ in us.tables.entries.values() if entry.message_id == wanted.id]
    assert us.now - 100 <= entry.sent_at - MOST_AHEAD <= us.now
    assert {region.tables.entries[GROUP, entry.seq][0].sent_at for region in world.regions.values()} == {entry.sent_at}

    us.now += USUAL_WINDOW + MOST_AHEAD
    assert world.code(world.do(EVA, a.MessageEdited("e", wanted.id, "older"))) == "too-late-to-edit"


def test_what_may_not_be_done(world: World) -> None:
    """Each refusal has its code, and changes nothing."""
    said = world.say(EVA, "hello")
    joined = next(entry.message_id for entry in world.told(EVA))
    wishes: dict[str, list[tuple[str, a.Alteration]]] = {
        "message-unknown": [
            (EVA, a.MessageEdited("1", joined, "it is no message")),
            (EVA, a.MessageDeleted("2", f"m{'0' * 35}-us")),
        ],
        "not-allowed": [(BOB, a.MessageDeleted("3", said))],
        "text-missing": [(EVA, a.MessageEdited("4", said, ""))],
        "unchanged": [(BOB, a.ReactionRemoved("5", said, THUMB))],
        "not-a-member": [(EDI, a.ReactionAdded("6", said, THUMB)), (EDI, a.MessageDeleted("7", said))],
    }
    for code, each in wishes.items():
        for author, body in each:
            assert world.code(world.do(author, body)) == code
    assert everywhere(world, 2) == a.NOTHING


def test_a_message_is_edited_only_for_a_while(world: World) -> None:
    """By the owner's clock; it may be deleted at any time."""
    said = world.say(EVA, "old")
    for region in world.regions.values():
        region.now += USUAL_WINDOW
    assert world.code(world.do(EVA, a.MessageEdited("e", said, "older"))) == "too-late-to-edit"
    assert world.code(world.do(EVA, a.MessageDeleted("d", said))) == ""


def test_a_message_is_edited_only_so_often(world: World) -> None:
    """There is a most."""
    said = world.say(ALICE, "again")
    for number in range(a.MOST_EDITS):
        world.do(ALICE, a.MessageEdited(f"e{number}", said, f"again {number}"), settle=False)
    world.settle()
    assert world.code(world.do(ALICE, a.MessageEdited("more", said, "once more"))) == "too-many-edits"


def test_what_is_kept_of_reactions_is_bounded(world: World) -> None:
    """Also of those that are taken back; one that was there before may come again."""
    said = world.say(ALICE, "hello")
    tried = [chr(0x1F600 + number) for number in range(a.MOST_TRIED)]
    for number, emoji in enumerate(tried):
        world.do(BOB, a.ReactionAdded(f"on {number}", said, emoji), settle=False)
        world.do(BOB, a.ReactionRemoved(f"off {number}", said, emoji), settle=False)
    world.settle()

    assert world.code(world.do(BOB, a.ReactionAdded("one more", said, THUMB))) == "too-many-reactions"
    assert world.code(world.do(BOB, a.ReactionAdded("again", said, tried[0]))) == ""
    assert world.code(world.do(EVA, a.ReactionAdded("hers", said, THUMB))) == ""
    assert len(everywhere(world, 2).reactions) == a.MOST_TRIED + 1


def test_what_was_forwarded_is_not_edited(world: World) -> None:
    """They are the words of another."""
    said = world.do(EVA, g.GroupMessageSent("f", "wise words", forwarded=EDI))
    assert world.code(world.do(EVA, a.MessageEdited("e", said, "other words"))) == "forwarded"


@pytest.mark.parametrize("author", [EVA, ALICE])
def test_a_deleted_message_rests_nowhere(world: World, author: str) -> None:
    """Its author or an admin deletes it: its text, and those of its edits, are gone from every region."""
    said = world.do(EVA, g.GroupMessageSent("one", "secret"))
    world.do(EVA, a.MessageEdited("e", said, "still secret"))
    world.do(AKI, a.ReactionAdded("r", said, THUMB))
    world.do(author, a.MessageDeleted("d", said))

    made = everywhere(world, 2)
    assert (made.deleted, made.text, made.shown()) == (5, "", ())
    for region in world.regions.values():
        assert "secret" not in repr([entry for entry, _ in region.tables.entries.values()])


def test_nothing_is_done_to_a_deleted_message(world: World) -> None:
    """Late ones are refused, and their authors told."""
    said = world.say(EVA, "gone")
    world.do(EVA, a.MessageDeleted("d", said))
    for body in (a.MessageEdited("e", said, "back"), a.ReactionAdded("r", said, THUMB), a.MessageDeleted("d2", said)):
        assert world.code(world.do(EVA, body)) == "message-deleted"
    assert everywhere(world, 2).text == ""


def test_an_edit_and_a_delete_at_the_same_time_leave_nothing(world: World) -> None:
    """Whichever the owner takes first, the message is gone; if that was the delete, the edit is refused."""
    said = world.say(EVA, "old")
    edited = world.do(EVA, a.MessageEdited("e", said, "new"), settle=False)
    world.do(ALICE, a.MessageDeleted("d", said), settle=False)
    world.settle()
    assert everywhere(world, 2).deleted
    assert world.code(edited) in {"", "message-deleted"}
    assert all("new" not in world.texts(region) for region in world.regions)


def test_a_late_retry_brings_nothing_back(world: World) -> None:
    """An edit, a reaction and the message itself, submitted again after what came later, change nothing."""
    said = world.say(EVA, "one")
    retries = [
        deed(EVA, GROUP, g.GroupMessageSent("one", "one")),
        deed(EVA, GROUP, a.MessageEdited("e1", said, "two")),
        deed(AKI, GROUP, a.ReactionAdded("r1", said, THUMB)),
    ]
    world.do(EVA, a.MessageEdited("e1", said, "two"))
    world.do(AKI, a.ReactionAdded("r1", said, THUMB))
    world.do(AKI, a.ReactionRemoved("r2", said, THUMB))
    world.do(EVA, a.MessageEdited("e2", said, "three"))
    before = everywhere(world, 2)

    for retry in retries:
        world.regions[retry.home].submit(retry)
    world.settle()
    assert everywhere(world, 2) == before
    assert (before.text, before.shown()) == ("three", ())

    world.do(EVA, a.MessageDeleted("d", said))
    gone = everywhere(world, 2)
    for retry in retries:
        world.regions[retry.home].submit(retry)
    world.settle()
    assert everywhere(world, 2) == gone
    assert "one" not in {entry.text for entry in world.told(EVA)[-1:]}


def test_who_repeats_a_deleted_message_is_not_told_what_it_said(world: World) -> None:
    """Also when it is deleted and repeated in one batch."""
    said = world.say(EVA, "secret")
    world.do(EVA, a.MessageDeleted("d", said), settle=False)
    world.settle()
    again = deed(EVA, GROUP, g.GroupMessageSent("secret", "secret"), reply_to="gateway")
    world.regions["eu"].submit(again)
    world.settle()
    (answer,) = world.regions["eu"].replied("gateway")
    assert isinstance(answer, Entry)
    assert (answer.message_id, answer.text) == (said, "")


def test_one_user_reacts_with_several_emoji_up_to_a_limit(world: World) -> None:
    """Each once; what was taken back makes room."""
    said = world.say(EVA, "react")
    emoji = [chr(0x1F600 + number) for number in range(a.MOST_REACTIONS + 1)]
    for one in emoji[:-1]:
        world.do(AKI, a.ReactionAdded(one, said, one))
    assert world.code(world.do(AKI, a.ReactionAdded("again", said, emoji[0]))) == "unchanged"
    assert world.code(world.do(AKI, a.ReactionAdded("more", said, emoji[-1]))) == "too-many-reactions"
    world.do(AKI, a.ReactionRemoved("less", said, emoji[0]))
    assert world.code(world.do(AKI, a.ReactionAdded("now", said, emoji[-1]))) == ""
    assert {one.emoji for one in everywhere(world, 2).shown()} == set(emoji[1:])


def test_one_emoji_is_one_however_it_is_spelled(world: World) -> None:
    """As who came first spelled it; so the same is taken back, and is not there twice."""
    said = world.say(EVA, "love")
    coloured = HEART + "\N{VARIATION SELECTOR-16}"
    world.do(AKI, a.ReactionAdded("plain", said, HEART))
    assert world.code(world.do(AKI, a.ReactionAdded("again", said, coloured))) == "unchanged"
    assert world.code(world.do(BOB, a.ReactionAdded("his", said, coloured))) == ""
    assert [(one.user_id, one.emoji) for one in everywhere(world, 2).shown()] == [(BOB, HEART), (AKI, HEART)]
    assert world.code(world.do(BOB, a.ReactionRemoved("back", said, coloured))) == ""
    assert [one.user_id for one in everywhere(world, 2).shown()] == [AKI]


def test_who_may_not_see_a_message_is_not_told_what_is_done_to_it() -> None:
    """A member since later is told that there is an entry, and nothing else; nor does that member's region get more."""
    world = World()
    world.begin(BOB, history=False)
    said = world.say(ALICE, "before")
    world.add(EVA)
    world.do(ALICE, a.MessageEdited("e", said, "not for Eva"))
    world.do(BOB, a.ReactionAdded("r", said, THUMB))

    assert [entry.seq for entry in world.told(EVA)] == [3, 4, 5]
    for entry in world.told(EVA)[1:]:
        assert isinstance(entry.body, a.MessageEdited | a.ReactionAdded)
        assert (entry.body.target, entry.body.target_seq) == ("", 0)
    assert "not for Eva" not in repr(world.regions["eu"].tables.entries)
    assert world.code(world.do(EVA, a.ReactionAdded("mine", said, HEART))) == "message-unknown"
    assert [entry.body.target for entry in world.told(BOB)[-2:] if isinstance(entry.body, a.Alteration)] == [said, said]


def test_a_deletion_reaches_those_who_have_left() -> None:
    """Their region has no member any more, and gets nothing else; but the text goes there as well."""
    world = World()
    world.begin(EVA)
    said = world.say(ALICE, "secret")
    world.do(EVA, g.MemberLeft("bye"))
    world.do(ALICE, a.MessageEdited("e", said, "edited later"))
    assert world.texts("eu") == ["secret"]

    world.do(ALICE, a.MessageDeleted("d", said))
    assert world.texts("eu") == []
    told = world.regions["eu"].told(EVA)
    assert isinstance(told[-1], Receipt)
    assert "edited later" not in repr(world.regions["eu"].tables.entries)


def test_an_entry_that_was_missing_comes_with_what_was_made_of_it() -> None:
    """Its owner says so, since the entries by which are missing as well; those that come later are merged, whatever the order."""
    world = World()
    world.begin()
    said, other = world.say(ALICE, "frist"), world.say(ALICE, "secret")
    world.do(ALICE, a.MessageEdited("e", said, "first"))
    world.add(EVA)
    world.do(EVA, a.ReactionAdded("r", said, THUMB))
    world.do(ALICE, a.MessageDeleted("d", other))

    us, eu = world.regions["us"].tables, world.regions["eu"]
    for seq in (4, 3, 2):
        entry = us.entries[GROUP, seq][0]
        told = Entry(
            **{name: getattr(entry, name) for name in entry.__struct_fields__ if name != "aftermath"},
            aftermath=us.aftermaths.get((GROUP, seq), a.NOTHING),
        )
        eu.submit(told)
    eu.project()
    for seq in (2, 3):
        assert eu.tables.aftermaths[GROUP, seq] == us.aftermaths[GROUP, seq]
    assert world.texts("eu") == ["frist"]


def test_a_message_that_was_asked_for_before_it_was_deleted_is_kept_without_its_text() -> None:
    """The owner's answer and the deletion cross."""
    world = World()
    world.begin()
    said = world.say(ALICE, "secret")
    world.add(EVA)
    old = world.regions["us"].tables.entries[GROUP, 2][0]
    world.do(ALICE, a.MessageDeleted("d", said))
    world.regions["eu"].submit(old)
    world.regions["eu"].project()
    assert world.texts("eu") == []


def test_both_of_a_direct_conversation_do_things_across_regions() -> None:
    """Either may react; only who wrote a message edits or deletes it."""
    world = World()
    pair = direct_conversation_id(ALICE, EVA)
    hello = message(ALICE, EVA, "helo", name="one")
    world.regions["us"].submit(hello)
    world.settle()

    def do(author: str, body: a.Alteration) -> str:
        wanted = deed(author, pair, body)
        world.regions[wanted.home].submit(wanted)
        world.settle()
        return world.code(wanted.id)

    assert do(EVA, a.ReactionAdded("r", hello.id, HEART, ALICE)) == ""
    assert do(EVA, a.MessageEdited("e", hello.id, "bye", (), ALICE)) == "not-the-author"
    assert do(EVA, a.MessageDeleted("d", hello.id, ALICE)) == "not-the-author"
    assert do(ALICE, a.MessageEdited("e", hello.id, "hello", (), EVA)) == ""
    made = [aftermath(world, region, 1, pair) for region in ("us", "eu")]
    assert made[0] == made[1]
    assert (made[0].text, [one.user_id for one in made[0].shown()]) == ("hello", [EVA])
    assert do(ALICE, a.MessageDeleted("d", hello.id, EVA)) == ""
    assert all("hel" not in repr(world.regions[name].tables.entries) for name in ("us", "eu"))
    assert all(region.tables.poison == [] for region in world.regions.values())


def test_what_cannot_be_is_put_aside(world: World) -> None:
    """Ids that do not follow from each other, too long texts, mentions outside of any text."""
    said = world.say(ALICE, "hello")
    impossible: list[a.Alteration] = [
        a.MessageEdited("1", said, "x", (), BOB),
        a.MessageEdited("2", "nothing", "x"),
        a.MessageEdited("3", said, "\0"),
        a.MessageEdited("4", said, "x" * (a.LONGEST_TEXT + 1)),
        a.MessageEdited("5", said, "x", (a.Mention(BOB, -1, 2),)),
        a.MessageEdited("6", said, "x", (a.Mention("nobody"),)),
        a.MessageEdited("7", said, "x", (a.Mention(BOB),) * (a.MOST_MENTIONS + 1)),
        a.ReactionAdded("8", said, "x" * (a.LONGEST_EMOJI + 1)),
    ]
    for body in impossible:
        world.do(ALICE, body)
    assert len(world.regions["us"].tables.poison) == len(impossible)
    assert everywhere(world, 2) == a.NOTHING


alterations = st.one_of(
    st.builds(a.MessageEdited, st.text(), st.just("m"), st.text(), target_seq=st.just(1)),
    st.builds(a.MessageDeleted, st.text(), st.just("m"), target_seq=st.just(1)),
    st.builds(a.ReactionAdded, st.text(), st.just("m"), st.sampled_from((THUMB, HEART)), target_seq=st.just(1)),
    st.builds(a.ReactionRemoved, st.text(), st.just("m"), st.sampled_from((THUMB, HEART)), target_seq=st.just(1)),
)


@given(bodies=st.lists(st.tuples(alterations, st.sampled_from((ALICE, EVA))), max_size=5), data=st.data())
def test_in_whatever_order_they_become_known_the_result_is_the_same(
    bodies: list[tuple[a.Alteration, str]], data: st.DataObject
) -> None:
    """And however often, and by whatever parts."""
    entries = list(enumerate(bodies, start=2))
    order = data.draw(st.permutations([*entries, *entries]))

    def fold(known: list[tuple[int, tuple[a.Alteration, str]]]) -> a.Aftermath:
        made = a.NOTHING
        for seq, (body, author) in known:
            made = a.altered(made, body, author, seq)
        return made

    cut = data.draw(st.integers(0, len(order)))
    assert fold(order) == fold(entries) == a.merged(fold(order[:cut]), fold(order[cut:]))


def test_names_of_operations_differ() -> None:
    """An operation without a name of its own is called by what it does."""
    names = [a.named(*parts) for parts in itertools.product(("react", "unreact"), ("m1", "m2"), (THUMB, HEART))]
    assert len(set(names)) == len(names)
    assert a.named("react", "m1", THUMB) == a.named("react", "m1", THUMB)


def test_an_answer_gets_the_place_of_what_it_answers(world: World) -> None:
    """In every region; what is not there, or not the author's to see, cannot be answered."""
    said = world.say(EVA, "question")
    world.do(AKI, g.GroupMessageSent("r", "answer", answers=a.Reference(said, 99)))
    for user in (ALICE, EVA, AKI):
        body = world.told(user)[-1].body
        assert isinstance(body, g.GroupMessageSent)
        assert body.answers == a.Reference(said, 2)
    lost = g.GroupMessageSent("l", "to nothing", answers=a.Reference(f"m{'0' * 35}-us"))
    assert world.code(world.do(AKI, lost)) == "message-unknown"
    pair = message(ALICE, EVA, "first of all")
    begun = deed(ALICE, pair.conversation_id, MessageSent(EVA, "c", "too early", answers=a.Reference(said)))
    world.regions["us"].submit(begun)
    world.settle()
    assert world.code(begun.id) == "message-unknown"


def test_who_joined_later_cannot_answer_what_was_before() -> None:
    """Nor learn whether it was there."""
    world = World()
    world.begin(BOB, history=False)
    said = world.say(ALICE, "before")
    world.add(EVA)
    wanted = g.GroupMessageSent("r", "answer", answers=a.Reference(said))
    assert world.code(world.do(EVA, wanted)) == "message-unknown"


def test_only_members_are_mentioned(world: World) -> None:
    """A message is not refused because somebody has left; the others stay."""
    mentions = (a.Mention(EVA, 0, 3), a.Mention(EDI, 4, 3))
    said = world.do(ALICE, g.GroupMessageSent("m", "Eva Edi", mentions=mentions))
    body = world.told(EVA)[-1].body
    assert isinstance(body, g.GroupMessageSent)
    assert body.mentions == mentions[:1]
    world.do(ALICE, a.MessageEdited("e", said, "Edi Eva", mentions))
    assert everywhere(world, 2).mentions == mentions[:1]


def pinned(world: World, region: str) -> list[int]:
    """Return what is pinned, as a region has it."""
    return [pin.seq for pin in world.regions[region].tables.conversations[GROUP].details.pins]


def test_admins_pin_and_all_regions_know(world: World) -> None:
    """Members may not; what is deleted is pinned no more; a late retry pins nothing again."""
    one, two = world.say(EVA, "one"), world.say(AKI, "two")
    assert world.code(world.do(EVA, a.MessagePinned("1", one))) == "not-allowed"
    assert world.code(world.do(ALICE, a.MessageUnpinned("2", one))) == "unchanged"
    for name, said in (("3", one), ("4", two)):
        assert world.code(world.do(ALICE, a.MessagePinned(name, said))) == ""
    assert world.code(world.do(ALICE, a.MessagePinned("5", one))) == "unchanged"
    assert [pinned(world, region) for region in world.regions] == [[2, 3]] * 3

    world.do(ALICE, a.MessageUnpinned("6", one))
    world.do(AKI, a.MessageDeleted("7", two))
    world.regions["us"].submit(deed(ALICE, GROUP, a.MessagePinned("3", one)))
    world.settle()
    assert [pinned(world, region) for region in world.regions] == [[]] * 3
    assert world.code(world.do(ALICE, a.MessagePinned("8", two))) == "message-deleted"


def test_who_joins_gets_what_is_pinned_with_the_state() -> None:
    """Also where nobody may see it yet, since it says no more than which message it is."""
    world = World()
    world.begin(BOB, history=False)
    one, two = world.say(ALICE, "one"), world.say(ALICE, "two")
    world.do(ALICE, a.MessagePinned("p1", one))
    world.add(EVA)
    world.do(ALICE, a.MessagePinned("p2", two))
    assert pinned(world, "us") == pinned(world, "eu") == [2, 3]
    body = world.told(EVA)[-1].body
    assert isinstance(body, a.MessagePinned)
    assert body.target_seq == 0


def test_only_so_much_is_pinned(world: World) -> None:
    """There is a most."""
    said = [world.do(ALICE, g.GroupMessageSent(f"s{n}", "pin me"), settle=False) for n in range(a.MOST_PINS + 1)]
    for number, one in enumerate(said[:-1]):
        world.do(ALICE, a.MessagePinned(f"p{number}", one), settle=False)
    world.settle()
    assert world.code(world.do(ALICE, a.MessagePinned("more", said[-1]))) == "too-many-pins"


@pytest.mark.parametrize("author", [ALICE, EVA])
def test_what_was_overtaken_is_refused_by_its_authors_home_for_good(world: World, author: str) -> None:
    """Whoever owns the conversation; its id is known from then on, so that a device that offers it again changes nothing either."""
    said = world.say(author, "first")
    world.do(author, a.MessageEdited("newer", said, "newer"))
    older = deed(author, GROUP, a.MessageEdited("older", said, "older"))
    world.regions[older.home].submit(older, overtaken=True)
    world.settle()
    assert world.code(older.id) == "overtaken"
    world.regions[older.home].submit(older)
    world.settle()
    assert world.code(older.id) == "overtaken"
    assert everywhere(world, 2).text == "newer"
    assert all(not region.tables.pendings for region in world.regions.values())
