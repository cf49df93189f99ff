r"""What a reaction may be: one emoji that can be seen. Pure.

By the grammar of sequences of Unicode's technical standard 51 over the blocks in which emoji stand, so that nothing blank, invisible or
controlling passes. Python's tables do not say what an emoji is, and are of another year in each region: within the blocks that Unicode
keeps for pictures, what they do not know yet is taken.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from replication.alterations import LONGEST_EMOJI

_BLOCKS: Final = (
    "\N{COPYRIGHT SIGN}\N{REGISTERED SIGN}\N{DOUBLE EXCLAMATION MARK}\N{EXCLAMATION QUESTION MARK}\N{TRADE MARK SIGN}"
    "\N{INFORMATION SOURCE}\N{WAVY DASH}\N{PART ALTERNATION MARK}\N{CIRCLED IDEOGRAPH CONGRATULATION}"
    "\N{CIRCLED IDEOGRAPH SECRET}\N{CIRCLED LATIN CAPITAL LETTER M}"
    "\u2194-\u21aa\u231a-\u23ff\u25aa-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\U0001f000-\U0001f1e5\U0001f200-\U0001faff"
)
_FLAG: Final = "[\U0001f1e6-\U0001f1ff]{2}"
_KEYCAP: Final = "[0-9#*]\ufe0f?\u20e3"
_TAGS: Final = "(?:[\U000e0020-\U000e007e]+\U000e007f)?"
_TONES: Final = "[\U0001f3fb-\U0001f3ff]"
_ONE: Final = f"(?:{_FLAG}|{_KEYCAP}|(?!{_TONES})[{_BLOCKS}]\ufe0f?{_TONES}?{_TAGS})"
_SELECTOR: Final = "\ufe0f"
_WHOLE: Final = re.compile(f"{_ONE}(?:\u200d{_ONE})*")
_SEEN: Final = re.compile(f"[{_BLOCKS}]")
_SYMBOLS: Final = frozenset({"So", "Sm", "Sk", "Cn"})
"""Unicode categories of pictures: symbols, skin tones, and what the tables do not know yet."""
_OTHERS: Final = frozenset(
    "\N{DOUBLE EXCLAMATION MARK}\N{EXCLAMATION QUESTION MARK}\N{INFORMATION SOURCE}\N{WAVY DASH}\N{PART ALTERNATION MARK}"
)
"""Emoji that are of other categories."""


def is_emoji(text: str) -> bool:
    """Whether a text is one emoji, with whatever joins, colours and frames it; 64 bytes of UTF-8 at most."""
    if _WHOLE.fullmatch(text) is None or len(text.encode()) > LONGEST_EMOJI:
        return False
    return all(unicodedata.category(one) in _SYMBOLS or one in _OTHERS for one in _SEEN.findall(text))


def spelled(emoji: str, there: Iterable[str]) -> str:
    """Return an emoji as it is spelled where it is already: with the selector that asks for its coloured form or without, it is the same.

    Args:
        emoji: As it was typed.
        there: Those that a message has; if the same is among them in both spellings, as once could be, it is as typed.
    """
    known, plain = list(there), emoji.replace(_SELECTOR, "")
    if emoji in known:
        return emoji
    return next((one for one in known if one.replace(_SELECTOR, "") == plain), emoji)
