"""By what users are found: their handles and display names, folded, and the starts in them at which a search may begin.

Pure. Case and accents do not count, nor does what is no letter or digit: `Éva-Łucja` is found by `eva` and by `lucja`.
"""

import unicodedata
from typing import Final, NamedTuple

LONGEST: Final = 64
"""Characters of a folded name that count; as many as a handle has at most."""

_MARKS: Final = range(10, 256)
"""Combining classes of accents, points and harakat, which do not count; those below make other letters in Indic scripts and Kana."""
_PLAIN: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "þ": "th", "æ": "ae", "œ": "oe"}
)
"""Letters that Unicode does not take apart, and that people type otherwise."""

HANDLE: Final = 0
"""The kind of a start that is a handle."""
NAME: Final = 1
"""The kind of a start within a display name: one of its words, and all that follows it."""


class Start(NamedTuple):
    """A place at which a search may begin.

    Attributes:
        kind: `HANDLE` or `NAME`.
        length: Characters of the whole handle or folded name: the shorter is found first.
        text: From there on.
    """

    kind: int
    length: int
    text: str


def fold(name: str) -> str:
    """Return a name as it is compared: letters and digits without case and accents, one space between words."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold()).translate(_PLAIN)
    kept = (_folded(character) for character in apart)
    return " ".join("".join(kept).split())[:LONGEST].rstrip()


def starts_of(handle: str, display_name: str) -> list[Start]:
    """Return where searches for a user may begin."""
    folded, name = handle.casefold(), fold(display_name)
    places = [0, *(place + 1 for place, character in enumerate(name) if character == " ")] if name else []
    return [
        Start(HANDLE, len(folded), folded),
        *(Start(NAME, len(name), text) for text in sorted({name[place:] for place in places})),
    ]


def _folded(character: str) -> str:
    if unicodedata.combining(character) in _MARKS:
        return ""
    return character if character.isalnum() or unicodedata.category(character).startswith("M") else " "
