"""Whose missed entries may be read by one question: only theirs to whom a conversation looks the same."""

from region.gateway.repository import Head
from region.gateway.sharing import Share

ONE, TWO = Head("d1", 7, 1), Head("d2", 9, 1)


def test_devices_that_were_told_the_same_share_a_conversation() -> None:
    """It is read once."""
    share = Share(10)

    assert share.add([ONE], {"d1": 5})
    assert share.add([ONE, TWO], {"d1": 5, "d2": 6})
    assert share.add([], {})
    assert (share.heads, share.told) == ([ONE, TWO], {"d1": 5, "d2": 6})


def test_who_was_told_more_or_less_is_read_apart() -> None:
    """Or it would be told twice, or not at all; and nothing of it stays in the share."""
    share = Share(10)
    share.add([ONE], {"d1": 5})

    assert not share.add([TWO, ONE], {"d1": 4, "d2": 6})
    assert (share.heads, share.told) == ([ONE], {"d1": 5})


def test_who_may_see_another_part_of_a_conversation_is_read_apart() -> None:
    """What is shown to one member is no measure for another."""
    share = Share(10)
    share.add([ONE], {"d1": 5})

    assert not share.add([Head("d1", 6, 1)], {"d1": 5})
    assert not share.add([Head("d1", 7, 1, since=3)], {"d1": 5})
    assert not share.add([Head("d1", 7, 1, hidden=((2, 4),))], {"d1": 5})
    assert not share.add([Head("d1", 7, 1, active=False)], {"d1": 5})


def test_a_share_is_bounded() -> None:
    """One question is never about more conversations than that."""
    share = Share(1)
    share.add([ONE], {"d1": 5})

    assert not share.add([TWO], {"d2": 6})
    assert share.add([ONE], {"d1": 5})
