"""What names may be written with, since others see them beside what they rely on: nothing invisible, and nothing that turns the text around it. Pure."""

import re
import unicodedata
from typing import Final

_JOINING: Final = frozenset({"\N{ZERO WIDTH NON-JOINER}", "\N{ZERO WIDTH JOINER}"})
"""Invisible, but words of some languages and many emoji are written with them."""
_FLAG: Final = re.compile("\N{WAVING BLACK FLAG}[\U000e0020-\U000e007e]+\U000e007f")
"""A flag of a part of a country; the tags in it are nowhere else."""
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories: controls, format characters (those of direction among them), halves of pairs, separators of lines."""
_BLANK: Final = frozenset(
    "\N{HANGUL CHOSEONG FILLER}\N{HANGUL JUNGSEONG FILLER}\N{HANGUL FILLER}\N{HALFWIDTH HANGUL FILLER}\N{BRAILLE PATTERN BLANK}"
)
"""Counted as letters and symbols, though nothing is seen of them."""


def object_to_letters(text: str) -> str:
    """Return why a text cannot be shown as it is; empty if it can. A text of nothing can."""
    for one in _FLAG.sub("", text):
        if unicodedata.category(one) in _UNSEEN and one not in _JOINING:
            return "it holds control characters, or others that nobody sees"
    return ""


def object_to_name(name: str) -> str:
    """Return why nothing can be called that; empty if it can."""
    return object_to_letters(name) or ("" if any(map(_is_seen, name)) else "there is nothing to be seen of it")


def _is_seen(one: str) -> bool:
    """Whether a character shows something by itself: a letter, a digit, a symbol; what Python's tables do not know yet is taken for an emoji."""
    category = unicodedata.category(one)
    return (category[0] in "LNPS" or category == "Cn") and one not in _BLANK
