"""How messages that were altered, and the alterations, are shown; to whom only that there is something."""

from typing import Any

import pytest
from msgspec import UNSET

from infra.errors import InvalidFieldError
from region.gateway.alterations.aftermaths import aftermaths
from region.gateway.shapes import MentionView, Reacted, Reply
from region.gateway.validation import check_mentions
from region.gateway.views import entry_view
from replication import alterations as a
from replication.groups import GroupMessageSent
from replication.records import Entry, LogBody

ALICE, BOB = "u100000000000000000000001-us", "u200000000000000000000002-us"
GROUP = "g" + "0" * 32 + "-us"
TARGET = "m" + "0" * 35 + "-us"
THUMB = "\N{THUMBS UP SIGN}"


def entry(body: LogBody, seq: int = 7) -> Entry:
    """Return an entry of Alice's."""
    return Entry(
        conversation_id=GROUP,
        seq=seq,
        epoch=1,
        incarnation=1,
        count=1,
        message_id=TARGET,
        author=ALICE,
        home="us",
        content_hash=b"",
        body=body,
        sent_at=1,
    )


def test_a_message_is_shown_as_it_is_by_now() -> None:
    """With its last text, whom that names, and who reacted, by emoji."""
    made = a.Aftermath(
        TARGET,
        (a.Edit(8, "e"),),
        "later",
        (a.Mention(BOB, 0, 5),),
        (a.Reaction(BOB, THUMB, 9, on=True), a.Reaction(ALICE, THUMB, 10, on=True), a.Reaction(BOB, "!", 11, on=False)),
    )
    shown = entry_view(entry(GroupMessageSent("c", "first")), reader=BOB, marks={}, aftermath=made)
    assert (shown.text, shown.edited, shown.deleted) == ("later", 8, UNSET)
    assert shown.mentions == [MentionView(BOB, 0, 5)]
    assert shown.reactions == [Reacted(emoji=THUMB, user_ids=[BOB, ALICE])]


def test_of_a_deleted_message_nothing_is_shown_but_that_it_was_there() -> None:
    """Whatever it was."""
    body = GroupMessageSent("c", "secret", (), a.Reference(TARGET, 3), BOB, (a.Mention(BOB),))
    plain = entry_view(entry(body), reader=BOB, marks={})
    assert (plain.reply_to, plain.forwarded_from) == (Reply(message_id=TARGET, seq=3), BOB)
    assert plain.mentions == [MentionView(BOB)]

    shown = entry_view(entry(body), reader=BOB, marks={}, aftermath=a.Aftermath(TARGET, deleted=9))
    assert (shown.text, shown.deleted, shown.seq) == ("", True, 7)
    assert {shown.reply_to, shown.forwarded_from, shown.edited} == {UNSET}
    assert (shown.mentions, shown.reactions) == (UNSET, UNSET)


@pytest.mark.parametrize("kind", a.ALTERATIONS)
def test_an_alteration_is_shown_to_who_may_see_what_it_is_about(kind: Any) -> None:
    """To others it is a tombstone, whether it came blind or whole."""
    whole = kind("c", TARGET, target_seq=3)
    shown = entry_view(entry(whole), reader=BOB, marks={}, sees=lambda seq: seq == 3)
    assert shown.change is not UNSET
    assert (shown.change.message_id, shown.change.message_seq) == (TARGET, 3)
    for hidden in (
        entry_view(entry(whole), reader=BOB, marks={}, sees=lambda seq: seq > 3),
        entry_view(entry(a.blind(whole)), reader=BOB, marks={}),
    ):
        assert (hidden.kind, hidden.seq, hidden.from_seq) == ("hidden", 7, 7)
        assert (hidden.message_id, hidden.sender_id, hidden.change) == ("", "", UNSET)


async def test_no_store_is_asked_where_nothing_can_have_been_altered() -> None:
    """A page without messages."""
    assert await aftermaths(None, [entry(a.MessageDeleted("c", TARGET, target_seq=3))], lambda _: True) == {}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "mentions",
    [
        [MentionView("nobody")],
        [MentionView(ALICE, -1, 2)],
        [MentionView(ALICE, 0, -1)],
        [MentionView(ALICE, 3, 3)],
        [MentionView(ALICE)] * (a.MOST_MENTIONS + 1),
    ],
)
def test_mentions_that_nobody_can_mean_are_refused(mentions: list[MentionView]) -> None:
    """Nobody's ids, places outside of the text, too many."""
    with pytest.raises(InvalidFieldError):
        check_mentions(mentions, "Hello")


def test_mentions_may_reach_to_the_end_of_the_text() -> None:
    """Or have no place in it."""
    check_mentions([MentionView(ALICE, 0, 5), MentionView(BOB)], "Hello")
