"""What is done to posts of a channel: who may, who is told, and what each region holds of it; nothing is kept for a subscriber."""

import pytest
from msgspec.structs import replace

from replication import alterations as a
from replication import channels as c
from replication import groups as g
from replication.codec import NEWEST, version_of
from replication.ids import message_id
from replication.records import Entry, Receipt
from tests.unit.projector.channel import CHANNEL, Channel
from tests.unit.projector.world import AKI, ALICE, BOB, EDI, EVA

THUMB = "\N{THUMBS UP SIGN}"


@pytest.fixture
def channel() -> Channel:
    """A channel of Alice's: Bob and Eva subscribe, Edi posts."""
    found = Channel()
    found.subscribe(BOB, EVA, EDI)
    found.act(ALICE, g.RoleChanged("promote", EDI, "admin"))
    return found


def made(channel: Channel, region: str, post: str) -> a.Aftermath:
    """What a region has of what was made of a post."""
    found = [one for one in channel.regions[region].tables.aftermaths.values() if one.message_id == post]
    return found[0] if found else a.NOTHING


def test_an_edit_is_told_in_the_channels_name_and_is_the_same_everywhere(channel: Channel) -> None:
    """One output and one record a region; nobody has a row for it."""
    post = channel.post(EDI, "frist")
    channel.act(EDI, a.MessageEdited("edit", post, "first"))

    assert made(channel, "us", post) == made(channel, "eu", post)
    assert made(channel, "eu", post).text == "first"
    for region in ("us", "eu"):
        named = [o.users for _, o in channel.regions[region].outputs if b"message_edited" in bytes(o.record)]
        assert (CHANNEL,) in named
        assert not any(user in users for users in named for user in (BOB, EVA))
    crossed = [one.record for one in channel.regions["us"].relayed_to("eu")]
    assert sum(isinstance(record, Entry) and isinstance(record.body, a.MessageEdited) for record in crossed) == 1


def test_alterations_are_shown_and_say_what_they_follow(channel: Channel) -> None:
    """As posts do; a record of it is for software that knows it."""
    post = channel.post(ALICE, "one")
    channel.subscribe(AKI)
    channel.act(ALICE, a.MessagePinned("pin", post))
    channel.act(ALICE, a.MessageEdited("edit", post, "two"))
    channel.post(ALICE, "three")

    log = channel.regions["us"].tables.visible(CHANNEL)
    shown = [(entry.seq, c.follows_of(entry.body)) for entry in log if c.follows_of(entry.body) is not None]
    assert shown == [(1, 0), (6, 1), (8, 6), (9, 8), (10, 9)]
    assert {version_of(entry) for entry in log if isinstance(entry.body, a.ALTERATIONS)} == {NEWEST}
    assert channel.state("us") == channel.state("eu") == channel.state("ap")


@pytest.mark.parametrize(
    ("who", "what", "code"),
    [
        (ALICE, a.MessageEdited("x", "", "mine"), "not-the-author"),
        (BOB, a.MessageEdited("x", "", "mine"), "not-the-author"),
        (EDI, a.MessageEdited("x", "", "mine"), ""),
        (ALICE, a.MessageDeleted("x", ""), ""),
        (EDI, a.MessageDeleted("x", ""), ""),
        (BOB, a.MessageDeleted("x", ""), "not-allowed"),
        (AKI, a.MessageDeleted("x", ""), "not-a-member"),
        (EDI, a.MessagePinned("x", ""), ""),
        (EVA, a.MessagePinned("x", ""), "not-allowed"),
        (EVA, a.MessageUnpinned("x", ""), "not-allowed"),
        (BOB, a.ReactionAdded("x", "", THUMB), "not-in-channels"),
        (ALICE, a.ReactionRemoved("x", "", THUMB), "not-in-channels"),
    ],
)
def test_what_roles_may(channel: Channel, who: str, what: a.Alteration, code: str) -> None:
    """Authors edit; owners and posters delete and pin; nobody reacts."""
    post = channel.post(EDI, "a post")

    assert channel.code(channel.act(who, replace(what, target=post))) == code


def test_who_posts_no_more_deletes_what_they_posted_but_edits_nothing(channel: Channel) -> None:
    """An edit is as good as a new post."""
    post = channel.post(EDI, "a post")
    channel.act(ALICE, g.RoleChanged("demote", EDI, "member"))

    assert channel.code(channel.act(EDI, a.MessageEdited("edit", post, "other"))) == "not-allowed"
    assert channel.code(channel.act(EDI, a.MessageDeleted("delete", post))) == ""


def test_of_a_deleted_post_nothing_rests_but_that_it_was_there(channel: Channel) -> None:
    """Nor of its edits; a late one and a late retry bring nothing back. What each follows stays, so readers lack no number."""
    channel.subscribe(AKI)
    post = channel.post(EDI, "secret")
    channel.act(EDI, a.MessageEdited("edit", post, "secret too"))
    channel.act(ALICE, a.MessagePinned("pin", post))
    before = [c.follows_of(entry.body) for entry in channel.regions["us"].tables.visible(CHANNEL)]
    channel.act(ALICE, a.MessageDeleted("delete", post))

    assert channel.code(channel.act(EDI, a.MessageEdited("late", post, "secret again"))) == "message-deleted"
    channel.act(EDI, a.MessageEdited("edit", post, "secret too"))
    for region in ("us", "eu", "ap"):
        assert channel.texts(region) == []
        log = channel.regions[region].tables.entries
        assert not any(getattr(entry.body, "text", "") for entry, _ in log.values())
        assert channel.regions[region].tables.conversations[CHANNEL].details.pins == ()
    after = [c.follows_of(entry.body) for entry in channel.regions["us"].tables.visible(CHANNEL)]
    assert after[: len(before)] == before


def test_a_deletion_goes_where_somebody_was_subscribed(channel: Channel) -> None:
    """Who has left still sees what was before; of a region where nobody is, one who was there is told, and what rests there goes."""
    channel.subscribe(AKI)
    post = channel.post(ALICE, "secret")
    channel.act(AKI, g.MemberLeft("leave"))
    assert channel.texts("ap") == ["secret"]

    channel.act(ALICE, a.MessageDeleted("delete", post))

    assert channel.texts("ap") == []
    assert [type(r) for r in channel.regions["ap"].told(AKI)][-1] is Receipt
    channel.act(AKI, g.MemberJoined("again"))
    assert channel.state("us").past == ()


def test_who_was_there_is_not_told_of_what_they_never_saw(channel: Channel) -> None:
    """Their region is, since others who left it later may have it."""
    channel.subscribe(AKI)
    channel.act(AKI, g.MemberLeft("leave"))
    post = channel.post(ALICE, "after")
    before = len(channel.regions["ap"].told(AKI))

    channel.act(ALICE, a.MessageDeleted("delete", post))

    assert len(channel.regions["ap"].told(AKI)) == before
    assert made(channel, "ap", post).deleted


def test_a_region_that_comes_later_lacks_alterations_as_it_lacks_posts(channel: Channel) -> None:
    """They are shown, so they are asked for with what nobody is shown between."""
    post = channel.post(ALICE, "one")
    channel.act(ALICE, a.MessageEdited("edit", post, "two"))
    channel.subscribe(AKI)

    assert channel.regions["ap"].tables.conversations[CHANNEL].missing == ((1, 7),)
    log = channel.regions["us"].tables.visible(CHANNEL)
    for entry in (log[6], log[5]):
        channel.regions["ap"].submit(entry)
        channel.settle()
    assert channel.regions["ap"].tables.conversations[CHANNEL].missing == ((1, 1),)
    assert made(channel, "ap", post).text == "two"


def test_a_retry_is_the_same_operation(channel: Channel) -> None:
    """By its id, which follows from its author, its channel and its name."""
    post = channel.post(ALICE, "one")
    edit = channel.act(ALICE, a.MessageEdited("edit", post, "two"))
    head = channel.regions["us"].tables.conversations[CHANNEL].head

    assert channel.act(ALICE, a.MessageEdited("edit", post, "two")) == edit == message_id(ALICE, CHANNEL, "edit")
    assert channel.regions["us"].tables.conversations[CHANNEL].head == head
