"""Say what to ask an origin for next: gaps of parked streams first, then holes, in rounds; and which gaps were asked for in vain long enough.

Whose question is longest ago is asked for next, so that a stream with thousands of records missing does not keep the others from their turn. Pure. `repairer` asks; `reader` brings the answers to the lanes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from infra.backoff import Backoff
from relay.ingester.lane import Lane, Parking
from replication.progress import Term
from replication.records import Stream
from replication.repair.pages import Page, Want

AT_ONCE: Final = 2
"""Ranges that are asked for at the same time, of one origin."""

LONGEST_PAUSE: Final = 600.0
"""Between two rounds through the holes of a stream, however often they were in vain, seconds."""


@dataclass(slots=True)
class Round:
    """One stream's holes, asked for one after another, again and again.

    Attributes:
        at: When the next one is asked for.
        pause: Until the next round; grows while nothing comes.
        past: Sequences up to this one were asked for in this round.
    """

    at: float
    pause: float
    past: int = 0


@dataclass(slots=True)
class Asking:
    """What one origin is asked.

    Attributes:
        patience: How long a stream stays parked while it is asked for in vain, seconds.
        retry: Until a hole is asked for again at first, seconds.
        busy: What is being asked for.
        backoff: Pauses while the origin does not answer.
        _silent_since: When the origin was asked first of all that it has not answered since; None if it answers, or was not asked.
        _turns: Which question each stream's last one was; who waited longest is next.
        _turn: The last question's.
        _asked_at: When the last question of each stream was asked.
        _in_vain: Streams whose own questions failed since the last answer: when the first was asked, when the last one failed.
    """

    patience: float
    retry: float
    busy: dict[Stream, Want] = field(default_factory=dict)
    backoff: Backoff = field(default_factory=lambda: Backoff(first=0.2, most=5.0))
    _not_before: float = float("-inf")
    _rounds: dict[Stream, Round] = field(default_factory=dict)
    _silent_since: float | None = None
    _turns: dict[Stream, int] = field(default_factory=dict)
    _turn: int = 0
    _asked_at: dict[Stream, float] = field(default_factory=dict)
    _in_vain: dict[Stream, tuple[float, float]] = field(default_factory=dict)

    def next(self, lanes: Iterable[Lane], clock: float) -> list[Want]:
        """Return what to ask for now; each counts as busy from now on.

        Args:
            lanes: All partitions of the origin.
            clock: Seconds on a monotonic clock.
        """
        if clock < self._not_before:
            return []
        lanes = list(lanes)
        gaps = [lane.missing(term) for lane in lanes for term in lane.parked]
        parked = {gap.stream for gap in gaps}
        wants = sorted((gap for gap in gaps if gap.stream not in self.busy), key=self._turn_of)
        welcome: list[Want] = []
        for lane in lanes:
            for stream, holes in lane.holes():
                if stream in parked or stream in self.busy:
                    continue
                round_ = self._rounds.setdefault(stream, Round(clock + self.retry, self.retry))
                if clock < round_.at:
                    continue
                first = next(((a, b) for a, b in holes if b > round_.past), None)
                if first is None:
                    round_.past, round_.pause = 0, min(round_.pause * 2, LONGEST_PAUSE)
                    round_.at = clock + round_.pause
                else:
                    welcome.append(Want(stream, max(first[0], round_.past + 1), first[1]))
        wants += sorted(welcome, key=self._turn_of)
        chosen = wants[: max(0, AT_ONCE - len(self.busy))]
        for want in chosen:
            self._note_asked(want, clock)
        return chosen

    def answered(self, want: Want, page: Page) -> None:
        """Note an answer."""
        self.busy.pop(want.stream, None)
        self.backoff.reset()
        self._silent_since = None
        self._in_vain.pop(want.stream, None)
        round_ = self._rounds.get(want.stream)
        if round_ is not None:
            round_.past = page.upto
            if page.records:
                round_.pause = self.retry

    def failed(self, want: Want, clock: float) -> None:
        """Note that the origin did not answer: nothing is asked for a moment, so that it is not hammered."""
        self.busy.pop(want.stream, None)
        first, _ = self._in_vain.get(want.stream, (self._asked_at.get(want.stream, clock), clock))
        self._in_vain[want.stream] = (first, clock)
        self._not_before = clock + self.backoff.next()

    def overdue(self, lanes: Iterable[Lane], clock: float) -> list[tuple[Lane, Term]]:
        """Return the parked streams that were asked for in vain for as long as patience lasts.

        So it is when the origin answers nothing at all, or nothing of this stream, however often; a stream whose turn has not come is not overdue.
        """
        return [
            (lane, term)
            for lane in lanes
            for term, parking in lane.parked.items()
            if self._is_silent(parking, clock) or self._is_in_vain(parking.stream)
        ]

    def _is_silent(self, parking: Parking, clock: float) -> bool:
        since = self._silent_since
        return since is not None and clock - max(since, parking.since) >= self.patience

    def _is_in_vain(self, stream: Stream) -> bool:
        first, last = self._in_vain.get(stream, (0.0, 0.0))
        return stream in self._in_vain and last - first >= self.patience

    def _turn_of(self, want: Want) -> int:
        return self._turns.get(want.stream, 0)

    def _note_asked(self, want: Want, clock: float) -> None:
        self.busy[want.stream] = want
        self._turn += 1
        self._turns[want.stream] = self._turn
        self._asked_at[want.stream] = clock
        if self._silent_since is None:
            self._silent_since = clock
