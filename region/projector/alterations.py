"""What may be done to messages that are there, by the state at that moment of the log. Pure; each rule answers with the body that is numbered, or why not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from msgspec.structs import replace

from region.projector.cases import ImpossibleRecordError
from region.projector.rules import ADMIN, NOT_A_MEMBER, NOT_ALLOWED, Denial, Question
from region.store.rows import Conversation
from replication import alterations as a
from replication.channels import follows_of
from replication.emoji import spelled
from replication.ids import direct_conversation_id, is_channel_id, is_group_id, is_message_id, is_user_id
from replication.objections import (
    DELETED,
    EMPTY,
    FORWARDED,
    NOT_IN_CHANNELS,
    NOT_THE_AUTHOR,
    TOO_LATE,
    TOO_MANY_EDITS,
    TOO_MANY_PINS,
    TOO_MANY_REACTIONS,
    UNCHANGED,
    UNKNOWN,
)
from replication.records import TEXTS, Entry, Text, attachments_of


@dataclass(frozen=True, slots=True)
class Target:
    """The message that something is done to.

    Attributes:
        entry: The message.
        aftermath: What was made of it.
    """

    entry: Entry
    aftermath: a.Aftermath


@dataclass(frozen=True, slots=True)
class Wish:
    """May this be done to that message?

    Attributes:
        question: In which conversation, and who asks.
        target: The message, which the author may see and which is not deleted.
        window: For how many microseconds messages may be edited.
    """

    question: Question
    target: Target
    window: int

    @property
    def is_own(self) -> bool:
        """Whether the message is the author's."""
        return self.target.entry.author == self.question.author

    @property
    def in_group(self) -> bool:
        """Whether there are admins; those of a channel are its posters."""
        return self.in_channel or is_group_id(self.question.conversation.conversation_id)

    @property
    def in_channel(self) -> bool:
        """Whether there are few who post."""
        return is_channel_id(self.question.conversation.conversation_id)

    def spelled(self, emoji: str) -> str:
        """Return an emoji as the message has it already, if it does."""
        return spelled(emoji, (one.emoji for one in self.target.aftermath.reactions))


Ruling: TypeAlias = a.Alteration | Denial


def decide(question: Question, target: Target | None, body: a.Alteration, *, window: int) -> Ruling:
    """Return what is numbered, or why nothing is.

    Args:
        question: In which conversation, and who asks.
        target: The message that the body names, if it is one of this conversation.
        body: What is to be done to it.
        window: For how many microseconds messages may be edited.
    """
    if isinstance(body, a.MessageDeleted) and body.moderated:
        return _moderated(question, target, body)
    member = question.member(question.author)
    if member is None:
        return Denial(NOT_A_MEMBER)
    if target is None or not isinstance(target.entry.body, TEXTS) or not member.may_see(target.entry.seq):
        return Denial(UNKNOWN)
    if target.aftermath.deleted:
        return Denial(DELETED)
    ruling = _RULES[type(body)](Wish(question, target, window), body)
    return (
        ruling
        if isinstance(ruling, Denial)
        else _placed(question.conversation, a.placed(ruling, target.entry.seq), target)
    )


def _moderated(question: Question, target: Target | None, body: a.MessageDeleted) -> Ruling:
    """A moderator may, of the region where the author lives, which speaks for its users alone; whether they are members does not matter."""
    if target is None or not isinstance(target.entry.body, TEXTS):
        return Denial(UNKNOWN)
    if target.entry.author != question.author:
        return Denial(NOT_THE_AUTHOR)
    if target.aftermath.deleted:
        return Denial(DELETED)
    return _placed(question.conversation, a.placed(body, target.entry.seq), target)


def _placed(conversation: Conversation, body: a.Alteration, target: Target) -> a.Alteration:
    """Return a body that says, in a channel, which shown entry it follows; a deletion says it of the post, too."""
    if conversation.details.channel is None or isinstance(body, a.ReactionAdded | a.ReactionRemoved):
        return body
    body = replace(body, follows=conversation.details.channel.shown)
    if isinstance(body, a.MessageDeleted):
        return replace(body, target_follows=follows_of(target.entry.body) or 0)
    return body


def edit(wish: Wish, body: a.MessageEdited) -> Ruling:
    """The author may, for a while, what are the author's own words; in a channel, only who posts there now."""
    entry, aftermath = wish.target.entry, wish.target.aftermath
    if not wish.is_own:
        return Denial(NOT_THE_AUTHOR)
    if wish.in_channel and wish.question.rank < ADMIN:
        return Denial(NOT_ALLOWED)
    if isinstance(entry.body, TEXTS) and entry.body.forwarded:
        return Denial(FORWARDED)
    if wish.question.now - entry.sent_at > wish.window:
        return Denial(TOO_LATE)
    if not body.text and not attachments_of(entry.body):
        return Denial(EMPTY)
    if len(aftermath.edits) >= a.MOST_EDITS:
        return Denial(TOO_MANY_EDITS)
    return replace(body, mentions=mentions_of_members(wish.question, body.mentions))


def delete(wish: Wish, body: a.MessageDeleted) -> Ruling:
    """The author may at any time, and in a group admins; in a channel owners and posters."""
    if wish.is_own:
        return body
    if not wish.in_group:
        return Denial(NOT_THE_AUTHOR)
    return body if wish.question.rank >= ADMIN else Denial(NOT_ALLOWED)


def react(wish: Wish, body: a.ReactionAdded) -> Ruling:
    """Members may, so many to a message; not in a channel, which has too many of them."""
    if wish.in_channel:
        return Denial(NOT_IN_CHANNELS)
    body = replace(body, emoji=wish.spelled(body.emoji))
    shown, author = wish.target.aftermath.shown(), wish.question.author
    if any((one.user_id, one.emoji) == (author, body.emoji) for one in shown):
        return Denial(UNCHANGED)
    if sum(one.user_id == author for one in shown) >= a.MOST_REACTIONS:
        return Denial(TOO_MANY_REACTIONS)
    if len({one.emoji for one in shown} | {body.emoji}) > a.MOST_EMOJI:
        return Denial(TOO_MANY_REACTIONS)
    kept = wish.target.aftermath.reactions
    if wish.target.aftermath.reaction(author, body.emoji) is not None:
        return body
    own = sum(one.user_id == author for one in kept)
    return Denial(TOO_MANY_REACTIONS) if own >= a.MOST_TRIED or len(kept) >= a.MOST_KEPT else body


def unreact(wish: Wish, body: a.ReactionRemoved) -> Ruling:
    """Who has reacted may take it back."""
    if wish.in_channel:
        return Denial(NOT_IN_CHANNELS)
    body = replace(body, emoji=wish.spelled(body.emoji))
    known = wish.target.aftermath.reaction(wish.question.author, body.emoji)
    return body if known is not None and known.on else Denial(UNCHANGED)


def pin(wish: Wish, body: a.MessagePinned) -> Ruling:
    """Admins may; in a 1:1 conversation both."""
    if wish.in_group and wish.question.rank < ADMIN:
        return Denial(NOT_ALLOWED)
    pins = wish.question.conversation.details.pins
    if any(one.seq == wish.target.entry.seq for one in pins):
        return Denial(UNCHANGED)
    return Denial(TOO_MANY_PINS) if len(pins) >= a.MOST_PINS else body


def unpin(wish: Wish, body: a.MessageUnpinned) -> Ruling:
    """Likewise, whoever put it there."""
    if wish.in_group and wish.question.rank < ADMIN:
        return Denial(NOT_ALLOWED)
    pins = wish.question.conversation.details.pins
    return body if any(one.seq == wish.target.entry.seq for one in pins) else Denial(UNCHANGED)


def repinned(conversation: Conversation, entry: Entry) -> None:
    """Change what is pinned as an entry says; what is deleted is not pinned any more."""
    body, details = entry.body, conversation.details
    if not isinstance(body, a.MessagePinned | a.MessageUnpinned | a.MessageDeleted) or not body.target_seq:
        return
    pins = tuple(one for one in details.pins if one.seq != body.target_seq)
    if isinstance(body, a.MessagePinned):
        pins = (*pins, a.Pin(body.target, body.target_seq, entry.author, entry.seq))
    if pins != details.pins:
        conversation.details = replace(details, pins=pins, pinned=entry.seq)


def mentions_of_members(question: Question, mentions: tuple[a.Mention, ...]) -> tuple[a.Mention, ...]:
    """Return those that name present members; a message is not refused because somebody left meanwhile."""
    return tuple(one for one in mentions if question.member(one.user_id) is not None)


def complete(question: Question, target: Target | None, body: Text) -> Text | Denial:
    """Return a message as it is numbered: with the place of what it answers, and without mentions of strangers."""
    if body.answers is not None:
        member = question.member(question.author)
        if target is None or not isinstance(target.entry.body, TEXTS) or member is None:
            return Denial(UNKNOWN)
        if not member.may_see(target.entry.seq):
            return Denial(UNKNOWN)
        body = replace(body, answers=replace(body.answers, seq=target.entry.seq))
    return replace(body, mentions=mentions_of_members(question, body.mentions)) if body.mentions else body


def check(author: str, conversation_id: str, body: a.Alteration) -> None:
    """Refuse what can be done in no conversation, whatever its state.

    Raises:
        ImpossibleRecordError: Ids that do not follow from each other, nobody's ids, texts that no store keeps.
    """
    if not is_user_id(author):
        raise ImpossibleRecordError(reason="its author is no user")
    if is_group_id(conversation_id) or is_channel_id(conversation_id):
        if body.recipient_id:
            raise ImpossibleRecordError(reason="what happens in a group or a channel has no recipient")
    elif (
        not is_user_id(body.recipient_id)
        or author == body.recipient_id
        or conversation_id != direct_conversation_id(author, body.recipient_id)
    ):
        raise ImpossibleRecordError(reason="its conversation is not that of its author and recipient")
    if body.target and not is_message_id(body.target):
        raise ImpossibleRecordError(reason="what it is about is no message")
    text, emoji = getattr(body, "text", ""), getattr(body, "emoji", "")
    if "\0" in text + emoji + body.client_message_id:
        raise ImpossibleRecordError(reason="it holds a NUL character, which no store keeps")
    if len(text.encode()) > a.LONGEST_TEXT or len(emoji.encode()) > a.LONGEST_EMOJI:
        raise ImpossibleRecordError(reason="its text is too long")
    check_mentions(getattr(body, "mentions", ()))


def check_mentions(mentions: tuple[a.Mention, ...]) -> None:
    """Refuse mentions that nobody can mean.

    Raises:
        ImpossibleRecordError: They are too many, or name nobody, or lie outside any text.
    """
    if len(mentions) > a.MOST_MENTIONS:
        raise ImpossibleRecordError(reason=f"it has more than {a.MOST_MENTIONS} mentions")
    if any(
        not is_user_id(one.user_id) or not 0 <= one.offset <= a.LONGEST_TEXT or not 0 <= one.length <= a.LONGEST_TEXT
        for one in mentions
    ):
        raise ImpossibleRecordError(reason="a mention names nobody, or lies outside the text")


_RULES: Final[dict[type, Callable[[Wish, Any], Ruling]]] = {  # Any: each takes its own body
    a.MessageEdited: edit,
    a.MessageDeleted: delete,
    a.ReactionAdded: react,
    a.ReactionRemoved: unreact,
    a.MessagePinned: pin,
    a.MessageUnpinned: unpin,
}
