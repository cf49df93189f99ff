"""The workload follows from its seed, is even, and goes between users of all regions."""

from itertools import islice, pairwise

from chaos.drill.workload import TEXT_CHARACTERS, pairs, seats, sends, text

RING = seats(("ap", "eu", "us"), 4)


def test_everybody_writes_at_home_and_to_other_regions() -> None:
    """Each pair of regions has a conversation, and each region some of its own; nobody is in all of them."""
    talks = pairs(RING)
    between = {frozenset((RING[one].region, RING[other].region)) for one, other in talks}

    assert len(between) == 6
    assert all(one < other for one, other in talks)
    assert {seat for pair in talks for seat in pair} == {seat.number for seat in RING}


def test_sends_are_even_and_numbered() -> None:
    """A message is due whatever becomes of those before it."""
    found = list(islice(sends(pairs(RING), rate=50, seed=3), 500))

    assert [send.number for send in found] == list(range(500))
    assert all(abs(after.due - before.due - 0.02) < 1e-9 for before, after in pairwise(found))


def test_a_round_has_every_pair_in_both_directions() -> None:
    """The order changes from round to round and from seed to seed, and is repeated by the seed."""
    talks = pairs(RING)
    both = {*talks, *((other, one) for one, other in talks)}
    found = [(send.sender, send.recipient) for send in islice(sends(talks, rate=1, seed=3), 2 * len(both))]

    assert set(found[: len(both)]) == set(found[len(both) :]) == both
    assert found[: len(both)] != found[len(both) :]
    assert found == [(send.sender, send.recipient) for send in islice(sends(talks, rate=1, seed=3), 2 * len(both))]


def test_texts_differ_by_their_number() -> None:
    """Whoever sees one can tell which send it was."""
    assert len({text("run", number) for number in range(1000)}) == 1000
    assert len(text("run", 7)) == TEXT_CHARACTERS
