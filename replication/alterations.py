"""What is done to messages that are there: the bodies of a log's entries, as submitted and as numbered. Codec version 4.

Each names its operation (`client_message_id`), from which its id follows, so a late retry brings nothing back. `recipient_id` is
the other member of a 1:1 conversation, and empty in a group or a channel. The owner fills in `target_seq`, and in a channel `follows`, as in
`channels.ChannelMessageSent` (then it is of version 5); an entry that is told to somebody
who may not see its target is **blind**: it names none, and says nothing.
"""

import hashlib
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

MOST_EDITS: Final = 100
"""Of one message."""
MOST_REACTIONS: Final = 10
"""Of one user to one message."""
MOST_EMOJI: Final = 50
"""Different ones on one message."""
MOST_TRIED: Final = 20
"""Of one user on one message, those that were taken back among them: they are kept, so that what is late changes nothing."""
MOST_KEPT: Final = 2_000
"""Of all on one message, likewise; they are read and written anew with each."""
MOST_PINS: Final = 50
"""In one conversation."""
MOST_MENTIONS: Final = 50
LONGEST_EMOJI: Final = 64
"""Bytes of UTF-8."""
LONGEST_TEXT: Final = 16 * 1024
"""Bytes of UTF-8 of an edited message, as of a new one."""


class Mention(msgspec.Struct, frozen=True, array_like=True):
    """Somebody whom a message names.

    Attributes:
        user_id: Who.
        offset: Where in the text, counted in Unicode code points.
        length: How long; 0 if the text does not show it.
    """

    user_id: str
    offset: int = 0
    length: int = 0


class Reference(msgspec.Struct, frozen=True, array_like=True):
    """The message that another one answers.

    Attributes:
        message_id: Which; of the same conversation.
        seq: Its number, which the owner fills in.
    """

    message_id: str
    seq: int = 0


class MessageEdited(msgspec.Struct, frozen=True, tag="message_edited", omit_defaults=True):
    """The author gives a message another text.

    Attributes:
        client_message_id: What the author's device called it.
        target: The message.
        text: What it says from now on.
        mentions: Whom it names from now on.
        recipient_id: The other member of a 1:1 conversation.
        target_seq: The message's number.
        follows: In a channel, the last seq before it that subscribers are shown.
    """

    client_message_id: str
    target: str
    text: str = ""
    mentions: tuple[Mention, ...] = ()
    recipient_id: str = ""
    target_seq: int = 0
    follows: int = 0


class MessageDeleted(msgspec.Struct, frozen=True, tag="message_deleted", omit_defaults=True):
    """The author, or an admin, takes a message away from everybody.

    Attributes:
        moderated: Whether a moderator of the author's home did, in the name of the author of the message, who need not be a member any more.
        target_follows: In a channel, which shown seq the message follows, so that this is known when nothing else of it is left.
    """

    client_message_id: str
    target: str
    recipient_id: str = ""
    target_seq: int = 0
    follows: int = 0
    target_follows: int = 0
    moderated: bool = False


class ReactionAdded(msgspec.Struct, frozen=True, tag="reaction_added", omit_defaults=True):
    """A member reacts to a message."""

    client_message_id: str
    target: str
    emoji: str = ""
    recipient_id: str = ""
    target_seq: int = 0


class ReactionRemoved(msgspec.Struct, frozen=True, tag="reaction_removed", omit_defaults=True):
    """A member takes a reaction back."""

    client_message_id: str
    target: str
    emoji: str = ""
    recipient_id: str = ""
    target_seq: int = 0


class MessagePinned(msgspec.Struct, frozen=True, tag="message_pinned", omit_defaults=True):
    """Somebody puts a message where all members find it."""

    client_message_id: str
    target: str
    recipient_id: str = ""
    target_seq: int = 0
    follows: int = 0


class MessageUnpinned(msgspec.Struct, frozen=True, tag="message_unpinned", omit_defaults=True):
    """Somebody takes a message from there."""

    client_message_id: str
    target: str
    recipient_id: str = ""
    target_seq: int = 0
    follows: int = 0


class Pin(msgspec.Struct, frozen=True, array_like=True):
    """A message that all members find; part of its conversation's state.

    Attributes:
        message_id: Which.
        seq: Its number.
        user_id: Who put it there.
        at: The seq of the entry by which.
    """

    message_id: str
    seq: int
    user_id: str
    at: int


Alteration: TypeAlias = (
    MessageEdited | MessageDeleted | ReactionAdded | ReactionRemoved | MessagePinned | MessageUnpinned
)
ALTERATIONS: Final = Alteration.__args__
"""The classes of `Alteration`."""


class Edit(msgspec.Struct, frozen=True, array_like=True):
    """An edit of a message, as its aftermath has it; what it said is in its entry.

    Attributes:
        seq: Of its entry.
        client_message_id: What the author's device called it.
        follows: In a channel, the shown seq before it.
    """

    seq: int
    client_message_id: str
    follows: int = 0


class Reaction(msgspec.Struct, frozen=True, array_like=True):
    """The last that somebody did with an emoji on a message.

    Attributes:
        user_id: Who.
        emoji: With which.
        seq: Of the entry by which.
        on: Whether it was added.
    """

    user_id: str
    emoji: str
    seq: int
    on: bool


class Aftermath(msgspec.Struct, frozen=True, omit_defaults=True):
    """What later entries made of a message; merged by seq, so in whatever order they become known, the result is the same.

    Attributes:
        message_id: The message; empty while nobody has said.
        edits: All edits, by seq.
        text: What the last of them said.
        mentions: Whom it named.
        reactions: By user and emoji; those that were taken back, too.
        deleted: The seq by which it was deleted; 0 if it was not.
        follows: Of one that was deleted in a channel: the shown seq before it.
    """

    message_id: str = ""
    edits: tuple[Edit, ...] = ()
    text: str = ""
    mentions: tuple[Mention, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    deleted: int = 0
    follows: int = 0

    @property
    def edited(self) -> int:
        """The seq of the last edit; 0 for none."""
        return self.edits[-1].seq if self.edits else 0

    def reaction(self, user_id: str, emoji: str) -> Reaction | None:
        """Return the last that somebody did with an emoji."""
        return next((one for one in self.reactions if (one.user_id, one.emoji) == (user_id, emoji)), None)

    def shown(self) -> tuple[Reaction, ...]:
        """Return the reactions that are there."""
        return tuple(one for one in self.reactions if one.on)


NOTHING: Final = Aftermath()


def altered(aftermath: Aftermath, body: Alteration, author: str, seq: int) -> Aftermath:
    """Return what a message comes to by an entry about it."""
    match body:
        case MessageEdited():
            edit = Edit(seq, body.client_message_id, body.follows)
            return merged(aftermath, Aftermath(body.target, (edit,), body.text, body.mentions))
        case MessageDeleted():
            return merged(aftermath, Aftermath(body.target, deleted=seq, follows=body.target_follows))
        case ReactionAdded() | ReactionRemoved():
            one = Reaction(author, body.emoji, seq, isinstance(body, ReactionAdded))
            return merged(aftermath, Aftermath(body.target, reactions=(one,)))
        case MessagePinned() | MessageUnpinned():
            return aftermath


def merged(one: Aftermath, other: Aftermath) -> Aftermath:
    """Return what both know together; the order does not matter, nor how often."""
    newest = one if (one.edited, one.text) >= (other.edited, other.text) else other
    deleted = min(filter(None, (one.deleted, other.deleted)), default=0)
    edits = {edit.seq: edit for edit in (*one.edits, *other.edits)}
    reactions: dict[tuple[str, str], Reaction] = {}
    for reaction in sorted((*one.reactions, *other.reactions), key=lambda each: each.seq):
        reactions[reaction.user_id, reaction.emoji] = reaction
    return Aftermath(
        message_id=one.message_id or other.message_id,
        edits=tuple(edits[seq] for seq in sorted(edits)),
        text="" if deleted else newest.text,
        mentions=() if deleted else newest.mentions,
        reactions=() if deleted else tuple(reactions[key] for key in sorted(reactions)),
        deleted=deleted,
        follows=one.follows or other.follows,
    )


def blind(body: Alteration) -> Alteration:
    """Return what is told of an entry to somebody who may not see its target: that it is there."""
    return type(body)(body.client_message_id, "", recipient_id=body.recipient_id)


def hushed(edit: Edit, message_id: str, recipient_id: str, seq: int) -> MessageEdited:
    """Return the body of an edit whose message, of that number, was deleted."""
    return MessageEdited(
        edit.client_message_id, message_id, recipient_id=recipient_id, target_seq=seq, follows=edit.follows
    )


def placed(body: Alteration, seq: int) -> Alteration:
    """Return a body that says its target's number."""
    return replace(body, target_seq=seq)


def named(*parts: str) -> str:
    """Return what an operation is called that its device does not name: it follows from what it does."""
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=16, person=b"causeway-alters")
    return f"~{digest.hexdigest()}"
