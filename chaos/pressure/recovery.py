"""One part struck under traffic: how long it takes to come back by itself, and how long clients waited beyond that."""

import asyncio
import math
import time
from pathlib import Path

import msgspec

from chaos.pressure.sampling import act, ask
from chaos.pressure.traffic import Fate, Traffic
from infra.errors import CausewayError
from infra.local.control import Ask, PartStatus

POLL_SECONDS = 0.05
BEFORE_SECONDS = 5.0
AFTER_SECONDS = 12.0
WELL_SECONDS = 120.0
SETTLE_SECONDS = 120.0
BOUND_SECONDS = 3.0
"""What clients may wait beyond a part's own restart."""


class NotBackError(CausewayError):
    """{part} was not well {seconds:.0f} s after it was struck. Look at `causeway local logs {part}`."""

    code = "not-back"
    definite = True


class Wait(msgspec.Struct, frozen=True):
    """What clients waited for messages that were due around a fault, seconds; null where nothing was measured.

    Attributes:
        ack: The longest until accepted.
        screen: The longest until on the recipient's screen.
    """

    ack: float
    screen: float


class Recovery(msgspec.Struct, frozen=True):
    """What one fault cost; seconds.

    Attributes:
        part: What was struck.
        kind: `kill` or `pause`.
        spawn: From the fault until its next process was started; of a pause, how long it stood still.
        own: From then until it answered.
        waited: Path to the longest waits.
        lost: Messages that were accepted and never shown.
        refused: Messages that were refused.
    """

    part: str
    kind: str
    spawn: float
    own: float
    waited: dict[str, Wait]
    lost: int
    refused: int

    def beyond(self, path: str, what: str) -> float:
        """Return how long clients waited beyond the part's own restart, at least nothing; not a number if nobody was measured."""
        waited = getattr(self.waited[path], what) if path in self.waited else math.nan
        return math.nan if math.isnan(waited) else max(0.0, waited - self.own)


def faults(one: Recovery, *, home: float, across: float) -> list[str]:
    """Return what is wrong with a recovery, as sentences; none if it is as it should be.

    Args:
        one: The recovery.
        home: Seconds that acceptance, and showing to a recipient of the same region, may take beyond the part's own restart.
        across: The same for showing to a recipient of another region; with only one region nobody is there to be measured.
    """
    wrong = [f"{one.part}: {one.lost} messages were accepted and lost"] if one.lost else []
    for path, what, told, bound in (
        ("local", "ack", "accepted", home),
        ("local", "screen", "shown at home", home),
        ("cross", "screen", "shown across regions", across),
    ):
        beyond = one.beyond(path, what)
        if math.isnan(beyond) and path == "local":
            wrong.append(f"{one.part}: no message was measured until it was {told}")
        elif beyond > bound:
            wrong.append(f"{one.part}: {told} {beyond:.1f} s beyond its own restart; the bound is {bound:g} s")
    return wrong


async def recover(home: Path, traffic: Traffic, part: str, *, pause: float = 0.0) -> Recovery:
    """Strike a part under traffic that flows, and measure.

    Args:
        home: The federation's.
        traffic: Within its context.
        part: Whom.
        pause: Freeze it for so many seconds; 0 kills it.

    Raises:
        NotBackError: It did not come back.
    """
    first = len(traffic.fates)
    async with traffic.flow():
        await asyncio.sleep(BEFORE_SECONDS)
        before = (await ask(home, Ask())).parts()[part]
        struck = time.time()
        if pause:
            await act(home, "pause", part)
            await asyncio.sleep(pause)
            resumed = time.time()
            await act(home, "resume", part)
            spawned, well = resumed, time.time()
        else:
            await act(home, "kill", part)
            spawned, well = await _back(home, part, before)
        await asyncio.sleep(AFTER_SECONDS)
    await traffic.settle(within=SETTLE_SECONDS)
    fates = traffic.fates[first:]
    around = [fate for fate in fates if fate.due >= struck - 1.0]
    return Recovery(
        part,
        "pause" if pause else "kill",
        round(spawned - struck, 2),
        round(well - spawned, 2),
        {path: _longest([fate for fate in around if fate.path == path]) for path in ("local", "cross")},
        lost=sum(fate.acked is not None and fate.shown is None for fate in fates),
        refused=sum(bool(fate.refused) for fate in fates),
    )


def _longest(fates: list[Fate]) -> Wait:
    now = time.time()
    if not fates:
        return Wait(math.nan, math.nan)
    return Wait(
        round(max((fate.acked or now) - fate.due for fate in fates), 2),
        round(max((fate.shown or now) - fate.due for fate in fates), 2),
    )


async def _back(home: Path, part: str, before: PartStatus) -> tuple[float, float]:
    spawned, until = 0.0, time.monotonic() + WELL_SECONDS
    while time.monotonic() < until:
        now = (await ask(home, Ask())).parts()[part]
        if now.pid not in {None, before.pid}:
            if now.state == "starting":
                spawned = now.since
            elif now.state == "healthy":
                return spawned or now.since, now.since
        await asyncio.sleep(POLL_SECONDS)
    raise NotBackError(part=part, seconds=WELL_SECONDS)
