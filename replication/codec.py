"""Records to bytes and back: one byte of version, then MessagePack.

Within a version, fields may be added; decoders ignore the ones they do not know and fill in the ones they miss. Regions are
never upgraded at once, so a decoder reads the version before as well. What is newer than the reader is told from what is
damaged: the one waits for an upgrade, the other is put aside.
"""

from typing import Final, TypeVar

import msgspec

from infra.errors import CausewayError
from replication.accounts import PasswordChanged, ProfileChanged, UserBlocked, UserUnblocked, WritersChosen
from replication.alterations import ALTERATIONS, Aftermath, MessageDeleted
from replication.channels import CHANNEL_BODIES, ChannelChanged, ChannelCreated, follows_of
from replication.charters import Charter
from replication.concealed import MessageConcealed
from replication.friends import FRIEND_BODIES
from replication.groups import GROUP_BODIES, NO_DETAILS, Details, GroupChanged, GroupCreated
from replication.moderation import MODERATION_BODIES
from replication.preferences import PreferencesChanged
from replication.records import TEXTS, Body, Entry, Hop, Journaled, LogBody, Receipt, Record, Relayed, Submission

VERSION: Final = 1
"""Of what most records are written in: the oldest that has all they need, so that older software reads them."""
GROUPS: Final = 3
"""Of what neither version 1 has nor version 2, which added `PasswordChanged`: `ProfileChanged`, the bodies of groups and channels, `Charter` and `Receipt`."""
DEEDS: Final = 4
"""Of preferences, friendship, blocks, who may begin to write, moderation, of what is done to messages that are there, and of messages that answer, are forwarded, or name somebody."""
NEWEST: Final = 5
"""Of what says what stands for a user, a group or a channel (pictures), of messages that a user takes away from oneself, of what was done to posts of channels, of deletions by moderators, and of what says how messages are acknowledged."""
READABLE: Final = frozenset({1, 2, 3, 4, 5})
"""Versions 2 to 5 are of one release, the first, and grew while it was made; whatever comes after it gets a number of its own."""
LAST_VERSION: Final = 31
"""No version will ever be higher: text and MessagePack begin above it, and are damage, not records from the future."""

_OF_BODY: Final[dict[type, int]] = (
    {PasswordChanged: 2, ProfileChanged: 3, PreferencesChanged: DEEDS, MessageConcealed: NEWEST}
    | dict.fromkeys((*GROUP_BODIES, *CHANNEL_BODIES), GROUPS)
    | dict.fromkeys(
        (*ALTERATIONS, *FRIEND_BODIES, UserBlocked, UserUnblocked, WritersChosen, *MODERATION_BODIES), DEEDS
    )
)
"""Body to the version that has it, if that is not the first."""
_PICTURED: Final = (ProfileChanged, GroupCreated, GroupChanged, ChannelCreated, ChannelChanged)

_encoder = msgspec.msgpack.Encoder()
_record: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)
_journaled = msgspec.msgpack.Decoder(Journaled)
_body: msgspec.msgpack.Decoder[LogBody] = msgspec.msgpack.Decoder(LogBody)
_details = msgspec.msgpack.Decoder(Details)
_aftermath = msgspec.msgpack.Decoder(Aftermath)
_relayed = msgspec.msgpack.Decoder(Relayed)
T = TypeVar("T")

DAMAGE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are no message; the last, when an unknown field has too many layers."""


class UndecodableRecordError(CausewayError):
    """The record cannot be read: {reason}. It is put aside; nothing else is held up."""

    code = "undecodable-record"
    definite = True


class UnknownVersionError(UndecodableRecordError):
    """The record has version {version}; this software reads {readable}. Upgrade this region; the record must wait for that."""

    code = "unknown-record-version"


def encode(message: Journaled | Relayed) -> bytes:
    """Return the bytes of a journal or relay record, version first."""
    record = message.record
    version = VERSION if isinstance(record, msgspec.Raw) else version_of(record)
    return bytes((version,)) + _encoder.encode(message)


def decode_journaled(data: bytes | None) -> Journaled:
    """Read a journal record.

    Raises:
        UnknownVersionError: It was written by software that is newer than this.
        UndecodableRecordError: It is damaged, or of a kind that does not exist.
    """
    return _decode(_journaled, data)


def decode_relayed(data: bytes | None) -> Relayed:
    """Read a relay record; its inner record stays encoded, but is of a version that can be read.

    Raises:
        UnknownVersionError: It, or its inner record, was written by software that is newer than this.
        UndecodableRecordError: It is damaged.
    """
    relayed = _decode(_relayed, data)
    _check(relayed.version)
    return relayed


def encode_record(record: Record) -> msgspec.Raw:
    """Return the encoded form of a record, to stand inside another message, which says that its version is `version_of` it."""
    return msgspec.Raw(_encoder.encode(record))


def decode_record(data: msgspec.Raw, version: int) -> Record:
    """Read a record that stood inside another message, which says its version.

    Raises:
        UnknownVersionError: It was written by software that is newer than this.
        UndecodableRecordError: It is damaged, or of a kind that does not exist.
    """
    _check(version)
    try:
        return _record.decode(data)
    except DAMAGE as error:
        raise UndecodableRecordError(reason=str(error)) from error


def encode_body(body: LogBody) -> bytes:
    """Return the bytes that a store keeps of an entry's body."""
    return _encoder.encode(body)


def decode_body(data: bytes) -> LogBody:
    """Read what a store keeps of an entry's body.

    Raises:
        UndecodableRecordError: It is damaged, or of a kind that does not exist.
    """
    try:
        return _body.decode(data)
    except DAMAGE as error:
        raise UndecodableRecordError(reason=str(error)) from error


def encode_details(details: Details) -> bytes:
    """Return the bytes that a store keeps of a conversation's details; none if there are none."""
    return _encoder.encode(details) if details != NO_DETAILS else b""


def decode_details(data: bytes) -> Details:
    """Read what a store keeps of a conversation's details.

    Raises:
        UndecodableRecordError: It is damaged.
    """
    try:
        return _details.decode(data) if data else NO_DETAILS
    except DAMAGE as error:
        raise UndecodableRecordError(reason=str(error)) from error


def encode_aftermath(aftermath: Aftermath) -> bytes:
    """Return the bytes that a store keeps of what was made of a message."""
    return _encoder.encode(aftermath)


def decode_aftermath(data: bytes) -> Aftermath:
    """Read what a store keeps of what was made of a message.

    Raises:
        UndecodableRecordError: It is damaged.
    """
    try:
        return _aftermath.decode(data)
    except DAMAGE as error:
        raise UndecodableRecordError(reason=str(error)) from error


def is_newer(data: bytes | None) -> bool:
    """Whether a relay record, or the record inside it, was written by software that is newer than this."""
    try:
        decode_relayed(data)
    except UnknownVersionError:
        return True
    except UndecodableRecordError:
        return False
    return False


def version_of(record: Record) -> int:
    """Return the oldest version that has all that a record needs: who reads no newer one waits, and takes it for no damage."""
    if type(record) is Submission or type(record) is Entry:
        return _version_of_body(record.body)
    if type(record) is Receipt:
        return max(GROUPS, _version_of_body(record.entry.body))
    if type(record) is Charter:
        return GROUPS if record.details.picture is None and not record.details.acknowledgement else NEWEST
    return VERSION


def _version_of_body(body: Body) -> int:
    if isinstance(body, TEXTS) and (body.answers is not None or body.forwarded or body.mentions):
        return DEEDS
    if isinstance(body, _PICTURED) and body.picture is not None:
        return NEWEST
    if isinstance(body, GroupChanged | ChannelChanged) and body.acknowledgement is not None:
        return NEWEST
    if isinstance(body, ALTERATIONS) and (follows_of(body) or (isinstance(body, MessageDeleted) and body.moderated)):
        return NEWEST
    return max(VERSION, _OF_BODY.get(type(body), 1))


def stamped(hops: tuple[Hop, ...], stage: str, at: int) -> tuple[Hop, ...]:
    """Return the hops with one more."""
    return (*hops, Hop(stage, at))


def _decode(decoder: msgspec.msgpack.Decoder[T], data: bytes | None) -> T:
    if not data:
        raise UndecodableRecordError(reason="it is empty")
    _check(data[0])
    try:
        return decoder.decode(memoryview(data)[1:])
    except DAMAGE as error:
        raise UndecodableRecordError(reason=str(error)) from error


def _check(version: int) -> None:
    if version in READABLE:
        return
    if NEWEST < version <= LAST_VERSION:
        raise UnknownVersionError(version=version, readable=", ".join(map(str, sorted(READABLE))))
    raise UndecodableRecordError(reason=f"it begins with {version}, which is no version that is read")
