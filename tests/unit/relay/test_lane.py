"""A mirrored partition with gaps: whatever is repeated, skipped, repaired, given up and crashed, every record passes once and in order."""

import itertools
from dataclasses import dataclass, field

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.ingester.asking import AT_ONCE, Asking
from relay.ingester.intake import Append, Intake
from relay.ingester.lane import MOST_WAITING, Begun, Came, Freed, Lane, Left, Parked, Passed
from replication.codec import decode_journaled, encode, encode_record
from replication.ids import direct_conversation_id
from replication.progress import Taken, fit, read, whole_up_to
from replication.records import Mark, Relayed, Stream, Via
from replication.repair.pages import Page, Want
from replication.streams import Park, Progress

AUTHOR, FRIEND = "u" + "1" * 24 + "-us", "u" + "2" * 24 + "-eu"
STREAM = Stream("us", 1, 1, "eu", 2)
MARK = encode_record(
    Mark(conversation_id=direct_conversation_id(AUTHOR, FRIEND), user_id=AUTHOR, received=1, read=0, epoch=1)
)


def record(sequence: int, stream: Stream = STREAM) -> bytes:
    """Return the relay record of a sequence."""
    return encode(Relayed(via=Via(stream, sequence, sequence), record=MARK, forwarded_at=1))


def beat(sequence: int, stream: Stream = STREAM) -> bytes:
    """Return a heartbeat."""
    return encode(Relayed(via=Via(stream, sequence, 0), forwarded_at=1))


def lane() -> Lane:
    """Return a lane that has had nothing yet."""
    return Lane(Intake("us", "eu", partitions=8), 2, Taken(), 0)


def stream_of(to: Lane) -> Stream:
    """Return the first stream of a lane."""
    return msgspec.structs.replace(STREAM, partition=to.partition)


def lanes(count: int, gap: int = 2) -> list[Lane]:
    """Return lanes, each with a stream that is parked behind a gap of that many records."""
    made = [Lane(Intake("us", "eu", partitions=8), partition, Taken(), 0) for partition in range(count)]
    for one in made:
        take(one, record(gap + 1, stream_of(one)))
    return made


def sequences(came: Came, stream: Stream = STREAM) -> list[int]:
    """Return which sequences of a stream are appended, in order."""
    vias = [decode_journaled(j.step.value).via for j in came.judged if isinstance(j.step, Append)]
    return [via.sequence for via in vias if via is not None and via.stream == stream]


def take(to: Lane, *values: bytes) -> Came:
    """Let records come by the mirror."""
    all_ = Came()
    for value in values:
        came = to.take(value, to.next, now=9, clock=0.0)
        all_.judged += came.judged
        all_.notes += came.notes
    return all_


def test_a_jump_parks_the_stream_until_the_origin_has_answered() -> None:
    """What came after the gap waits, and follows in order."""
    here = lane()

    came = take(here, record(1), record(4), record(5))
    assert sequences(came) == [1]
    assert came.notes == [Parked(STREAM, Park(2, 3))]
    assert here.missing((1, 1)) == Want(STREAM, 2, 3)

    came = here.answered(here.missing((1, 1)), Page(3, (record(2), record(3))), now=9, clock=1.0)
    assert sequences(came) == [2, 3, 4, 5]
    assert came.notes == [Freed(STREAM)]
    assert here.taken.streams == {(1, 1): Progress(5)}
    assert (here.waiting, here.waiting_bytes, here.parked) == (0, 0, {})


def test_a_parked_stream_that_is_over_is_left_and_its_holes_are_not_asked_for() -> None:
    """What it lacks comes in the streams of who ended its epoch; how far it had come whole is remembered, since that one is told it."""
    ended: set[int] = set()
    here = Lane(Intake("us", "eu", 8, holds=lambda epoch: epoch not in ended, over=ended.__contains__), 2, Taken(), 0)
    take(here, record(1), record(4), record(6))
    here.give_up((1, 1), "silence", now=9)
    assert list(here.holes()) == [(STREAM, ((2, 3),))]
    assert here.holes_in_all == 2
    assert (here.leave().notes, here.waiting, here.missing((1, 1))) == ([], 1, Want(STREAM, 5, 5))

    ended.add(1)
    assert here.leave().notes == [Left(STREAM)]
    assert (here.parked, here.waiting, here.waiting_bytes, here.offset) == ({}, 0, 0, here.next)
    assert (list(here.holes()), here.holes_in_all) == ([], 0)
    assert whole_up_to(here.taken, (1, 1)) == 1
    late = here.answered(Want(STREAM, 5, 5), Page(5, (record(5),)), now=9, clock=1.0)
    assert (sequences(late), late.notes, here.leave().notes) == ([], [], [])


def test_a_stream_begins_with_what_the_origin_still_has_where_nothing_is_known_of_it() -> None:
    """Who took a region over has what it had taken in before, and would wait for ever for what nobody keeps; what is missing later is a hole."""
    here = Lane(Intake("us", "eu", partitions=8), 2, Taken(), 0, begins_anywhere=True)
    take(here, record(10))
    came = here.answered(Want(STREAM, 1, 9), Page(9, (record(7), record(8))), now=9, clock=1.0)
    assert sequences(came) == [7, 8, 10]
    assert came.notes == [Begun(STREAM, 7), Passed(STREAM, Park(9, 9), "the origin no longer has it"), Freed(STREAM)]
    assert here.taken.streams == {(1, 1): Progress(10, ((9, 9),))}

    silent = Lane(Intake("us", "eu", partitions=8), 2, Taken(), 0, begins_anywhere=True)
    take(silent, record(10))
    assert silent.give_up((1, 1), "the origin does not answer", now=9).notes[0] == Passed(
        STREAM, Park(1, 9), "the origin does not answer"
    )
    known = lane()
    take(known, record(10))
    assert known.answered(Want(STREAM, 1, 9), Page(9), now=9, clock=1.0).notes[0] == Passed(
        STREAM, Park(1, 9), "the origin no longer has it"
    )


def test_other_streams_of_the_partition_go_on() -> None:
    """A parked stream of an older epoch does not hold up the next one; after a crash that one's records count as had."""
    here, later = lane(), msgspec.structs.replace(STREAM, epoch=2)

    came = take(here, record(2), record(1, later), record(2, later))

    assert sequences(came, later) == [1, 2]
    assert here.offset == 0
    again = Lane(here.intake, 2, read(fit(here.taken)[1]), here.offset)
    assert sequences(take(again, record(2), record(1, later), record(2, later)), later) == []
    assert again.missing((1, 1)) == Want(STREAM, 1, 1)


def test_a_page_may_be_a_part() -> None:
    """The rest is asked for next."""
    here = lane()
    take(here, record(5))

    assert sequences(here.answered(Want(STREAM, 1, 4), Page(2, (record(1), record(2))), now=9, clock=1.0)) == [1, 2]
    assert here.missing((1, 1)) == Want(STREAM, 3, 4)


def test_what_the_origin_no_longer_has_is_passed_and_the_rest_kept() -> None:
    """A hole in the midst of a page holds up nothing, and stays welcome."""
    here = lane()
    take(here, record(6))

    came = here.answered(Want(STREAM, 1, 5), Page(5, (record(2), record(4))), now=9, clock=1.0)

    assert sequences(came) == [2, 4, 6]
    assert [note.park for note in came.notes if isinstance(note, Passed)] == [Park(1, 1), Park(3, 3), Park(5, 5)]
    assert here.taken.streams[1, 1] == Progress(6, ((1, 1), (3, 3), (5, 5)))
    assert sequences(here.answered(Want(STREAM, 3, 3), Page(3, (record(3),)), now=9, clock=2.0)) == [3]
    assert here.taken.streams[1, 1] == Progress(6, ((1, 1), (5, 5)))


def test_a_heartbeat_that_reveals_a_lost_tail_parks_too() -> None:
    """And a crash finds the heartbeat again."""
    here = lane()

    came = take(here, record(1), beat(3))

    assert came.notes == [Parked(STREAM, Park(2, 3))]
    assert here.offset == 1
    assert sequences(here.answered(Want(STREAM, 2, 3), Page(3, (record(2), record(3))), now=9, clock=1.0)) == [2, 3]
    assert here.offset == here.next == 2


def test_what_the_mirror_brings_after_all_closes_the_gap() -> None:
    """A MirrorMaker that goes back needs no answer."""
    here = lane()

    came = take(here, record(3), record(1), record(2))

    assert sequences(came) == [1, 2, 3]
    assert here.parked == {}


def test_a_gap_that_is_given_up_is_a_hole() -> None:
    """The first gap alone; behind it waits the next."""
    here = lane()
    take(here, record(3), record(6))

    came = here.give_up((1, 1), "silent", now=9)

    assert sequences(came) == [3]
    assert came.notes == [Passed(STREAM, Park(1, 2), "silent")]
    assert here.missing((1, 1)) == Want(STREAM, 4, 5)


def test_an_answer_cannot_make_a_stream_jump() -> None:
    """What was not asked for is not taken."""
    here = lane()
    take(here, record(3))

    came = here.answered(Want(STREAM, 1, 2), Page(1, (record(1), record(900))), now=9, clock=1.0)

    assert sequences(came) == [1]
    assert here.missing((1, 1)) == Want(STREAM, 2, 2)


def test_a_lane_fills_up() -> None:
    """What waits is bounded; then nothing more is to be read."""
    here = lane()
    take(here, *(record(sequence) for sequence in range(2, MOST_WAITING + 1)))
    assert not here.full
    take(here, record(MOST_WAITING + 1), record(MOST_WAITING + 1))

    assert here.full
    assert here.waiting == MOST_WAITING
    here.answered(Want(STREAM, 1, 1), Page(1, (record(1),)), now=9, clock=1.0)
    assert not here.full


def test_a_silent_origin_is_asked_with_pauses_and_a_gap_given_up_in_the_end() -> None:
    """Patience is counted from the first question after the last answer."""
    asking, here = Asking(patience=10, retry=5), lane()
    take(here, record(1), record(5))
    [want] = asking.next([here], 0.0)
    assert asking.next([here], 0.0) == []

    asking.failed(want, 0.0)
    assert asking.next([here], 0.01) == []
    assert asking.next([here], 6.0) == [want]
    assert asking.overdue([here], 9.9) == []
    asking.answered(want, page := Page(2, (record(2),)))
    here.answered(want, page, now=9, clock=9.9)
    assert asking.overdue([here], 99.0) == []
    [want] = asking.next([here], 99.0)
    assert asking.overdue([here], 108.9) == []
    assert asking.overdue([here], 109.0) == [(here, (1, 1))]


def test_a_stream_that_the_origin_answers_nothing_of_is_given_up_though_it_answers_others() -> None:
    """Only once its own questions failed for as long as patience lasts."""
    asking, (bad, good) = Asking(patience=10, retry=5), lanes(2)
    for clock in range(0, 40, 2):
        for want in asking.next([bad, good], float(clock)):
            if want.stream.partition == bad.partition:
                asking.failed(want, clock + 0.5)
            else:
                asking.answered(want, Page(want.first))
                good.answered(want, Page(want.first), now=9, clock=float(clock))
        if asking.overdue([bad, good], float(clock)):
            break
        if clock % 8 == 0:
            take(good, record(good.missing((1, 1)).last + 9 if good.parked else 9999, stream_of(good)))

    assert asking.overdue([bad, good], float(clock)) == [(bad, (1, 1))]
    assert clock >= asking.patience


@given(parked=st.integers(3, 9), pages=st.integers(1, 12), seconds=st.floats(0.1, 9.0))
def test_no_stream_waits_in_vain_while_the_origin_answers(parked: int, pages: int, seconds: float) -> None:
    """However much is missing: each has its turn, and none becomes a hole for the time that the others take."""
    asking, here = Asking(patience=10, retry=5), lanes(parked, gap=pages * 500)
    clock, turns = 0.0, []
    while any(one.parked for one in here):
        wants = asking.next(here, clock)
        clock += seconds
        for want in wants:
            turns.append(want.stream.partition)
            asking.answered(want, page := Page(min(want.last, want.first + 499)))
            here[want.stream.partition].answered(want, page, now=9, clock=clock)
            assert asking.overdue(here, clock) == []

    assert sorted(turns[:parked]) == list(range(parked))


def test_holes_are_asked_for_in_rounds_that_become_rare() -> None:
    """Each hole once a round; what comes makes the rounds frequent again."""
    asking, here = Asking(patience=10, retry=5), lane()
    here.taken.streams[1, 1] = Progress(9, ((2, 3), (7, 7)))
    asked = []
    for clock in range(100):
        for want in asking.next([here], float(clock)):
            asked.append((clock, want.first, want.last))
            asking.answered(want, Page(want.last))

    assert [one[1:] for one in asked] == [(2, 3), (7, 7)] * (len(asked) // 2)
    rounds = [clock for clock, first, _ in asked if first == 2]
    pauses = [after - before for before, after in itertools.pairwise(rounds)]
    assert rounds[0] == 5
    assert pauses == sorted(pauses)
    assert 1 < len(rounds) < 6


def test_an_origin_is_asked_little_at_once() -> None:
    """However many streams are parked."""
    asking = Asking(patience=10, retry=5)

    assert len(asking.next(lanes(AT_ONCE + 3), 0.0)) == AT_ONCE


@dataclass
class World:
    """An origin, the topic that its mirror made, and an ingester that may crash."""

    topic: list[bytes]
    keeps: set[int]
    here: Lane = field(default_factory=lane)
    committed: tuple[int, str] = (0, fit(Taken())[1])
    journal: list[int] = field(default_factory=list)
    early: set[int] = field(default_factory=set)
    crashed: bool = False

    def carry_out(self, came: Came) -> None:
        """Append; note what was passed over, and so may come later than its turn."""
        self.journal += sequences(came)
        for note in came.notes:
            if isinstance(note, Passed):
                self.early |= set(range(note.park.first_missing, note.park.last_missing + 1))

    def read(self, count: int) -> None:
        """Read on in the topic."""
        for _ in range(count):
            if self.here.next < len(self.topic):
                self.carry_out(self.here.take(self.topic[self.here.next], self.here.next, now=9, clock=0.0))

    def answer(self, size: int) -> None:
        """Let the origin answer, if anything is missing, with pages of that size."""
        for want in [self.here.missing(term) for term in self.here.parked]:
            self._answer(want, size)

    def fill(self, size: int) -> None:
        """Let the origin answer for the holes."""
        for stream, holes in list(self.here.holes()):
            for first, last in holes:
                self._answer(Want(stream, first, last), size)

    def holes(self) -> set[int]:
        """Return every sequence that is in a hole."""
        return {n for _, holes in self.here.holes() for a, b in holes for n in range(a, b + 1)}

    def give_up(self) -> None:
        """Lose patience."""
        for term in list(self.here.parked):
            self.carry_out(self.here.give_up(term, "silent", now=9))

    def commit(self) -> None:
        """Keep progress."""
        self.here.taken, text = fit(self.here.taken)
        assert self.here.offset >= self.committed[0]
        self.committed = self.here.offset, text

    def crash(self) -> None:
        """Forget everything that was not committed."""
        offset, text = self.committed
        self.here = Lane(self.here.intake, 2, read(text), offset)
        self.crashed = True

    def _answer(self, want: Want, size: int) -> None:
        upto = min(want.last, want.first + size - 1)
        records = tuple(record(n) for n in range(want.first, upto + 1) if n in self.keeps)
        self.carry_out(self.here.answered(want, Page(upto, records), now=9, clock=0.0))


@st.composite
def topics(draw: st.DrawFn) -> list[bytes]:
    """Return what a mirror made of a stream: it goes back and repeats, it skips, heartbeats stand between."""
    found: list[bytes] = []
    at = 0
    for step in draw(st.lists(st.tuples(st.integers(-6, 6), st.integers(1, 8), st.booleans()), max_size=12)):
        jump, run, idle = step
        at = max(0, at + jump)
        found += [record(at + n) for n in range(1, run + 1)]
        at += run
        if idle:
            found.append(beat(at))
    return found


ACTIONS = st.lists(
    st.sampled_from(["read", "read", "read", "answer", "fill", "give_up", "commit", "crash"]).flatmap(
        lambda what: st.tuples(st.just(what), st.integers(1, 7))
    ),
    max_size=40,
)


@given(topic=topics(), actions=ACTIONS, lost=st.sets(st.integers(1, 60), max_size=6))
@settings(max_examples=100, deadline=None)
def test_every_record_passes_once_and_in_order_whatever_happens(
    topic: list[bytes], actions: list[tuple[str, int]], lost: set[int]
) -> None:
    """In the end everything that the mirror or the origin has is there, once after duplicates are dropped, in order but for holes."""
    mirrored = {via.sequence for via in map(_via, topic) if via is not None}
    every = range(1, max((_upto(value) for value in topic), default=0) + 1)
    world = World(topic, keeps=set(every) - lost)

    for what, number in actions:
        if what in {"read", "answer", "fill"}:
            getattr(world, what)(number)
        else:
            getattr(world, what)()
    wanted = {n for n in every if n in world.keeps or n in mirrored}
    while world.here.next < len(topic) or world.here.parked:
        world.read(3)
        world.answer(4)
    for _ in range(len(every)):
        if not world.holes() & wanted:
            break
        world.fill(3)

    first = list(dict.fromkeys(world.journal))
    assert set(first) == wanted
    if not world.crashed:
        assert first == world.journal
    in_turn = [sequence for sequence in first if sequence not in world.early]
    assert in_turn == sorted(in_turn)
    progress = world.here.taken.of((1, 1))
    assert progress is not None
    assert progress.last == len(every)
    assert world.holes() == set(every) - wanted
    assert (world.here.waiting, world.here.waiting_bytes) == (0, 0)


def _via(value: bytes) -> Via | None:
    relayed = msgspec.msgpack.decode(value[1:], type=Relayed)
    return None if relayed.is_heartbeat else relayed.via


def _upto(value: bytes) -> int:
    return msgspec.msgpack.decode(value[1:], type=Relayed).via.sequence
