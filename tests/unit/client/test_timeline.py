"""A timeline lets each entry through once, in order, however they come."""

from hypothesis import given
from hypothesis import strategies as st

from region.client.events import Arrived
from region.client.frames import Message, Position
from region.client.timeline import MOST_WAITING, Timeline


def entry(seq: int, *, epoch: int = 1) -> Arrived:
    """An entry with that number."""
    return Arrived(
        Message(
            message_id=f"m{seq}", conversation_id="d", sender_id="a", recipient_id="b", text="", seq=seq, epoch=epoch
        )
    )


def seqs(entries: list[Arrived]) -> list[int | None]:
    """Their numbers."""
    return [one.message.seq for one in entries]


@given(st.lists(st.lists(st.integers(1, 30), max_size=5)))
def test_entries_go_on_once_and_in_order_however_they_come(offers: list[list[int]]) -> None:
    """What goes on is always 1, 2, 3, … without a hole or a repetition."""
    timeline = Timeline()

    through = [seq for offer in offers for seq in seqs(timeline.offer([entry(seq) for seq in offer]))]

    assert through == list(range(1, len(through) + 1))


@given(st.permutations(range(1, 20)))
def test_nothing_is_kept_back_once_everything_is_here(order: list[int]) -> None:
    """In any order, all entries have gone on at the end."""
    timeline = Timeline()

    for seq in order:
        timeline.offer([entry(seq)])

    assert timeline.held == Position(1, 19)
    assert not timeline.lacks


def test_a_gap_is_noticed_and_filled() -> None:
    """An entry above the next one waits for those between."""
    timeline = Timeline(Position(1, 4))

    assert timeline.offer([entry(6)]) == []
    assert timeline.lacks
    assert seqs(timeline.offer([entry(5)])) == [5, 6]
    assert not timeline.lacks


def test_a_head_that_is_announced_is_lacking_until_it_is_here() -> None:
    """A timeline lacks what it knows to exist."""
    timeline = Timeline(Position(1, 1))

    timeline.learn(2)

    assert timeline.lacks
    timeline.offer([entry(2)])
    assert not timeline.lacks


def test_what_waits_is_bounded() -> None:
    """Too many entries above a gap are let go; the history has them."""
    timeline = Timeline()

    timeline.offer([entry(seq) for seq in range(2, MOST_WAITING + 50)])

    assert len(timeline.offer([entry(1)])) == MOST_WAITING + 1
    assert timeline.lacks


def test_what_is_hidden_fills_its_place() -> None:
    """One tombstone stands for a run of entries; what follows goes on after it."""
    timeline = Timeline(Position(1, 2))
    hidden = Message(message_id="", conversation_id="g", sender_id="", kind="hidden", seq=8, from_seq=1)

    assert timeline.offer([entry(9)]) == []
    assert seqs(timeline.offer([Arrived(hidden)])) == [8, 9]
    assert timeline.held == Position(1, 9)


def standing(seq: int, first: int, kind: str = "hidden") -> Arrived:
    """A message that stands for all from `first` to its own number."""
    return Arrived(Message(message_id="", conversation_id="g", sender_id="", kind=kind, seq=seq, from_seq=first))


def test_what_was_told_live_goes_on_though_the_history_hides_it() -> None:
    """Who subscribes is told of that, and the page that closes the gap below shows posts alone."""
    timeline = Timeline()
    assert timeline.offer([entry(4)]) == []

    due = timeline.offer([standing(2, 1, "channel_posted"), standing(4, 3)])

    assert [(one.message.kind, one.message.seq) for one in due] == [
        ("channel_posted", 2),
        ("hidden", 3),
        ("message_sent", 4),
    ]
    assert not timeline.lacks


@given(
    st.sets(st.integers(1, 20)),
    st.lists(st.integers(1, 20), max_size=6, unique=True),
)
def test_with_runs_that_overlap_everything_told_goes_on(told: set[int], ends: list[int]) -> None:
    """Whatever runs a page has: what goes on rises, leaves no number out, and has all that was told above where it began."""
    timeline = Timeline()
    before = [one.message for one in timeline.offer([entry(seq) for seq in told])]
    page, first = [], 1
    for end in sorted({*ends, 20}):
        page.append(standing(end, first))
        first = end + 1

    through = before + [one.message for one in timeline.offer(page)]
    while timeline.lacks:
        through += [one.message for one in timeline.offer([standing(20, timeline.held.seq + 1)])]

    at = 0
    for message in through:
        assert (message.from_seq or message.seq or 0) <= at + 1 <= (message.seq or 0)
        at = message.seq or 0
    assert at == 20
    assert {message.seq for message in through if message.kind == "message_sent"} == told


def test_what_is_withdrawn_comes_again_under_other_numbers() -> None:
    """Nothing above is held back as known, and what stands is not told again."""
    timeline = Timeline()
    timeline.offer([entry(seq) for seq in (1, 2, 3, 6)])

    assert timeline.withdraw(Position(1, 2))
    assert not timeline.withdraw(Position(1, 2)), "once"
    assert (timeline.held, timeline.lacks) == (Position(1, 2), False)
    assert seqs(timeline.offer([entry(seq, epoch=2) for seq in (1, 2, 3, 4)])) == [3, 4]
    assert timeline.held == Position(2, 4)
