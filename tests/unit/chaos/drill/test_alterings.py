"""Which messages are altered, and how, follows from the seed."""

from chaos.drill.alterings import SHARE, WAYS, altering, edited, reacts


def test_one_of_so_many_messages_is_altered_and_the_seed_repeats_which() -> None:
    """In every way, sooner or later."""
    plans = [altering(number, 1) for number in range(100 * SHARE)]

    assert plans == [altering(number, 1) for number in range(100 * SHARE)]
    assert plans != [altering(number, 2) for number in range(100 * SHARE)]
    assert [sum(map(bool, plans[begin : begin + SHARE])) for begin in range(0, len(plans), SHARE)] == [1] * 100
    assert set(filter(None, plans)) == set(WAYS)


def test_texts_of_edits_are_like_no_others() -> None:
    """Neither of the same message nor of another."""
    assert len({edited("run", number, step) for number in range(3) for step in range(2)}) == 6


def test_some_react() -> None:
    """Not everybody to the same message."""
    assert [seat for seat in range(240) if reacts("000000f0" + "0" * 8, seat)] == [0]
