"""What is done to a federation that carries steady traffic, one case of pressure each; each ends as it began, without help but what a case itself says."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from chaos.pressure.abusers import Deaf, Flooder
from chaos.pressure.disk import SmallDisk
from chaos.pressure.figures import Span
from chaos.pressure.sampling import act, ask
from chaos.pressure.traffic import Traffic
from infra.errors import CausewayError
from infra.local.control import Ask
from region.client import Client

CALM_SECONDS = 10.0
AFTER_SECONDS = 20.0
DEAF_DEVICES = 30
DEAF_RATE = 150.0
DEAF_BYTES = 8_000
TIMES = 100
SMALL_DISK_MB = 96
LEFT_BYTES = 6_000_000
WELL_SECONDS = 120.0


class NotWellError(CausewayError):
    """{part} was not well {seconds:.0f} s after the fault ended. Look at `causeway local logs {part}`."""

    code = "not-well-again"
    definite = True


@dataclass
class Scene:
    """Where a case plays.

    Attributes:
        home: The federation's.
        urls: Region to public URL; the first region is the one that is struck.
        traffic: Which flows.
        seconds: How long the fault lasts.
        began: When the case began, seconds since the epoch.
        spans: When something was the matter.
        notes: What a case has counted.
        told: What it is about just now.
        cleaning: What is to be undone in the end, when nothing flows any more.
    """

    home: Path
    urls: dict[str, str]
    traffic: Traffic
    seconds: float
    began: float = field(default_factory=time.time)
    spans: list[Span] = field(default_factory=list)
    notes: dict[str, float | str] = field(default_factory=dict)
    told: str = "calm"
    cleaning: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def region(self) -> str:
        """The region that is struck."""
        return next(iter(self.urls))

    @contextlib.asynccontextmanager
    async def span(self, what: str) -> AsyncIterator[None]:
        """Something is the matter for as long as the context lasts."""
        begun, self.told = time.time() - self.began, what
        try:
            yield
        finally:
            self.spans.append(Span(what, round(begun, 1), round(time.time() - self.began, 1)))
            self.told = "calm again"

    async def until_well(self, part: str) -> None:
        """Wait until a part is well.

        Raises:
            NotWellError: It does not become so.
        """
        until = time.monotonic() + WELL_SECONDS
        while (await ask(self.home, Ask())).parts()[part].state != "healthy":
            if time.monotonic() > until:
                raise NotWellError(part=part, seconds=WELL_SECONDS)
            await asyncio.sleep(0.1)


Play = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Case:
    """One case of pressure.

    Attributes:
        name: Of the case.
        told: What is done.
        play: Does it.
        seconds: How long the fault lasts by default.
    """

    name: str
    told: str
    play: Play
    seconds: float


async def _store_outage(scene: Scene) -> None:
    part = f"{scene.region}/postgres"
    await asyncio.sleep(CALM_SECONDS)
    async with scene.span(f"{part} is down"):
        await act(scene.home, "kill", part, stay_down=True)
        await asyncio.sleep(scene.seconds)
        await act(scene.home, "heal", part)
    await asyncio.sleep(AFTER_SECONDS)


async def _pause(name: str, scene: Scene) -> None:
    parts = [
        part
        for part in (await ask(scene.home, Ask())).parts()
        if part.rstrip("-0123456789") == f"{scene.region}/{name}"
    ]
    await asyncio.sleep(CALM_SECONDS)
    async with scene.span(f"{', '.join(parts)} stands still"):
        for part in parts:
            await act(scene.home, "pause", part)
        await asyncio.sleep(scene.seconds)
        for part in parts:
            await act(scene.home, "resume", part)
    await asyncio.sleep(AFTER_SECONDS)


async def _broker_full(scene: Scene) -> None:
    broker = (
        f"{scene.region}/{'kafka' if f'{scene.region}/kafka' in (await ask(scene.home, Ask())).parts() else 'kafka-1'}"
    )
    directory = scene.home.joinpath(*broker.split("/"))
    disk = SmallDisk(directory, room=SMALL_DISK_MB)
    await act(scene.home, "kill", broker, stay_down=True)
    try:
        await disk.put()
    except CausewayError:
        await act(scene.home, "heal", broker)
        raise
    scene.cleaning.push_async_callback(_take_away, scene, broker, disk)
    await act(scene.home, "heal", broker)
    await asyncio.sleep(CALM_SECONDS)
    async with scene.span(f"the disk of {broker} is full"):
        filler = directory / "filler"
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, disk.free - LEFT_BYTES))
        await asyncio.sleep(scene.seconds)
        scene.notes["free bytes when it was full"] = disk.free
        filler.unlink()
        await scene.until_well(broker)
    await asyncio.sleep(AFTER_SECONDS)


async def _take_away(scene: Scene, broker: str, disk: SmallDisk) -> None:
    await act(scene.home, "kill", broker, stay_down=True)
    await disk.take_away()
    await act(scene.home, "heal", broker)


async def _deaf_receivers(scene: Scene) -> None:
    """Many devices of one user read nothing; half of them are connected through another region."""
    victim, talker = await _guest(scene), await _guest(scene)
    urls = list(scene.urls.values())
    deaf = [Deaf(urls[number % len(urls)], victim.tokens.access_token) for number in range(DEAF_DEVICES)]
    flooder = Flooder(urls[0], talker.tokens.access_token, to=victim.user_id, rate=DEAF_RATE, size=DEAF_BYTES)
    await asyncio.sleep(CALM_SECONDS)
    async with AsyncExitStack() as stack:
        async with scene.span(f"{DEAF_DEVICES} devices read nothing"):
            for device in deaf:
                await stack.enter_async_context(device.connected())
            async with flooder.flood():
                await asyncio.sleep(scene.seconds)
        await asyncio.sleep(AFTER_SECONDS)
        scene.notes["devices cut off"] = sum(device.cut for device in deaf)
    scene.notes["sent to them, MB"] = round(flooder.accepted * DEAF_BYTES / 1e6, 1)
    scene.notes["accepted for them"] = flooder.accepted
    read = [message async for message in victim.walk(peer=talker.user_id)]
    scene.notes["in their history"] = len(read)


async def _flood(scene: Scene) -> None:
    sender, recipient = await _guest(scene), await _guest(scene)
    order = scene.traffic.order
    rate = TIMES * order.rate / sum(map(len, scene.traffic.clients.values()))
    flooder = Flooder(
        scene.urls[scene.region], sender.tokens.access_token, to=recipient.user_id, rate=rate, size=order.size
    )
    await asyncio.sleep(CALM_SECONDS)
    async with scene.span(f"one device sends {rate:.0f} a second"), flooder.flood():
        await asyncio.sleep(scene.seconds)
    await asyncio.sleep(AFTER_SECONDS)
    scene.notes["tried a second"] = round(rate)
    scene.notes["sent by it"] = flooder.sent
    scene.notes["accepted of it"] = flooder.accepted
    scene.notes |= {f"told it: {what}": times for what, times in flooder.errors.items()}
    scene.notes |= {f"cut off: {how}": times for how, times in flooder.ends.items()}
    scene.notes["in its history"] = sum([1 async for _ in sender.walk(peer=recipient.user_id)])


async def _guest(scene: Scene) -> Client:
    """Return a client of a new user who is not connected, for its tokens and for what it can read."""
    return await scene.traffic.guest(scene.region)


CASES = {
    case.name: case
    for case in (
        Case("store-outage", "the store of a region is down", _store_outage, 60.0),
        Case(
            "store-pause", "the store of a region stands still, with its connections", partial(_pause, "postgres"), 60.0
        ),
        Case(
            "kafka-pause", "all brokers of a region stand still, with their connections", partial(_pause, "kafka"), 60.0
        ),
        Case("redis-pause", "the Redis of a region stands still, with its connections", partial(_pause, "redis"), 60.0),
        Case("broker-full", "the disk of a region's broker is full, until somebody makes room", _broker_full, 40.0),
        Case("deaf-receivers", "devices read nothing of the much that is sent to them", _deaf_receivers, 40.0),
        Case("flood", f"one device sends {TIMES} times what the others do", _flood, 40.0),
    )
}
