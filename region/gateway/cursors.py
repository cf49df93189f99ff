"""Cursors of pages and resume tokens: what a device was given to come back with, and what it may make of it.

Pure. Whatever a stranger sends instead is refused as a `BrokenCursorError`, or for a resume token passed over.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

import msgspec

from infra.errors import CausewayError
from replication.ids import is_conversation_id

LARGEST: Final = 2**63 - 1
LONGEST_TOKEN: Final = 65_536
_PLACE = re.compile(r"([0-9]{1,10})\.([0-9]{1,19})")
_LISTED = re.compile(r"([0-9]{1,19})\.([dgc][0-9a-f]{32}-[a-z][a-z0-9]{1,7})")


class BrokenCursorError(CausewayError):
    """The cursor in `{field}` is none of ours. Pass on what `next` or `previous` said, or begin without one."""

    code = "broken-cursor"
    status = 400
    definite = True


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a conversation's log: (0, 0) is before its first entry.

    Attributes:
        epoch: That numbered the entry.
        seq: The entry's number.
    """

    epoch: int
    seq: int

    def __str__(self) -> str:
        """The cursor."""
        return f"{self.epoch}.{self.seq}"


@dataclass(frozen=True, slots=True)
class Listed:
    """A place in a user's list of conversations, the most recently changed first.

    Attributes:
        updated_at: When that conversation changed, microseconds since the epoch.
        conversation_id: The conversation.
    """

    updated_at: int
    conversation_id: str

    def __str__(self) -> str:
        """The cursor."""
        return f"{self.updated_at}.{self.conversation_id}"


class ResumeToken(msgspec.Struct, frozen=True, array_like=True):
    """Up to where a device has been told everything; no secret, since it is only ever applied to its owner's conversations.

    Attributes:
        region: The region whose outputs these are.
        incarnation: Of that region.
        positions: The last output position of each journal partition, by number of the partition.
    """

    region: str
    incarnation: int
    positions: tuple[int, ...]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(ResumeToken)


def read_place(text: str, *, field: str) -> Place:
    """Read a cursor of a page of messages.

    Raises:
        BrokenCursorError: It is none.
    """
    match = _PLACE.fullmatch(text)
    if match is None or int(match[2]) > LARGEST or not match[0].isascii():
        raise BrokenCursorError(field=field)
    return Place(int(match[1]), int(match[2]))


def read_listed(text: str, *, field: str) -> Listed:
    """Read a cursor of a page of conversations.

    Raises:
        BrokenCursorError: It is none.
    """
    match = _LISTED.fullmatch(text)
    if match is None or int(match[1]) > LARGEST or not is_conversation_id(match[2]):
        raise BrokenCursorError(field=field)
    return Listed(int(match[1]), match[2])


def write_resume(token: ResumeToken) -> str:
    """Return the text of a resume token."""
    return base64.urlsafe_b64encode(_encoder.encode(token)).decode().rstrip("=")


def read_resume(text: str) -> ResumeToken | None:
    """Read a resume token; None if it is none of ours."""
    if not text.isascii() or len(text) > LONGEST_TOKEN:
        return None
    try:
        token = _decoder.decode(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, msgspec.DecodeError, ValueError, RecursionError):
        return None
    in_range = all(0 <= position <= LARGEST for position in token.positions)
    return token if in_range else None


def usable(
    token: ResumeToken | None, *, region: str, incarnation: int, positions: dict[int, int]
) -> dict[int, int] | None:
    """Return the positions of a resume token if they mean something here; None if the device must say what it holds.

    Args:
        token: What the device brought.
        region: This region.
        incarnation: Its incarnation.
        positions: How far each of its partitions has come.
    """
    if token is None or (token.region, token.incarnation) != (region, incarnation):
        return None
    if len(token.positions) != len(positions):
        return None
    told = dict(enumerate(token.positions))
    if any(position > positions.get(partition, -1) for partition, position in told.items()):
        return None  # the store has lost what the device was told
    return told
