"""The stream judge: whatever is repeated, skipped, revealed and replayed, each record passes once or stays a recorded hole."""

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from replication.streams import Drop, Park, Pass, Progress, coarsen, give_up, judge, judge_heartbeat

SEQUENCES = st.lists(st.integers(1, 60), max_size=120)


def take(progress: Progress, sequence: int) -> tuple[Progress, bool]:
    """Judge as the ingester does: a gap is given up at once, then the record is judged again."""
    progress, verdict = judge(progress, sequence)
    if isinstance(verdict, Park):
        progress, verdict = judge(give_up(progress, verdict), sequence)
    assert isinstance(verdict, Pass | Drop)
    return progress, isinstance(verdict, Pass)


def in_holes(progress: Progress) -> list[int]:
    """Return every sequence that is still welcome."""
    return [sequence for first, last in progress.holes for sequence in range(first, last + 1)]


def test_a_stream_in_order_passes() -> None:
    """The usual case."""
    progress = Progress()
    for sequence in range(1, 100):
        progress, verdict = judge(progress, sequence)
        assert verdict == Pass()
    assert progress == Progress(last=99)


def test_a_jump_names_exactly_what_is_missing() -> None:
    """Repair will ask for this range, no more and no less."""
    assert judge(Progress(last=3), 7) == (Progress(last=3), Park(first_missing=4, last_missing=6))


def test_a_heartbeat_reveals_a_lost_tail() -> None:
    """The last records of a stream can be lost too; then nothing follows that would show it."""
    assert judge_heartbeat(Progress(last=3), 5) == Park(first_missing=4, last_missing=5)
    assert judge_heartbeat(Progress(last=5), 5) is None
    assert judge_heartbeat(Progress(last=5), 2) is None


@given(up_to=st.integers(1, 50), repeats=st.data())
@settings(deadline=None)  # the machine may be busy
def test_every_record_passes_once_however_often_it_is_delivered(up_to: int, repeats: st.DataObject) -> None:
    """At-least-once delivery becomes exactly-once, whatever the repetition."""
    deliveries: list[int] = []
    for sequence in range(1, up_to + 1):
        deliveries.append(sequence)
        back = repeats.draw(st.integers(0, len(deliveries)))
        deliveries += deliveries[len(deliveries) - back :]
    progress, passed = Progress(), []
    for sequence in deliveries:
        progress, new = take(progress, sequence)
        if new:
            passed.append(sequence)

    assert passed == list(range(1, up_to + 1))
    assert progress == Progress(last=up_to)


@given(deliveries=SEQUENCES)
@settings(deadline=None)  # the machine may be busy
def test_any_deliveries_pass_each_record_once_or_leave_it_a_hole(deliveries: list[int]) -> None:
    """Drops, repeats, jumps and late arrivals in any order: passed and holes together are everything up to the last, each once."""
    progress, passed = Progress(), []
    for sequence in deliveries:
        progress, new = take(progress, sequence)
        if new:
            passed.append(sequence)

    assert len(passed) == len(set(passed))
    assert sorted(passed) == sorted(set(deliveries))
    assert sorted(passed + in_holes(progress)) == list(range(1, progress.last + 1))


@given(deliveries=SEQUENCES, crashes=st.sets(st.integers(0, 119)), batch=st.integers(1, 10))
@settings(deadline=None)  # the machine may be busy
def test_a_crash_replays_and_never_loses(deliveries: list[int], crashes: set[int], batch: int) -> None:
    """Appends happen before progress is kept: a crash between them repeats appends, and what is kept counts each once."""
    kept, appended, counted = Progress(), list[int](), list[int]()
    crashes, start = set(crashes), 0
    while start < len(deliveries):
        progress, now = kept, []
        for sequence in deliveries[start : start + batch]:
            progress, new = take(progress, sequence)
            now += [sequence] if new else []
        appended += now
        if start in crashes:
            crashes.remove(start)
            continue
        kept, counted, start = progress, counted + now, start + batch

    assert set(appended) == set(deliveries)
    assert len(counted) == len(set(counted))
    assert sorted(counted + in_holes(kept)) == list(range(1, kept.last + 1))


@given(heartbeats=SEQUENCES, deliveries=SEQUENCES)
@settings(deadline=None)  # the machine may be busy
def test_what_a_heartbeat_revealed_is_still_welcome(heartbeats: list[int], deliveries: list[int]) -> None:
    """A heartbeat that overtook its records costs nothing: they pass when they come."""
    progress = Progress()
    for sequence in heartbeats:
        if (park := judge_heartbeat(progress, sequence)) is not None:
            progress = give_up(progress, park)
    passed = []
    for sequence in deliveries:
        progress, new = take(progress, sequence)
        passed += [sequence] if new else []

    assert sorted(passed) == sorted(set(deliveries))


@given(holes=st.sets(st.integers(1, 400), max_size=200), most=st.integers(1, 20))
@settings(deadline=None)  # the machine may be busy
def test_coarser_holes_lose_nothing(holes: set[int], most: int) -> None:
    """When there is no room for every hole, the ranges cover more, never less."""
    progress = Progress(last=400, holes=_ranges(holes))
    coarse = coarsen(progress, most)

    assert len(coarse.holes) <= most
    assert set(in_holes(coarse)) >= holes
    assert list(coarse.holes) == sorted(coarse.holes)


def test_a_jump_of_millions_is_one_range() -> None:
    """A truncated topic must not fill the memory."""
    progress = give_up(Progress(), Park(first_missing=1, last_missing=10**9))
    progress, verdict = judge(progress, 5 * 10**8)

    assert verdict == Pass()
    assert progress.holes == ((1, 5 * 10**8 - 1), (5 * 10**8 + 1, 10**9))
    assert progress.missing == 10**9 - 1


def _ranges(sequences: Iterable[int]) -> tuple[tuple[int, int], ...]:
    progress = Progress()
    for sequence in sorted(sequences):
        progress = give_up(progress, Park(first_missing=sequence, last_missing=sequence))
    return progress.holes
