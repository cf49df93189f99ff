"""When a sender is told `accepted`: as soon as the journal has it, or only once the standby has what became of it, as the operator or the conversation wants.

`local`: the journal has it. What is lost with the region is what its standby lacks. `replicated`: it is decided, and the standby has the outcome:
an entry, a refusal, or, where another region decides, that it is queued for that one. If that takes too long the answer is that the outcome is
unknown, so that the sender keeps it and sends it again by the same id; or, if the operator would rather have that, that it was accepted here alone.
"""

import asyncio
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

from prometheus_client import Counter, Gauge, Histogram

from infra.errors import BusyError, OutcomeUnknownError
from region.gateway.choices import Choices
from region.gateway.finality import Finality
from region.gateway.outcomes import FIRST_LOOK, Decided, Expected
from region.gateway.stored import Stored

MOST_WAITING: Final = 20_000
"""Sends of devices that may wait for the standby; each holds a task and no text. With more, new ones are refused, definitely."""
MOST_REQUESTS: Final = 2_000
"""Requests that may; each holds its connection, its body and what was decided. From before it is appended, so that it can be refused then."""


class Mode(StrEnum):
    """What an acknowledgement promises."""

    LOCAL = "local"
    """The region has it."""
    REPLICATED = "replicated"
    """The region and its standby have what became of it."""


_CHOOSABLE: Final = frozenset(mode.value for mode in Mode)


class Late(StrEnum):
    """What is answered when the standby takes too long."""

    UNKNOWN = "unknown"
    """That the outcome is unknown."""
    LOCAL = "local"
    """That the region alone has it; with an alert."""


REPLICATED = Counter(
    "causeway_gateway_replicated_total",
    "Answers that were to wait for the standby: `replicated` if it had it in time, else `local` or `unknown`, as it was answered.",
    ["answer"],
)
_ANSWERED = {answer: REPLICATED.labels(answer) for answer in ("replicated", "local", "unknown")}  # there from the start
SECONDS = Histogram(
    "causeway_gateway_replicated_seconds",
    "From taking a submission until its standby was known to have what became of it.",
    buckets=(0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 1.5, 3, 5, 10),
)


PLACES = Gauge(
    "causeway_gateway_replicated_places",
    "Sends whose answer is to wait for the standby, from before they are appended.",
    ["by"],
)


class Room:
    """Places of those who wait; a context manager, or `enter` and `leave`."""

    def __init__(self, most: int, by: str) -> None:
        """Have so many places; `by` says whose, in the metric."""
        self._most = most
        self._taken = 0
        self._gauge = PLACES.labels(by)

    def enter(self) -> None:
        """Take a place.

        Raises:
            BusyError: There is none.
        """
        if self._taken >= self._most:
            raise BusyError(what="This gateway")
        self._taken += 1
        self._gauge.inc()

    def leave(self) -> None:
        """Give a place back."""
        self._taken -= 1
        self._gauge.dec()

    def __enter__(self) -> None:
        """Take a place; as `enter`."""
        self.enter()

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self.leave()


class Acknowledging:
    """Says what an acknowledgement waits for, and waits for it."""

    def __init__(
        self,
        *,
        usual: Mode = Mode.LOCAL,
        late: Late = Late.UNKNOWN,
        seconds: float = 3.0,
        finality: Finality | None = None,
        choices: Choices | None = None,
        stored: Stored | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            usual: What is promised where the conversation says nothing.
            late: What is answered when the standby takes too long.
            seconds: After how long that is, counted from when the submission was taken.
            finality: Tells what the standby has; None if nobody stands by.
            choices: Tells what conversations have chosen; None if they cannot.
            stored: Tells what the store has of a send, should fan-out not tell; None if that is not to be asked.
            clock: Tells seconds.
        """
        self._choices = choices
        self._stored = stored
        self._usual = usual
        self._late = late
        self._seconds = seconds
        self._finality = finality
        self._clock = clock
        self.devices = Room(MOST_WAITING, "device")
        """Places of devices' sends."""
        self.requests = Room(MOST_REQUESTS, "request")
        """Places of requests."""

    @property
    def is_possible(self) -> bool:
        """Whether any answer may wait for the standby, so that devices keep what they sent until it is accepted."""
        return self._finality is not None

    def mode(self, conversation_id: str) -> Mode:
        """Return what is promised in a conversation: what it has chosen, as far as is known, if anybody stands by; else what is usual here."""
        chosen = "" if self._choices is None else self._choices.of(conversation_id)
        return Mode(chosen) if chosen in _CHOOSABLE else self._usual

    async def confirm(self, since: float, message_id: str = "") -> bool:
        """Wait until the standby has what is decided already.

        Args:
            since: When the submission was taken, on the clock.
            message_id: Told with the error.

        Returns:
            Whether it has; False: it does not, and the region's own word is to be enough.

        Raises:
            OutcomeUnknownError: It does not, and nothing less is to be promised.
        """
        seconds = max(0.0, since + self._seconds - self._clock())
        if self._finality is not None and await self._finality.reached(seconds):
            SECONDS.observe(self._clock() - since)
            _ANSWERED["replicated"].inc()
            return True
        return self._give_up(message_id, kept=True)

    async def outcome(
        self, expected: Expected, appended: "asyncio.Future[int]", since: float, message_id: str
    ) -> bool | None:
        """Wait until a device's submission is decided and the standby has that; as `confirm`, but None if it was refused, which the device is told of.

        Args:
            expected: Done when it is decided.
            appended: Done when the journal has it.
            since: When it was taken, on the clock.
            message_id: Told with the error.

        Raises:
            OutcomeUnknownError: The journal did not take it; or as `confirm`.
        """
        with expected as decided:
            left = max(0.0, since + self._seconds - self._clock())
            either: tuple[asyncio.Future[Any], ...] = (decided, appended)
            await asyncio.wait(either, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if not decided.done() and appended.done() and (appended.cancelled() or appended.exception() is not None):
                raise OutcomeUnknownError(what="The message", message_id=message_id)
            if not await self._decided(expected, decided, since + self._seconds, message_id):
                return self._give_up(message_id, kept=appended.done() and appended.exception() is None)
            if decided.done() and not expected.accepts(decided.result().decision):
                return None
        return await self.confirm(since, message_id)

    async def _decided(
        self, expected: Expected, decided: "asyncio.Future[Decided]", until: float, message_id: str
    ) -> bool:
        """Wait until fan-out tells what became of it, or the store has it as it was sent; return whether that is so in time.

        What the store says was refused is waited for: fan-out tells it, with the reason.
        """
        while not decided.done():
            if (left := until - self._clock()) <= 0:
                return False
            await asyncio.wait({decided}, timeout=min(FIRST_LOOK, left))
            left = until - self._clock()
            if not decided.done() and self._stored is not None and left > 0:
                looking = self._stored.of(message_id)
                either: tuple[asyncio.Future[Any], ...] = (decided, looking)
                await asyncio.wait(either, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                if looking.done() and looking.result() == expected.content_hash:
                    return True
        return True

    def now(self) -> float:
        """Return the time, on the clock."""
        return self._clock()

    def _give_up(self, message_id: str, *, kept: bool) -> bool:
        if kept and (self._late is Late.LOCAL or self._finality is None):
            _ANSWERED["local"].inc()
            return False
        _ANSWERED["unknown"].inc()
        extra = {"message_id": message_id} if message_id else {}
        raise OutcomeUnknownError(what="The message" if message_id else "The change", **extra)
