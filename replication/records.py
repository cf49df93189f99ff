"""What a journal carries: submissions of a region's own users, and what other regions relayed to it.

Times are microseconds since the epoch, for people and for measuring; nothing is ever decided by them.
Fields are only ever added, with a default; a record of another shape gets a new codec version.
"""

from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from replication.accounts import (
    AccountConfirmed,
    AccountCreated,
    DeviceAdded,
    DeviceRefreshed,
    DeviceRevoked,
    PasswordChanged,
    ProfileChanged,
    UserBlocked,
    UserUnblocked,
    WritersChosen,
)
from replication.alterations import ALTERATIONS, NOTHING, Aftermath, Alteration, Mention, Reference
from replication.attachments import Attachment
from replication.channels import CHANNEL_BODIES, ChannelBody, ChannelMessageSent
from replication.charters import Charter
from replication.concealed import MessageConcealed
from replication.friends import FRIEND_BODIES, FriendBody
from replication.groups import GROUP_BODIES, GroupBody, GroupMessageSent
from replication.moderation import ModerationBody
from replication.preferences import PreferencesChanged


class Hop(msgspec.Struct, frozen=True, array_like=True):
    """A place that a record passed.

    Attributes:
        stage: Region and part, such as `us.gateway`.
        at: When, microseconds since the epoch.
    """

    stage: str
    at: int


class Stream(msgspec.Struct, frozen=True, order=True):
    """A densely numbered sequence of records from one region to another; its first sequence is 1.

    Attributes:
        origin: The region that it comes from.
        incarnation: Of the origin; it rises when the origin lost its Kafka or its store.
        epoch: In which the origin's holder put it out.
        destination: The region that it goes to.
        partition: The origin's journal partition, and the partition of the relay topic.
    """

    origin: str
    incarnation: int
    epoch: int
    destination: str
    partition: int


class Via(msgspec.Struct, frozen=True):
    """The place of a relayed record in its stream; it rides along in the journal.

    Attributes:
        stream: The stream that it came by.
        sequence: Its number there.
        position: Its position in the output of the origin's partition.
    """

    stream: Stream
    sequence: int
    position: int


class MessageSent(msgspec.Struct, frozen=True, tag="message_sent", omit_defaults=True):
    """A 1:1 message.

    Attributes:
        recipient_id: The other member.
        client_message_id: What the sender's device called it.
        text: Up to 16 KiB of UTF-8; empty only if there are attachments.
        attachments: References to images and files, in the order in which they are shown.
        answers: The message that it answers; None if it answers none.
        forwarded: Who wrote it first, if it was copied from elsewhere.
        mentions: Whom it names.
    """

    recipient_id: str
    client_message_id: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    answers: Reference | None = None
    forwarded: str = ""
    mentions: tuple[Mention, ...] = ()


class MessageReceived(msgspec.Struct, frozen=True, tag="message_received"):
    """The author's devices have every entry up to this one.

    Attributes:
        epoch: That numbered the entry.
        seq: The entry's number.
    """

    epoch: int
    seq: int


class MessageRead(msgspec.Struct, frozen=True, tag="message_read"):
    """The author has read every entry up to this one, and so received it.

    Attributes:
        epoch: That numbered the entry.
        seq: The entry's number.
    """

    epoch: int
    seq: int


class ConversationAnswered(msgspec.Struct, frozen=True, tag="conversation_answered"):
    """The home of a conversation's recipient (the author) answers an `Opening`.

    Attributes:
        code: Empty if the conversation may begin; else an error code, such as `recipient-unknown`.
    """

    code: str


DirectBody: TypeAlias = MessageSent | FriendBody
"""What stands in the log of a 1:1 conversation; each has a `recipient_id`."""
DIRECT_BODIES: Final = (MessageSent, *FRIEND_BODIES)

LogBody: TypeAlias = DirectBody | GroupBody | ChannelBody | Alteration
"""What a conversation's owner numbers: the bodies of entries. Each has a `client_message_id`."""
LOG_BODIES: Final = (*DIRECT_BODIES, *GROUP_BODIES, *CHANNEL_BODIES, *ALTERATIONS)

Text: TypeAlias = MessageSent | GroupMessageSent | ChannelMessageSent
"""What is counted as a message, and unread until it was read."""
TEXTS: Final = (MessageSent, GroupMessageSent, ChannelMessageSent)


def kind_of(body: LogBody) -> str:
    """Return the name of what a body says happened."""
    return str(body.__struct_config__.tag)


def text_of(body: LogBody) -> str:
    """Return what a body says, if it is a message; else nothing."""
    return body.text if isinstance(body, TEXTS) else ""


def recipient_of(body: LogBody) -> str:
    """Return the other member of a 1:1 conversation, which every body names in one; empty in a group."""
    return body.recipient_id if isinstance(body, DirectBody | Alteration) else ""


def emptied(body: Text) -> Text:
    """Return what is left of a message that was deleted: that it was there."""
    return replace(body, text="", attachments=(), answers=None, forwarded="", mentions=())


def mentions_of(body: LogBody) -> tuple[Mention, ...]:
    """Return whom a body names, if it is a message; else nobody."""
    return body.mentions if isinstance(body, TEXTS) else ()


def attachments_of(body: LogBody) -> tuple[Attachment, ...]:
    """Return what a body refers to, if it is a message; else nothing."""
    return body.attachments if isinstance(body, TEXTS) else ()


Body: TypeAlias = (
    LogBody
    | MessageReceived
    | MessageRead
    | ConversationAnswered
    | AccountCreated
    | AccountConfirmed
    | DeviceAdded
    | DeviceRefreshed
    | DeviceRevoked
    | PasswordChanged
    | ProfileChanged
    | PreferencesChanged
    | MessageConcealed
    | UserBlocked
    | UserUnblocked
    | WritersChosen
    | ModerationBody
)


class Submission(msgspec.Struct, frozen=True, kw_only=True, tag="submission"):
    """Whatever somebody wants to happen; accepted when the journal of the author's home has it.

    Attributes:
        id: Deterministic for what is to be numbered (the message id), random otherwise; outcomes name it.
        author: Who wants it.
        home: The author's home region, where it was accepted.
        home_epoch: The author's home epoch there.
        device: The author's device; empty for what the region itself does on the author's behalf.
        conversation_id: The conversation concerned; empty for what is the author's alone.
        content_hash: Of what a retry must repeat exactly.
        body: What is wanted.
        submitted_at: When it was accepted.
        reply_to: The gateway instance at home that waits for the outcome; empty if none does.
        hops: Where it has been.
    """

    id: str
    author: str
    home: str
    home_epoch: int
    body: Body
    submitted_at: int
    device: str = ""
    conversation_id: str = ""
    content_hash: bytes = b""
    reply_to: str = ""
    hops: tuple[Hop, ...] = ()

    @property
    def key(self) -> str:
        """What orders it: the conversation, or the author for what is the author's alone."""
        return self.conversation_id or self.author


class Entry(msgspec.Struct, frozen=True, kw_only=True, tag="entry"):
    """One numbered outcome of a conversation's log, decided by its owner, the same in every region.

    Attributes:
        conversation_id: The conversation.
        seq: Dense, from 1.
        epoch: In which it was numbered.
        incarnation: Of the region that numbered it.
        count: How many messages the log holds up to here.
        message_id: The submission's id.
        author: Who sent it.
        home: The author's home region at that moment.
        content_hash: Of the submission.
        body: What was sent, or done.
        sent_at: When the author's home accepted it.
        hops: Where it has been.
        aftermath: What later entries made of it, if its owner was asked for it.
    """

    conversation_id: str
    seq: int
    epoch: int
    incarnation: int
    count: int
    message_id: str
    author: str
    home: str
    content_hash: bytes
    body: LogBody
    sent_at: int
    hops: tuple[Hop, ...] = ()
    aftermath: Aftermath = NOTHING

    @property
    def text(self) -> str:
        """What it says, if it is a message."""
        return text_of(self.body)


class Receipt(msgspec.Struct, frozen=True, kw_only=True, tag="receipt"):
    """An entry, for the home of somebody whom it concerns where nobody is a member: told, and not kept. Of version 3.

    Attributes:
        entry: What was numbered.
        user_id: Who is told.
    """

    entry: Entry
    user_id: str

    @property
    def conversation_id(self) -> str:
        """The conversation of the entry."""
        return self.entry.conversation_id


class Refusal(msgspec.Struct, frozen=True, kw_only=True, tag="refusal"):
    """A submission that was judged and refused; binding, and kept by its id.

    Attributes:
        message_id: What was refused.
        conversation_id: The conversation concerned.
        author: Who is told.
        code: A stable code, such as `recipient-unknown`.
        detail: A sentence for the author.
        content_hash: Of the submission.
        epoch: In which it was refused.
        client_message_id: What the sender's device called it.
        hops: Where it has been.
    """

    message_id: str
    conversation_id: str
    author: str
    code: str
    detail: str
    content_hash: bytes
    epoch: int
    client_message_id: str = ""
    hops: tuple[Hop, ...] = ()


class Mark(msgspec.Struct, frozen=True, kw_only=True, tag="mark"):
    """How far a member has received and read a conversation; merged by maximum, never lowered.

    Attributes:
        conversation_id: The conversation.
        user_id: The member.
        received: The last seq that the member's devices have; 0 for none.
        read: The last seq that the member has read; 0 for none.
        epoch: That numbered the higher of them.
    """

    conversation_id: str
    user_id: str
    received: int
    read: int
    epoch: int


class Opening(msgspec.Struct, frozen=True, kw_only=True, tag="opening"):
    """A conversation's owner asks the recipient's home whether it may begin; its first entry waits for the answer.

    Attributes:
        conversation_id: The conversation.
        author: Who wants to write.
        recipient: Who is to receive.
        epoch: Of the owner.
    """

    conversation_id: str
    author: str
    recipient: str
    epoch: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True, tag="outcome"):
    """What became of a submission that leaves no entry or refusal behind: one about an account, or a repeated one.

    Attributes:
        id: The submission's id.
        code: Empty if it was done; else an error code, such as `content-conflict`.
        detail: A sentence for the author.
        content_hash: Of the submission, where several of one id are told apart by it.
    """

    id: str
    code: str = ""
    detail: str = ""
    content_hash: bytes = b""


Journalable: TypeAlias = Submission | Entry | Refusal | Mark | Opening | Charter | Receipt
Record: TypeAlias = Journalable | Outcome


class Journaled(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands in a journal.

    Attributes:
        record: The record.
        via: The stream place that it came by; None if it was submitted here.
        overtaken: Whether it is to be refused: it was accepted where nobody decided it, and what it sets was set anew since.
    """

    record: Journalable
    via: Via | None = None
    overtaken: bool = False


class Relayed(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a relay topic.

    Attributes:
        via: Its stream, sequence and output position. For a heartbeat, the last sequence that the stream has.
        record: The encoded record (`codec.encode_record`), or empty for a heartbeat.
        forwarded_at: When the forwarder sent it.
        version: Of the codec that encoded the record; a forwarder that was upgraded passes on what an older projector put out.
    """

    via: Via
    record: msgspec.Raw = msgspec.Raw(b"\xc0")
    forwarded_at: int = 0
    version: int = 1

    @property
    def is_heartbeat(self) -> bool:
        """Whether it only says how far the stream has come."""
        return bytes(self.record) == b"\xc0"
