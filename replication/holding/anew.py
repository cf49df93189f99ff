"""What was taken out of a log, or never numbered, is submitted anew by its own id, and numbered once.

A submission says no position, so none is ever stale: whoever owes it offers it again until it stands in the copy that it follows.
"""

from collections.abc import Iterable


def owed(
    tail: Iterable[str], undecided: Iterable[str], pending: Iterable[str], numbered: Iterable[str]
) -> tuple[str, ...]:
    """Return the message ids that a region offers the holder, each once, in the order in which they should be numbered.

    Args:
        tail: What was taken out, in order of seq.
        undecided: What its journal has accepted and nobody has numbered, in order.
        pending: What it has sent to another owner and has heard nothing of.
        numbered: What stands in the copy that it follows.
    """
    known = set(numbered)
    return tuple(message for message in dict.fromkeys((*tail, *undecided, *pending)) if message not in known)


def numbers(message: str, numbered: Iterable[str]) -> bool:
    """Whether a holder gives a message the next seq: not if it has one; then its outcome is told again."""
    return message not in set(numbered)
