"""By what messages are found: their words, folded alike in the store's index and here, where it is found out what stands where.

The index is made of what `entries` has already, so writing, altering and deleting messages keep it right by themselves, in the
same statement, whichever version of the software does it. What stands in it only proposes: whoever searches reads the words again,
as the reader sees them.

Case, accents and points do not count. Of scripts that are written without spaces each character is a word of its own.
"""

import re
import unicodedata
from functools import lru_cache, reduce
from typing import Final, NamedTuple

SINGLE: Final = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Thai, Lao, Burmese, Khmer, kana and Han, as a class in a regular expression, of PostgreSQL and Python alike."""
MARKS: Final = r"\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
"""Accents, points and harakat, likewise."""

_PLAIN: Final = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "\u0131": "i",
        "\u03c2": "\u03c3",
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
    }
)
"""Letters that Unicode does not take apart, and that people type otherwise; `_LETTERS` says the same."""

_LETTERS: Final = "lower(normalize(text, NFKD) COLLATE pg_c_utf8)"
_PLAINER: Final = (
    f"replace(replace(replace(replace(translate({_LETTERS}, 'øłđðħ\u0131\u03c2', 'olddhi\u03c3'),"
    " 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th')"
)
_APART: Final = reduce(lambda made, joint: f"replace({made}, '{joint}', ' ')", "./-@_:+&<>~", "text")
"""One `replace` each: for two kilobytes `translate` takes five times as long."""
FOLDED: Final = (
    f"CASE WHEN octet_length(text) = length(text) THEN {_APART} ELSE"
    f" regexp_replace(regexp_replace(regexp_replace({_PLAINER}, '[{MARKS}]', '', 'g'),"
    f" '([{SINGLE}])', ' \\1 ', 'g'), '[^[:alnum:]]+', ' ', 'g') END"
)
"""The folded words of a column `text`, in SQL. Of plain ASCII, only what PostgreSQL's parser would take for parts of words goes."""
SEARCHED: Final = (
    "text <> '' AND kind IN ('message_sent', 'group_message_sent', 'channel_message_sent', 'message_edited')"
)
"""Which entries are in the index."""
INDEXED: Final = f"(array_to_tsvector(ARRAY[conversation_id]) || to_tsvector('simple', {FOLDED}))"
"""What the index holds of an entry: its words, and its conversation as one more; so what others write is not even looked at."""

_ASCII_WORD: Final = re.compile(r"[a-z0-9]+")
_WORD: Final = re.compile(r"\S+")
_SINGLE: Final = re.compile(f"[{SINGLE}]")
_MARK: Final = re.compile(f"[{MARKS}]")


class Word(NamedTuple):
    """A word of a text.

    Attributes:
        folded: As it is compared.
        begin: Where it begins in the text, counted in Unicode code points.
        end: Where what follows it begins.
    """

    folded: str
    begin: int
    end: int


def words_of(text: str) -> list[Word]:
    """Return the words of a text, in order."""
    if text.isascii():
        return [Word(found[0], *found.span()) for found in _ASCII_WORD.finditer(text.lower())]
    pieces = [_folded(character) for character in text]
    places = [place for place, piece in enumerate(pieces) for _ in piece]
    words = []
    for found in _WORD.finditer("".join(pieces)):
        end = places[found.end() - 1] + 1
        while end < len(text) and not pieces[end]:  # an accent of its own
            end += 1
        words.append(Word(found[0], places[found.start()], end))
    return words


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    """Return what is left of a character: nothing of an accent, spaces where no word goes on."""
    plain = unicodedata.normalize("NFKD", character).lower().translate(_PLAIN)
    return "".join(_kept(each) for each in _MARK.sub("", plain))


def _kept(character: str) -> str:
    if _SINGLE.match(character):
        return character if unicodedata.category(character).startswith("M") else f" {character} "
    return character if character.isalnum() or unicodedata.category(character).startswith("M") else " "
