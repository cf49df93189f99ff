"""Whom devices watch: told at once and when it changes, looked for at a pace of its own, and never kept beyond its bounds."""

import asyncio
import json
from collections.abc import Collection, Mapping
from typing import cast

from region.gateway.signs.presence import UNKNOWN, Presence
from region.gateway.signs.watchers import AGAIN_SECONDS, AT_ONCE, LOOK_SECONDS, MOST, Watchers

ADA, BEN = "u111111111111111111111111-us", "u222222222222222222222222-us"
ONLINE = Presence("online")


class Device:
    """A device that takes what it can do without, or does not."""

    def __init__(self) -> None:
        self.takes = True
        self.told: list[str] = []

    def offer(self, text: str) -> bool:
        """Take it, or not."""
        self.told += [text] if self.takes else []
        return self.takes

    @property
    def states(self) -> list[tuple[str, str]]:
        """Who it was told is there how."""
        frames = [cast("dict[str, str]", json.loads(text)) for text in self.told]
        return [(frame["user_id"], frame["presence"]) for frame in frames]


class World:
    """Watchers, a clock that is set, and how users are there."""

    def __init__(self) -> None:
        self.now = 100.0
        self.there: dict[str, Presence] = {}
        self.looks: list[tuple[str, tuple[str, ...]]] = []
        self.watchers = Watchers(self.look, clock=lambda: self.now)

    async def look(self, viewer: str, users: Collection[str]) -> Mapping[str, Presence]:
        """Look."""
        self.looks.append((viewer, tuple(users)))
        await asyncio.sleep(0)
        return {user: self.there.get(user, UNKNOWN) for user in users}

    async def pass_to(self, now: float) -> None:
        """Let it be that late, and everything be looked for that is due then."""
        self.now = now
        running = asyncio.create_task(self.watchers.run())
        before = -1
        while before != len(self.looks):
            before = len(self.looks)
            for _ in range(10):
                await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_device_is_told_at_once_and_when_it_changes() -> None:
    """And of nobody any more whom it does not watch."""
    world, device = World(), Device()
    world.there[BEN] = ONLINE
    world.watchers.watch(device, ADA, (BEN,))
    await world.pass_to(100.0)
    assert device.states == [(BEN, "online")]
    await world.pass_to(100.0 + LOOK_SECONDS - 1)
    assert len(world.looks) == 1
    await world.pass_to(100.0 + LOOK_SECONDS)
    assert (len(world.looks), device.states) == (2, [(BEN, "online")])
    world.there[BEN] = Presence("offline", 60)
    await world.pass_to(100.0 + 2 * LOOK_SECONDS)
    assert json.loads(device.told[-1]) == {
        "type": "presence",
        "user_id": BEN,
        "presence": "offline",
        "last_seen": "1970-01-01T00:01:00.000Z",
    }
    world.watchers.watch(device, ADA, ())
    world.there[BEN] = ONLINE
    await world.pass_to(100.0 + 4 * LOOK_SECONDS)
    assert (len(world.looks), len(device.told), len(world.watchers)) == (3, 2, 0)


async def test_what_a_busy_device_did_not_take_is_told_the_next_time() -> None:
    """Nothing is lost for ever, and nothing waits for it."""
    world, device = World(), Device()
    device.takes = False
    world.watchers.watch(device, ADA, (BEN,))
    await world.pass_to(100.0)
    device.takes = True
    await world.pass_to(100.0 + LOOK_SECONDS)
    assert device.states == [(BEN, "unknown")]


async def test_a_device_that_names_others_again_and_again_is_not_looked_for_more_often() -> None:
    """Than every two seconds; it is told of those whom it named last."""
    world, device = World(), Device()
    world.watchers.watch(device, ADA, (BEN,))
    await world.pass_to(100.0)
    for _ in range(5):
        world.watchers.watch(device, ADA, (ADA, BEN))
        await world.pass_to(100.0 + AGAIN_SECONDS / 2)
    assert len(world.looks) == 1
    await world.pass_to(100.0 + AGAIN_SECONDS)
    assert world.looks[1:] == [(ADA, (ADA, BEN))]
    assert device.states == [(BEN, "unknown"), (ADA, "unknown"), (BEN, "unknown")]


async def test_who_names_others_while_it_is_looked_for_is_not_told_of_the_first() -> None:
    """Nor a device that is gone meanwhile."""
    world, left, changed = World(), Device(), Device()
    for device in (left, changed):
        world.watchers.watch(device, ADA, (BEN,))
    running = asyncio.create_task(world.watchers.run())
    while len(world.looks) < 2:  # noqa: ASYNC110 — looking raises no event
        await asyncio.sleep(0)
    world.watchers.forget(left)
    world.watchers.watch(changed, ADA, (ADA,))
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await world.pass_to(100.0 + AGAIN_SECONDS)
    assert (left.states, changed.states, len(world.watchers)) == ([], [(ADA, "unknown")], 1)


async def test_so_many_are_watched_at_most_and_so_many_looked_for_at_once() -> None:
    """Whoever comes later watches nobody; when others have left there is room again."""
    world, many, late = World(), Device(), Device()
    world.watchers.watch(many, ADA, tuple(f"u{number:024x}-us" for number in range(MOST)))
    world.watchers.watch(late, ADA, (BEN,))
    assert len(world.watchers) == MOST
    world.watchers.forget(many)
    world.watchers.watch(late, ADA, (BEN,))
    assert len(world.watchers) == 1
    for _ in range(AT_ONCE * 2):
        world.watchers.watch(Device(), ADA, (BEN,))
    await world.pass_to(200.0)
    assert len(world.looks) == AT_ONCE * 2 + 1
