"""Whether a table is the same in a store and its copy, by what was read of both in turn while they went on. Pure."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Final

Digest = tuple[int, int]
"""Rows, and the sum of their hashes."""
STEADY: Final = 5
"""Readings of the store, one after another, that have to be the same before the copy is to be the same, too: so long it may be late."""


class Verdict(StrEnum):
    """What is to be said of a table."""

    SAME = "same"
    DIFFERENT = "different"
    BUSY = "busy"
    """It was written all the while, so nothing can be said."""


def verdict(store: Sequence[Digest | None], copy: Sequence[Digest | None]) -> Verdict:
    """Judge a table.

    Args:
        store: What was read there: before each reading of the copy, and once after the last; None: it was not there.
        copy: What was read here.
    """
    if any(here in around for here, around in zip(copy, pairwise(store), strict=True)):
        return Verdict.SAME
    last = store[-STEADY:]
    return Verdict.DIFFERENT if len(last) == STEADY and len(set(last)) == 1 else Verdict.BUSY
