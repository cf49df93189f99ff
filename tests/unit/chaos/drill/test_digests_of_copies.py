"""Regions are compared over what all of them have."""

from chaos.drill.reader import Copy, digests
from chaos.judge.events import Sighting


def log(*texts: str, status: str = "read") -> tuple[Sighting, ...]:
    """Return a log with those texts."""
    return tuple(Sighting(1, seq, f"m{seq}", "a", text, status) for seq, text in enumerate(texts, 1))


def test_equal_copies_have_equal_digests_whatever_their_statuses() -> None:
    """Statuses go on rising while histories are read."""
    one, other = digests({"c": [Copy("us", log("x", "y")), Copy("eu", log("x", "y", status="unread"))]}, 9.0)

    assert one.digest == other.digest
    assert {one.region, other.region} == {"us", "eu"}
    assert (one.first, one.last) == (1, 2)


def test_a_longer_copy_is_compared_as_far_as_the_shorter_goes() -> None:
    """What one lacks at its end is for the other checkers."""
    one, other = digests({"c": [Copy("us", log("x", "y", "z")), Copy("eu", log("x", "y"))]}, 9.0)

    assert one.digest == other.digest
    assert one.last == other.last == 2


def test_other_texts_have_other_digests() -> None:
    """That is the point."""
    one, other = digests({"c": [Copy("us", log("x", "y")), Copy("eu", log("x", "z"))]}, 9.0)

    assert one.digest != other.digest
