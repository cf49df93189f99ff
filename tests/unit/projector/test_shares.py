"""How projectors divide the partitions of a journal among themselves."""

from hypothesis import given
from hypothesis import strategies as st

from region.projector.shares import Division, divide

NAMES = ("a", "b", "c", "d", "e")
PARTITIONS = range(12)
held_anyhow = st.dictionaries(st.sampled_from(PARTITIONS), st.sampled_from((*NAMES, "gone")), max_size=12)


@given(
    alive=st.sets(st.sampled_from(NAMES), min_size=1),
    held=held_anyhow,
    order=st.permutations(NAMES * 3),
    count=st.integers(1, 12),
)
def test_whoever_comes_by_in_whatever_order_all_is_divided_evenly(
    alive: set[str], held: dict[int, str], order: list[str], count: int
) -> None:
    """After each has come by three times every partition has one projector alive, and shares differ by one at most."""
    partitions, held = range(count), {at: who for at, who in held.items() if at < count}
    for name in (*order, *order):
        if name in alive:
            division = divide(name, alive=alive, held=held, partitions=partitions)
            assert not {at for at in division.claim if held.get(at) in alive}, "nobody takes from the living"
            held = {at: who for at, who in held.items() if at not in division.give}
            held |= dict.fromkeys(division.claim, name)

    sizes = [sum(who == name for who in held.values()) for name in alive]
    assert set(held) == set(partitions)
    assert set(held.values()) <= alive
    assert max(sizes) - min(sizes) <= 1


def test_what_the_dead_had_is_claimed() -> None:
    """Two of four partitions are a dead projector's."""
    division = divide("a", alive=["a"], held={0: "a", 1: "b", 2: "a", 3: "b"}, partitions=range(4))

    assert division == Division(frozenset({0, 2}), frozenset(), frozenset({1, 3}))


def test_a_newcomer_is_given_its_share() -> None:
    """One that has all gives half of them, and claims nothing."""
    division = divide("a", alive=["a", "b"], held=dict.fromkeys(range(4), "a"), partitions=range(4))

    assert division == Division(frozenset({0, 1}), frozenset({2, 3}), frozenset())


def test_who_is_beyond_the_number_of_partitions_has_none() -> None:
    """Five projectors of four partitions: the last one waits."""
    division = divide("e", alive=NAMES, held={0: "a", 1: "b", 2: "c", 3: "d"}, partitions=range(4))

    assert division == Division(frozenset(), frozenset(), frozenset())
