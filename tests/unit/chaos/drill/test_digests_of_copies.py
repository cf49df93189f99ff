"""Regions are compared over what all of them have."""

from chaos.drill.copies import Copy, digests
from chaos.judge.events import Aftermath, Change, Sighting


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


def test_what_a_region_hides_from_all_who_live_there_is_not_compared() -> None:
    """Two members of one region tell together what it holds; each stretch that another region has as well is compared."""
    late = (Sighting(0, 2, "", "", None, from_seq=1), *log("x", "y", "z", "w")[2:3], Sighting(0, 4, "", "", None))
    early = log("x", "y", "z", "w")[:1]
    found = digests({"g": [Copy("us", log("x", "y", "z", "w")), Copy("eu", late), Copy("eu", early)]}, 9.0)

    assert {(one.region, one.first, one.last) for one in found} == {
        ("us", 1, 1), ("eu", 1, 1), ("us", 3, 3), ("eu", 3, 3),
    }  # fmt: skip
    assert len({(one.first, one.digest) for one in found}) == 2


def edit(seq: int) -> Sighting:
    """Return an edit of the first message."""
    return Sighting(1, seq, f"m{seq}", "a", f"edit {seq}", change=Change("message_edited", target="m1"))


def said(text: str, edited: int) -> Sighting:
    """Return the first message as it was edited."""
    return Sighting(1, 1, "m1", "a", text, aftermath=Aftermath(edited))


def test_texts_of_edited_messages_are_compared() -> None:
    """Of two members of one region the one who sees the later edit tells what it holds."""
    us, stale = Copy("us", (said("z", 2), edit(2))), Copy("us", log("x"))
    same, other = Copy("eu", (said("z", 2), edit(2))), Copy("eu", (said("y", 2), edit(2)))

    assert len({one.digest for one in digests({"g": [us, stale, same]}, 9.0)}) == 1
    assert len({one.digest for one in digests({"g": [us, stale, other]}, 9.0)}) == 2


def test_who_left_before_an_edit_does_not_differ_by_it() -> None:
    """Their region shows what the message said then."""
    found = digests({"g": [Copy("us", (said("z", 2), edit(2))), Copy("eu", log("x"))]}, 9.0)

    assert len({one.digest for one in found}) == 1


def post(seq: int, text: str, from_seq: int = 0) -> Sighting:
    """Return a post of a channel, which stands for what nobody is shown before it."""
    return Sighting(1, seq, f"m{seq}", "a", text, from_seq=from_seq)


def test_a_channel_is_compared_over_what_its_posts_stand_for() -> None:
    """From the first number to the last post that both regions serve, in one stretch; the tombstone of who has left is not compared."""
    us = Copy("us", (post(1, "x"), post(4, "y", 2), post(6, "z", 5)))
    eu = Copy("eu", (post(1, "x"), post(4, "y", 2), Sighting(0, 5, "", "", None, from_seq=5)))
    found = digests({"c1-us": [us, eu]}, 9.0)

    assert {(one.region, one.first, one.last) for one in found} == {("us", 1, 4), ("eu", 1, 4)}
    assert len({one.digest for one in found}) == 1


def test_a_post_that_only_one_region_has_differs() -> None:
    """In the other one the next post stands for it."""
    us, eu = Copy("us", (post(1, "x"), post(2, "y"), post(3, "z"))), Copy("eu", (post(1, "x"), post(3, "z", 2)))
    for copies in ([us, eu], [eu, us]):
        assert len({one.digest for one in digests({"c1-us": copies}, 9.0) if one.last == 3}) == 2
