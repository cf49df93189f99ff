"""A store that is empty, or older than it was, is not taken for a region that begins, or goes on."""

import pytest

from global_directory.holding.schemas import DutyView
from infra.errors import UnavailableError
from infra.kafka import Committed, KafkaError
from region.projector import lived
from region.projector.lived import (
    AnotherJournalError,
    StoreLostError,
    StoreWentBackError,
    see_that_it_goes_on,
    see_that_it_is_new,
    see_that_it_is_the_same,
)
from region.store.rows import Place, RegionState
from replication.turns.decided import decided_group


class Directory:
    """Knows some regions, or is away."""

    def __init__(self, *known: str, is_away: bool = False) -> None:
        self._known = known
        self._is_away = is_away

    async def duties(self) -> tuple[DutyView, ...]:
        """Return who holds what."""
        if self._is_away:
            raise UnavailableError(what="The directory")
        return tuple(DutyView(one, "eu", 3, 3, "", (), 0.0, laid_down=False) for one in self._known)


async def test_a_region_that_was_never_announced_begins() -> None:
    """Others may have been."""
    await see_that_it_is_new("us", Directory("ap", "eu"))


async def test_a_region_that_has_lived_begins_nothing_in_an_empty_store() -> None:
    """Its first life would number anew what others have, by the same streams; the error says where to read on."""
    with pytest.raises(StoreLostError, match=r"epoch 3, held by eu.*incarnation\.md"):
        await see_that_it_is_new("us", Directory("eu", "us"))


async def test_nothing_begins_while_nobody_can_tell() -> None:
    """A directory that is away says nothing of whether the region has lived."""
    with pytest.raises(UnavailableError):
        await see_that_it_is_new("us", Directory(is_away=True))


def test_a_store_that_went_back_is_known() -> None:
    """What was noted is never more than it had; one partition is enough."""
    places = {0: Place(0, 7, 3), 1: Place(1, 9, 4)}
    see_that_it_goes_on(places, {})
    see_that_it_goes_on(places, {0: 7, 1: 5})
    with pytest.raises(StoreWentBackError, match=r"Partition 1 .* up to 10, .* up to 9 only"):
        see_that_it_goes_on(places, {0: 7, 1: 10})


def test_another_journal_is_known_however_long_it_is() -> None:
    """It lacks the note that was made in this epoch; where none was made, or nothing decided, nothing is lost by going on."""
    places = {0: Place(0, 7, 3), 1: Place(1, 0, 0)}
    see_that_it_is_the_same(places, {}, {1})
    see_that_it_is_the_same(places, {0: 7}, {0, 1})
    with pytest.raises(AnotherJournalError, match=r"Partition 0 .* up to 7, .*incarnation\.md"):
        see_that_it_is_the_same(places, {1: 0}, {0, 1})


async def test_a_journal_that_is_changed_under_way_is_known() -> None:
    """Kafka came back without its disk, and with more in it than was decided: nothing is noted there as if it were the one that was."""
    notes: dict[int, Committed] = {0: Committed(4, "")}

    class Journal:
        async def committed(self, partition: int) -> Committed | None:
            return notes.get(partition)

        async def commit(self, positions: dict[int, Committed]) -> None:
            notes.clear()

    reached = iter([{0: 7, 1: 0}, {0: 8, 1: 0}])
    with pytest.raises(AnotherJournalError):
        await lived.note_decided(Journal(), lambda: next(reached))  # type: ignore[arg-type]  # of a consumer it needs these alone
    assert not notes


def test_each_life_and_epoch_counts_for_itself() -> None:
    """Another site's journal has its own offsets, and so has a new one."""
    groups = {decided_group(RegionState("us", life, epoch, 4)) for life in (1, 2) for epoch in (1, 2)}
    assert len(groups) == 4


async def test_how_far_it_has_come_is_noted_whatever_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once each time that it has come further, and what failed is noted the next time; nothing that is not assigned is."""
    noted: list[dict[int, int]] = []
    rounds = iter([{}, {0: 4}, {0: 4}, {0: 7, 1: 2}, {0: 7, 1: 2}, {0: 8, 1: 2}])
    fails = [False, True, False, False]

    class Journal:
        async def committed(self, partition: int) -> Committed:
            return Committed(0, "")

        async def commit(self, positions: dict[int, Committed]) -> None:
            if fails.pop(0):
                raise KafkaError
            noted.append({partition: at.offset for partition, at in positions.items()})

    def decided() -> dict[int, int]:
        try:
            return next(rounds)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(lived, "NOTE_SECONDS", 0.0)
    with pytest.raises(KeyboardInterrupt):
        await lived.note_decided(Journal(), decided)  # type: ignore[arg-type]  # of a consumer it needs these alone
    assert noted == [{0: 4}, {0: 7, 1: 2}, {0: 8, 1: 2}]
