"""Records to bytes and back: one byte of version, then MessagePack.

Within a version, fields may be added; decoders ignore the ones they do not know and fill in the ones they miss. Regions are
never upgraded at once, so a decoder reads the version before as well.
"""

from typing import Final, TypeVar

import msgspec

from infra.errors import CausewayError
from replication.records import Hop, Journaled, Record, Relayed

VERSION: Final = 1
READABLE: Final = frozenset({1})

_encoder = msgspec.msgpack.Encoder()
_record: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)
_journaled = msgspec.msgpack.Decoder(Journaled)
_relayed = msgspec.msgpack.Decoder(Relayed)
T = TypeVar("T")


class UndecodableRecordError(CausewayError):
    """The record cannot be read: {reason}. It is put aside; nothing else is held up."""

    code = "undecodable-record"
    definite = True


class UnknownVersionError(UndecodableRecordError):
    """The record has version {version}; this software reads {readable}. Upgrade this region."""

    code = "unknown-record-version"


def encode(message: Journaled | Relayed) -> bytes:
    """Return the bytes of a journal or relay record, version first."""
    return bytes((VERSION,)) + _encoder.encode(message)


def decode_journaled(data: bytes | None) -> Journaled:
    """Read a journal record.

    Raises:
        UnknownVersionError: It was written by software that is newer than this.
        UndecodableRecordError: It is damaged, or of a kind that does not exist.
    """
    return _decode(_journaled, data)


def decode_relayed(data: bytes | None) -> Relayed:
    """Read a relay record; its inner record stays encoded.

    Raises:
        UnknownVersionError: It was written by software that is newer than this.
        UndecodableRecordError: It is damaged.
    """
    return _decode(_relayed, data)


def encode_record(record: Record) -> msgspec.Raw:
    """Return the encoded form of a record, without a version, to stand inside another message."""
    return msgspec.Raw(_encoder.encode(record))


def decode_record(data: msgspec.Raw) -> Record:
    """Read a record that stood inside another message.

    Raises:
        UndecodableRecordError: It is damaged, or of a kind that does not exist.
    """
    try:
        return _record.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UndecodableRecordError(reason=str(error)) from error


def stamped(hops: tuple[Hop, ...], stage: str, at: int) -> tuple[Hop, ...]:
    """Return the hops with one more."""
    return (*hops, Hop(stage, at))


def _decode(decoder: msgspec.msgpack.Decoder[T], data: bytes | None) -> T:
    if not data:
        raise UndecodableRecordError(reason="it is empty")
    if data[0] not in READABLE:
        raise UnknownVersionError(version=data[0], readable=", ".join(map(str, sorted(READABLE))))
    try:
        return decoder.decode(memoryview(data)[1:])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UndecodableRecordError(reason=str(error)) from error
