"""Say what to ask an origin for next: gaps of parked streams first, then holes, in rounds; and which gaps waited long enough.

Pure. `repairer` asks; `reader` brings the answers to the lanes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from infra.backoff import Backoff
from relay.ingester.lane import Lane
from relay.ingester.progress import Term
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
        patience: How long a stream stays parked without its repair coming forward, seconds.
        retry: Until a hole is asked for again at first, seconds.
        busy: What is being asked for.
        backoff: Pauses while the origin does not answer.
    """

    patience: float
    retry: float
    busy: dict[Stream, Want] = field(default_factory=dict)
    backoff: Backoff = field(default_factory=lambda: Backoff(first=0.2, most=5.0))
    _not_before: float = float("-inf")
    _rounds: dict[Stream, Round] = field(default_factory=dict)

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
        wants = [gap for gap in gaps if gap.stream not in self.busy]
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
                    wants.append(Want(stream, max(first[0], round_.past + 1), first[1]))
        chosen = wants[: max(0, AT_ONCE - len(self.busy))]
        self.busy |= {want.stream: want for want in chosen}
        return chosen

    def answered(self, want: Want, page: Page) -> None:
        """Note an answer."""
        self.busy.pop(want.stream, None)
        self.backoff.reset()
        round_ = self._rounds.get(want.stream)
        if round_ is not None:
            round_.past = page.upto
            if page.records:
                round_.pause = self.retry

    def failed(self, want: Want, clock: float) -> None:
        """Note that the origin did not answer: nothing is asked for a moment, so that it is not hammered."""
        self.busy.pop(want.stream, None)
        self._not_before = clock + self.backoff.next()

    def overdue(self, lanes: Iterable[Lane], clock: float) -> list[tuple[Lane, Term]]:
        """Return the parked streams whose repair has not come forward for as long as patience lasts."""
        return [
            (lane, term)
            for lane in lanes
            for term, parking in lane.parked.items()
            if clock - parking.since >= self.patience
        ]
