"""One device's queue: drained in order, bounded, and closed with a reason."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from starlette.types import Message

from region.gateway import connection as module
from region.gateway.connection import Connection, Limits, Room
from region.gateway.session import CatchUp, Session, Snapshot
from region.gateway.submissions import Author


class Wire:
    """What a device gets; it can refuse to take anything for a while."""

    def __init__(self) -> None:
        self.sent: list[Mapping[str, Any]] = []
        self.flows = asyncio.Event()
        self.flows.set()
        self._awaited = 0
        self._enough = asyncio.Event()

    async def __call__(self, message: Message) -> None:
        """Take a message of the app."""
        await self.flows.wait()
        self.sent.append(message)
        if len(self.sent) >= self._awaited:
            self._enough.set()

    async def until(self, count: int) -> None:
        """Wait until that many messages were sent."""
        self._awaited = count
        self._enough.clear()
        if len(self.sent) < count:
            await asyncio.wait_for(self._enough.wait(), 5)


def connect(
    wire: Wire,
    *,
    snapshots: list[Snapshot] | None = None,
    frames: int = 5,
    room: Room | None = None,
    welcomed: Callable[[], None] = lambda: None,
) -> Connection:
    """A device that has said hello."""
    session = Session(user_id="u", device_id="v", region="us")
    session.receive('{"type":"hello"}')
    queue = snapshots or [Snapshot({0: 1}, 1, ["missed"], [])]

    async def read(_user: str, _device: str, _wanted: CatchUp) -> Snapshot:
        return queue.pop(0)

    return Connection(
        session,
        Author("u", 1, "v"),
        wire,
        read=read,
        reliable=lambda: True,
        welcomed=welcomed,
        limits=Limits(frames=frames, characters=1000),
        room=room,
    )


async def test_frames_are_written_in_order() -> None:
    """Snapshot, then live ones; then the close."""
    wire = Wire()
    connection = connect(wire)
    writer = asyncio.create_task(connection.write())
    connection.begin(CatchUp())
    await wire.until(2)
    connection.push("live")
    connection.go_away()
    await writer

    assert [message.get("text", "")[:8] for message in wire.sent] == ["missed", '{"type":', "live", ""]
    assert wire.sent[-1] == {"type": "websocket.close", "code": 1001, "reason": "going away"}
    assert connection.ended.is_set()


@pytest.mark.parametrize(("count", "size"), [(6, 1), (2, 600)])
async def test_a_slow_device_is_cut(count: int, size: int) -> None:
    """By too many frames or too many characters; what was queued is dropped."""
    wire = Wire()
    connection = connect(wire)
    wire.flows.clear()
    writer = asyncio.create_task(connection.write())
    for _ in range(count):
        connection.push("x" * size)
    connection.push("never")
    wire.flows.set()
    await writer

    assert wire.sent == [{"type": "websocket.close", "code": 4408, "reason": "too slow"}]
    assert connection.queued == (0, 0)


async def test_when_all_queues_together_hold_too_much_the_slowest_device_is_cut() -> None:
    """Not the one that is told something just then; and what goes away no longer counts."""
    room, wires = Room(1000), [Wire() for _ in range(3)]
    slow, other, third = (connect(wire, room=room) for wire in wires)
    slow.push("x" * 600)
    other.push("x" * 300)
    third.push("x" * 200)

    assert slow.queued == (0, 0)
    assert (other.queued, third.queued, room.held) == ((1, 300), (1, 200), 500)
    await asyncio.wait_for(slow.write(), 5)
    assert wires[0].sent == [{"type": "websocket.close", "code": 4408, "reason": "too slow"}]
    await other.end()
    assert room.held == 200


async def test_a_snapshot_makes_room_too() -> None:
    """What it adds may be too much for all queues together; then the slowest device goes."""
    room, welcomed = Room(1000), asyncio.Event()
    slow = connect(Wire(), room=room)
    late = connect(Wire(), room=room, snapshots=[Snapshot({0: 1}, 1, ["x" * 300], [])], welcomed=welcomed.set)
    slow.push("x" * 900)
    late.begin(CatchUp())
    await asyncio.wait_for(welcomed.wait(), 5)

    assert (slow.queued, late.queued[0]) == ((0, 0), 2)
    assert room.held == late.queued[1]
    await slow.end()
    await late.end()


async def test_nothing_is_queued_for_a_device_that_was_hung_up_meanwhile() -> None:
    """Neither what its snapshot brings, nor another snapshot."""
    connection = connect(Wire())
    connection.begin(CatchUp())
    connection.cut()
    await asyncio.sleep(0)  # the snapshot comes

    assert connection.queued == (0, 0)
    await connection.end()


async def test_who_takes_nothing_at_all_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The close cannot be written either; it is not waited for."""
    monkeypatch.setattr(module, "CLOSE_SECONDS", 0.01)
    wire = Wire()
    connection = connect(wire)
    wire.flows.clear()
    writer = asyncio.create_task(connection.write())
    connection.push("x")
    await asyncio.sleep(0)
    connection.revoke("")

    await asyncio.wait_for(connection.ended.wait(), 5)
    writer.cancel()
    await connection.end()


async def test_a_device_that_is_gone_ends_the_writer() -> None:
    """Whatever the ASGI server raises."""

    async def gone(_: Message) -> None:
        raise OSError

    wire = Wire()
    connection = connect(wire)
    connection._send = gone  # noqa: SLF001 — a wire that breaks
    connection.push("x")

    await connection.write()

    assert connection.ended.is_set()
    await connection.end()
    connection.push("after the end")
    assert connection.queued == (0, 0)


async def test_an_interrupted_snapshot_is_followed_by_another() -> None:
    """So what came between is not missed."""
    wire = Wire()
    snapshots = [Snapshot({0: 1}, 1, ["first"], []), Snapshot({0: 2}, 1, ["second"], [])]
    connection = connect(wire, snapshots=snapshots)
    writer = asyncio.create_task(connection.write())
    connection.begin(CatchUp())
    connection.session.interrupt({})
    await wire.until(4)
    writer.cancel()

    assert [message["text"][:16] for message in wire.sent] == [
        "first",
        '{"type":"welcome',
        "second",
        '{"type":"resume"',
    ]


async def test_a_device_that_was_logged_out_unnoticed_is_closed_by_its_next_snapshot() -> None:
    """That it was logged out is missed like any other output; the store tells, and nothing of the snapshot is sent."""
    wire = Wire()
    connection = connect(wire, snapshots=[Snapshot({0: 1}, 1, ["missed"], [], revoked="")])
    writer = asyncio.create_task(connection.write())
    connection.begin(CatchUp())
    await asyncio.wait_for(writer, 5)

    assert wire.sent == [{"type": "websocket.close", "code": 4401, "reason": "revoked"}]
    await connection.end()


async def test_a_snapshot_that_cannot_be_made_ends_the_connection() -> None:
    """Whatever the fault is, the device is not left waiting for a welcome that never comes; it reconnects."""

    async def fail(_user: str, _device: str, _wanted: CatchUp) -> Snapshot:
        raise LookupError

    wire = Wire()
    connection = connect(wire)
    connection._read = fail  # noqa: SLF001 — a store that holds what cannot be read
    writer = asyncio.create_task(connection.write())
    connection.begin(CatchUp())
    await asyncio.wait_for(writer, 5)

    assert wire.sent == [{"type": "websocket.close", "code": 1012, "reason": "resync"}]
    await connection.end()


async def test_what_a_device_can_do_without_never_waits_behind_much() -> None:
    """Nor before the device has caught up, nor while all devices hold much together; and it never cuts anybody off."""
    wire, room = Wire(), Room(40_000)
    connection = connect(wire, frames=1000, room=room)
    assert not connection.offer("too early")
    connection.begin(CatchUp())
    writer = asyncio.create_task(connection.write())
    await wire.until(2)
    assert connection.offer("typist")
    await wire.until(3)
    wire.flows.clear()
    taken = [connection.offer("x") for _ in range(module.MOST_BEFORE_SIGNS + 10)]
    assert taken.count(True) in {module.MOST_BEFORE_SIGNS, module.MOST_BEFORE_SIGNS + 1}
    assert not connection.offer("more")
    wire.flows.set()
    await wire.until(3 + taken.count(True))
    room.held += 10_001
    assert not connection.offer("others hold much")
    room.held -= 10_001
    connection.hang_up(1001, "going away")
    assert not connection.offer("too late")
    await asyncio.wait_for(writer, 5)
    assert wire.sent[-1]["code"] == 1001
