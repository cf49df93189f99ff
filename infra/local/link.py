"""How a link between regions delays, throttles and cuts: pure shapes and delay lines, with the caller's clock and chance.

A byte that enters a direction of a link waits for the wire (bandwidth, shared by all connections of that direction), then
travels (latency and jitter, a delay line: any number of bytes are under way at once), and never overtakes another of its
connection. A cut holds everything back and loses nothing, as TCP does over a dead line that comes back.
"""

import contextlib
import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from infra.local.errors import LocalError

BUFFER = 4 * 1024 * 1024
SMALLEST_BUFFER = 64 * 1024
QUEUEING = 0.2  # seconds that bytes may wait for a narrow wire before their sender is held back
UNITS = {"kbit": 1_000, "mbit": 1_000_000, "gbit": 1_000_000_000}
LONGEST = 60.0
NARROWEST, WIDEST = 1_000.0, 100e9
TIME = "40ms or 1.5s, and at most 60s"
BANDWIDTH = "10mbit or 500kbit, from 1kbit to 100gbit, or none"


class BadQuantityError(LocalError):
    """'{text}' is no usable {what}; write it like {example}."""

    code = "bad-quantity"


@dataclass(frozen=True, slots=True)
class Shape:
    """What one direction of a link does to its traffic.

    Attributes:
        latency: Seconds that a byte travels.
        jitter: Most seconds that are added to it or taken from it, evenly distributed.
        bandwidth: Bits a second; 0 is no limit.
        cut: Nothing passes.
    """

    latency: float = 0.0
    jitter: float = 0.0
    bandwidth: float = 0.0
    cut: bool = False

    @property
    def transparent(self) -> bool:
        """Whether bytes pass as if there was no link."""
        return not (self.latency or self.jitter or self.bandwidth or self.cut)


def parse_seconds(text: str) -> float:
    """Read a time such as `40ms` or `1.5s` into seconds.

    Raises:
        BadQuantityError: It is none, or longer than any link takes.
    """
    seconds = _number(text, {"ms": 0.001, "s": 1.0})
    if not 0 <= seconds <= LONGEST:
        raise BadQuantityError(text=text, what="time", example=TIME)
    return seconds


def parse_bandwidth(text: str) -> float:
    """Read a bandwidth such as `10mbit` into bits a second; `none` is no limit, and 0 for us.

    Raises:
        BadQuantityError: It is none, or not one that a link has.
    """
    if text == "none":
        return 0.0
    bits = _number(text, UNITS)
    if not NARROWEST <= bits <= WIDEST:
        raise BadQuantityError(text=text, what="bandwidth", example=BANDWIDTH)
    return bits


def _number(text: str, units: Mapping[str, float]) -> float:
    """Read a number with a unit; what is neither is not a number, and so in no range."""
    for unit, factor in units.items():
        if text.endswith(unit):
            with contextlib.suppress(ValueError):
                return float(text.removesuffix(unit)) * factor
    return math.nan


@dataclass(slots=True)
class Wire:
    """One direction of a link, shared by its connections.

    Attributes:
        shape: What it does; may be replaced at any moment, and then holds for what enters later.
        free_at: When the last byte that was put on the wire has left the sender.
    """

    shape: Shape = field(default_factory=Shape)
    free_at: float = 0.0

    def arrival(self, size: int, now: float, chance: Callable[[], float]) -> float:
        """Put bytes on the wire and return when they arrive.

        Args:
            size: How many bytes.
            now: The time, in seconds.
            chance: Draws a number from 0 to 1, for the jitter.
        """
        shape = self.shape
        leaves = now
        if shape.bandwidth:
            leaves = self.free_at = max(now, self.free_at) + size * 8 / shape.bandwidth
        wobble = (2 * chance() - 1) * shape.jitter if shape.jitter else 0.0
        return max(leaves, leaves + shape.latency + wobble)


@dataclass(slots=True)
class Lane:
    """What one connection has under way in one direction, in order.

    Attributes:
        wire: The direction that it uses.
        under_way: (arrival, bytes), oldest first; empty bytes stand for the end of the stream.
        size: Bytes under way.
        last: The latest arrival so far: nothing overtakes.
    """

    wire: Wire
    under_way: deque[tuple[float, bytes]] = field(default_factory=deque)
    size: int = 0
    last: float = 0.0

    def passes(self) -> bool:
        """Whether bytes that enter now may be handed on at once."""
        return self.wire.shape.transparent and not self.under_way

    def limit(self) -> float:
        """How many bytes may be under way before the sender is held back: what fills a narrow wire, or `BUFFER`."""
        shape = self.wire.shape
        if not shape.bandwidth:
            return BUFFER
        return min(BUFFER, max(SMALLEST_BUFFER, shape.bandwidth / 8 * (shape.latency + QUEUEING)))

    def enter(self, data: bytes, now: float, chance: Callable[[], float]) -> None:
        """Put bytes, or the end of the stream, on the lane."""
        self.last = max(self.last, self.wire.arrival(len(data), now, chance))
        self.under_way.append((self.last, data))
        self.size += len(data)

    def leave(self, now: float) -> list[bytes]:
        """Take off what has arrived; nothing while the direction is cut."""
        arrived: list[bytes] = []
        if self.wire.shape.cut:
            return arrived
        while self.under_way and self.under_way[0][0] <= now:
            data = self.under_way.popleft()[1]
            self.size -= len(data)
            arrived.append(data)
        return arrived

    def due(self) -> float | None:
        """When to ask again; None when nothing is under way or the direction is cut."""
        return None if self.wire.shape.cut or not self.under_way else self.under_way[0][0]
