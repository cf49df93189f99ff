"""What is searched for, where a user stands among those who are found, and how answers of several regions become one page. Pure.

A user stands where their best match stands: the exact handle, then the beginning of a handle, then a whole word of the display
name, then the beginning of one; among equals the shorter name first, then by alphabet. It is the same in every region, so a place
is a cursor for all of them.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Annotated, Final

import msgspec

from infra.errors import InvalidFieldError
from region.gateway.cursors import BrokenCursorError
from region.store.names import HANDLE, LONGEST, NAME, fold
from replication.pictures import Picture

LONGEST_QUERY: Final = 64
"""Characters."""
LONGEST_CURSOR: Final = 1_024
_HANDLE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]*")
"""The beginning of one, folded."""
_LAST: Final = "\U0010ffff"
_WORD_ENDS: Final = "!"
"""Of what may stand in a folded name, a space alone comes before it."""


class Rank(IntEnum):
    """How well somebody matches; the lower, the better."""

    EXACT_HANDLE = 0
    HANDLE = 1
    WORD = 2
    WORD_BEGINNING = 3


class Place(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Where somebody stands among those who are found.

    Attributes:
        rank: How well they match.
        length: Characters of the handle or folded name that matched.
        text: It, from the match on.
        user_id: Who it is.
    """

    rank: Annotated[int, msgspec.Meta(ge=0, le=3)]
    length: Annotated[int, msgspec.Meta(ge=0, le=2 * LONGEST)]
    text: Annotated[str, msgspec.Meta(max_length=2 * LONGEST)]
    user_id: Annotated[str, msgspec.Meta(max_length=64)]


class Range(msgspec.Struct, frozen=True):
    """Where those of one rank are found: starts of that kind from `first` on, and before `end`."""

    kind: int
    first: str
    end: str


class Query(msgspec.Struct, frozen=True):
    """What is searched for.

    Attributes:
        handle: As part of a handle; empty if no handle has it.
        name: Folded, as part of a name; empty if no name has it.
    """

    handle: str
    name: str

    def range(self, rank: Rank) -> Range | None:
        """Return where those of a rank are found; None if nobody is, or it is the exact handle, of which there is one."""
        if rank is Rank.HANDLE and self.handle:
            return Range(HANDLE, self.handle + _WORD_ENDS, self.handle + _LAST)
        if rank is Rank.WORD and self.name:
            return Range(NAME, self.name, self.name + _WORD_ENDS)
        if rank is Rank.WORD_BEGINNING and self.name:
            return Range(NAME, self.name + _WORD_ENDS, self.name + _LAST)
        return None

    def place(self, user_id: str, handle: str, display_name: str, *, findable: bool = True) -> Place | None:
        """Return where a user stands; None if they are not found."""
        folded = handle.casefold()
        if self.handle and folded == self.handle:
            return Place(Rank.EXACT_HANDLE, len(folded), folded, user_id)
        if not findable:
            return None
        if self.handle and folded.startswith(self.handle):
            return Place(Rank.HANDLE, len(folded), folded, user_id)
        name = fold(display_name)
        words = [place for place in range(len(name)) if place == 0 or name[place - 1] == " "] if self.name else []
        places = [
            Place(
                Rank.WORD if text == self.name or text.startswith(self.name + " ") else Rank.WORD_BEGINNING,
                len(name),
                text,
                user_id,
            )
            for text in (name[word:] for word in words)
            if text.startswith(self.name)
        ]
        return min(places, default=None)


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who was found, as their home tells.

    Attributes:
        place: Where they stand.
        user_id: The user.
        handle: As its owner spells it.
        display_name: What others see.
        status_text: What the user says of the moment.
        created_at: Microseconds since the epoch.
        picture: What stands for the user; None for nothing.
    """

    place: Place
    user_id: Annotated[str, msgspec.Meta(max_length=64)]
    handle: Annotated[str, msgspec.Meta(max_length=64)]
    display_name: Annotated[str, msgspec.Meta(max_length=64)]
    status_text: Annotated[str, msgspec.Meta(max_length=140)]
    created_at: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    picture: Picture | None = None


class Found(msgspec.Struct, frozen=True):
    """A part of what is found in one region, in order.

    Attributes:
        hits: Whoever stands between where it was looked from and `upto`.
        upto: How far was looked; None if to the end.
    """

    hits: list[Hit]
    upto: Place | None = None


def read_query(typed: str) -> Query:
    """Read what somebody typed; `@ada` is the handle.

    Raises:
        InvalidFieldError: It is too long, or nothing can be found by it.
    """
    if len(typed) > LONGEST_QUERY:
        raise InvalidFieldError(field="query", reason=f"use at most {LONGEST_QUERY} characters")
    handle = unicodedata.normalize("NFKC", typed).strip().removeprefix("@").casefold()
    query = Query(handle if _HANDLE.fullmatch(handle) else "", fold(typed))
    if not query.handle and not query.name:
        raise InvalidFieldError(field="query", reason="use at least one letter or digit")
    return query


def merge(found: Sequence[Found], most: int) -> tuple[list[Hit], Place | None]:
    """Return one page of several regions', and from where to look for the next; None if there is no more.

    Nobody beyond the least far that a region has looked is on it: somebody of that region may stand before them.
    """
    horizon = min((one.upto for one in found if one.upto is not None), default=None)
    hits = sorted(
        (hit for one in found for hit in one.hits if horizon is None or hit.place <= horizon),
        key=lambda hit: hit.place,
    )
    if len(hits) > most:
        return hits[:most], hits[most - 1].place
    return hits, horizon


def those_of(query: Query, hits: Iterable[Hit], *, after: Place | None) -> list[Hit]:
    """Return the hits that are right, whatever another region says: where they stand is found out again."""
    right = []
    for hit in hits:
        place = query.place(hit.user_id, hit.handle, hit.display_name)
        if place is not None and (after is None or place > after):
            right.append(msgspec.structs.replace(hit, place=place))
    return right


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Place)


def write_cursor(place: Place) -> str:
    """Return the text of a place."""
    return base64.urlsafe_b64encode(_encoder.encode(place)).decode().rstrip("=")


def read_cursor(text: str) -> Place:
    """Read such a text.

    Raises:
        BrokenCursorError: It is none.
    """
    if not text.isascii() or len(text) > LONGEST_CURSOR:
        raise BrokenCursorError(field="cursor")
    try:
        place = _decoder.decode(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, msgspec.DecodeError, ValueError, RecursionError):
        raise BrokenCursorError(field="cursor") from None
    return place
