"""An answer that waits for the standby is given when the standby has it, never before, however looks and commits fall; and one look serves all."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from infra.tasks import beside
from region.gateway.finality import Finality, Round, Rounds
from region.store.repository.copies import Reach

STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["commit", "confirm"]), st.integers(1, 60)),
        st.tuples(st.sampled_from(["join", "leave", "begin", "read", "end"]), st.just(0)),
    ),
    max_size=60,
)


@given(steps=STEPS)
def test_nobody_is_told_before_the_standby_has_what_was_committed_when_they_came(steps: list[tuple[str, int]]) -> None:
    """A look may read the store long before its answer is taken in, and commits go on meanwhile; once all is confirmed, everybody is told."""
    rounds, waiting = Rounds(), list[tuple[Round, int]]()
    position = confirmed = 0
    seen: Reach | None = None
    under_way = False
    for what, by in steps:
        if what == "commit":
            position += by
        elif what == "confirm":
            confirmed = min(position, confirmed + by)
        elif what == "join":
            waiting.append((rounds.join(), position))
        elif what == "leave" and waiting:
            rounds.leave(waiting.pop(0)[0])
        elif what == "begin" and not under_way:
            rounds.begin()
            under_way, seen = True, None
        elif what == "read" and under_way and seen is None:
            seen = Reach(position, confirmed or None)
        elif what == "end" and seen is not None:
            rounds.end(seen)
            under_way, seen = False, None
        assert not [wanted for joined, wanted in waiting if joined.reached.is_set() and wanted > confirmed]
    rounds.begin()
    rounds.end(Reach(position, position))
    assert all(joined.reached.is_set() for joined, _ in waiting)


class Store:
    """A store of which the standby has as much as is said; it counts looks."""

    def __init__(self) -> None:
        """Begin with a standby that has nothing."""
        self.position, self.confirmed, self.looks = 100, 0, 0

    async def look(self) -> Reach:
        """Tell how far both are."""
        self.looks += 1
        return Reach(self.position, self.confirmed)


async def test_one_look_serves_everybody_and_nobody_looks_while_nobody_waits() -> None:
    """A thousand answers cost what one does."""
    store = Store()
    finality = Finality(store.look)
    async with beside(finality.run()):
        store.confirmed = 100
        assert await asyncio.gather(*(finality.reached(30) for _ in range(1000))) == [True] * 1000
        assert store.looks <= 2
        looks = store.looks
        await asyncio.sleep(0.1)
        assert store.looks <= looks + 1


async def test_time_is_up_while_the_standby_is_behind() -> None:
    """Then it is not so; whoever comes later, when it has come, is told at once."""
    store = Store()
    finality = Finality(store.look)
    async with beside(finality.run()):
        assert not await finality.reached(0.05)
        store.confirmed = store.position
        assert await finality.reached(30)
