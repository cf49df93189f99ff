"""What is searched for in one's own history, where a page goes on, and what of a text matches. Pure."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import msgspec

from infra.errors import InvalidFieldError
from region.gateway.cursors import LARGEST, BrokenCursorError
from region.store.words import Word, words_of
from replication.ids import is_conversation_id, is_user_id

LONGEST_QUERY: Final = 256
"""Characters."""
MOST_WORDS: Final = 16
"""Of one query."""
FEWEST_LETTERS: Final = 3
"""Of a word of which only the beginning is given."""
MOST_MATCHES: Final = 50
"""Places of one text that are told."""
LONGEST_CURSOR: Final = 256
KINDS: Final = {"direct": "d", "group": "g", "channel": "c"}
"""Kinds of conversations to how their ids begin."""
ATTACHED: Final = ("image", "file")
_CHUNK: Final = re.compile(r'"([^"]*)"|(\S+)')


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must stand in a text, one right after the other.

    Attributes:
        typed: As they were typed.
        words: Folded.
        begins: Whether the last of them is but the beginning of a word.
    """

    typed: str
    words: tuple[str, ...]
    begins: bool = False


class Found(msgspec.Struct, frozen=True, array_like=True):
    """How far a search has come: the entry that was looked at last.

    Attributes:
        sent_at: Microseconds since the epoch.
        conversation_id: Its conversation.
        seq: Its number.
    """

    sent_at: Annotated[int, msgspec.Meta(ge=-LARGEST, le=LARGEST)]
    conversation_id: Annotated[str, msgspec.Meta(max_length=64)]
    seq: Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]


FIRST: Final = Found(LARGEST, "", 0)
"""Before all that is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is searched for.

    Attributes:
        terms: All must match.
        conversation_id: In that conversation alone.
        sender_id: By that user alone.
        since: Not sent before, microseconds since the epoch.
        until: Sent before.
        kind: In conversations of that kind, or with an attachment of that kind.
        limit: How many at most.
        after: Go on behind that.
    """

    terms: tuple[Term, ...]
    conversation_id: str | None = None
    sender_id: str | None = None
    since: int = -LARGEST
    until: int = LARGEST
    kind: str | None = None
    limit: int = 20
    after: Found = FIRST


def read_terms(typed: str) -> tuple[Term, ...]:
    """Read what somebody typed: words, "words in a row" in double quotes, and beginnings of one with an asterisk.

    Raises:
        InvalidFieldError: It is too long, or nothing can be found by it.
    """
    if len(typed) > LONGEST_QUERY:
        raise InvalidFieldError(field="query", reason=f"use at most {LONGEST_QUERY} characters")
    terms = []
    for found in _CHUNK.finditer(typed.replace("\0", " ")):
        chunk = found[1] if found[1] is not None else found[2]
        words = tuple(word.folded for word in words_of(chunk))
        begins = found[2] is not None and chunk.endswith("*") and bool(words)
        if begins and len(words[-1]) < FEWEST_LETTERS:
            raise InvalidFieldError(field="query", reason=f"give at least {FEWEST_LETTERS} letters before an asterisk")
        if words:
            terms.append(Term(chunk, words, begins))
    if not terms:
        raise InvalidFieldError(
            field="query", reason="give at least one word; only letters and digits are searched for"
        )
    if (count := sum(len(term.words) for term in terms)) > MOST_WORDS:
        raise InvalidFieldError(field="query", reason=f"it has {count} words, and {MOST_WORDS} is the most")
    return tuple(terms)


def read_time(text: str | None, *, field: str, missing: int) -> int:
    """Return a time in microseconds since the epoch.

    Raises:
        InvalidFieldError: It is no time, or says no time zone.
    """
    if text is None:
        return missing
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise InvalidFieldError(field=field, reason="say the time zone, as in 2026-11-26T12:00:00Z")
        return int(at.timestamp() * 1_000_000)
    except (ValueError, OverflowError):
        raise InvalidFieldError(field=field, reason="use RFC 3339, as in 2026-11-26T12:00:00Z") from None


def read_sender(user_id: str | None) -> str | None:
    """Check a user id.

    Raises:
        InvalidFieldError: It is none.
    """
    if user_id is not None and not is_user_id(user_id):
        raise InvalidFieldError(field="sender_id", reason="give a user id")
    return user_id


def read_kind(kind: str | None) -> str | None:
    """Check a kind.

    Raises:
        InvalidFieldError: There is none such.
    """
    if kind is not None and kind not in (*KINDS, *ATTACHED):
        raise InvalidFieldError(field="kind", reason=f"use {', '.join((*KINDS, *ATTACHED))}")
    return kind


def matches(text: str, terms: Sequence[Term]) -> list[tuple[int, int]]:
    """Return where a text matches, as offsets and lengths in Unicode code points; nothing unless all terms do."""
    words = words_of(text)
    found: set[tuple[int, int]] = set()
    for term in terms:
        places = _places(words, term)
        if not places:
            return []
        found.update(places)
    return sorted(found)[:MOST_MATCHES]


def _places(words: Sequence[Word], term: Term) -> list[tuple[int, int]]:
    size, places = len(term.words), []
    for first in range(len(words) - size + 1):
        run = words[first : first + size]
        if _same(run, term):
            places.append((run[0].begin, run[-1].end - run[0].begin))
    return places


def _same(run: Sequence[Word], term: Term) -> bool:
    *before, last = run
    if any(word.folded != wanted for word, wanted in zip(before, term.words, strict=False)):
        return False
    return last.folded.startswith(term.words[-1]) if term.begins else last.folded == term.words[-1]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Found)


def write_cursor(found: Found) -> str:
    """Return the text of how far a search has come."""
    return base64.urlsafe_b64encode(_encoder.encode(found)).decode().rstrip("=")


def read_cursor(text: str | None) -> Found:
    """Read such a text; without one, begin.

    Raises:
        BrokenCursorError: It is none.
    """
    if text is None:
        return FIRST
    if not text.isascii() or len(text) > LONGEST_CURSOR:
        raise BrokenCursorError(field="cursor")
    try:
        found = _decoder.decode(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, msgspec.DecodeError, ValueError, RecursionError):
        raise BrokenCursorError(field="cursor") from None
    if not is_conversation_id(found.conversation_id):
        raise BrokenCursorError(field="cursor")
    return found
