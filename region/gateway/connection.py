"""One device's connection: its bounded queue, the writer that drains it, and the snapshots that it catches up with."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import psycopg
import structlog
from prometheus_client import Counter
from starlette.types import Send

from infra.backoff import Backoff
from infra.errors import UnavailableError
from infra.postgres import STORE_FAILURES
from infra.telling import told
from region.accounts.endings import problem_of
from region.gateway.marks import Reader
from region.gateway.session import BAD_TOKEN, GOING_AWAY, RESYNC, TOO_SLOW, CatchUp, Phase, Session, Snapshot
from region.gateway.submissions import Author

log = structlog.get_logger()

CLOSE_SECONDS = 2.0
MOST_BEFORE_SIGNS = 50
"""Frames that wait for a device; with more it is told nothing that it can do without."""

SLOW_CUTS = Counter("causeway_gateway_slow_cuts_total", "Devices that were cut off, since they took too little.")
RESYNCS = Counter("causeway_gateway_resyncs_total", "Snapshots that were read for devices, by occasion.", ["occasion"])
_AT_HELLO, _AFTER_BREAK = RESYNCS.labels("hello"), RESYNCS.labels("break")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one device's queue of live events.

    Attributes:
        frames: The most frames.
        characters: The most characters in all of them.
    """

    frames: int = 2_000
    characters: int = 4 * 1024 * 1024


class Room:
    """What the queues of all devices hold together, and may; beyond, those with the longest ones are cut off.

    Attributes:
        held: Characters in all of them.
        devices: Whose queues they are.
    """

    def __init__(self, most: int) -> None:
        """Begin empty.

        Args:
            most: The most characters.
        """
        self.held = 0
        self.devices: set[Connection] = set()
        self._most = most

    @property
    def is_pressed(self) -> bool:
        """Whether so much waits that nothing is to be told that can be done without."""
        return self.held > self._most // 4

    def make(self) -> None:
        """Make room, if there is none."""
        while self.held > self._most and self.devices:
            max(self.devices, key=lambda device: device.queued[1]).cut()


class Connection:
    """One device; `write` is to run beside whoever reads its frames."""

    def __init__(
        self,
        session: Session,
        author: Author,
        send: Send,
        *,
        read: Callable[[str, str, CatchUp], Awaitable[Snapshot]],
        reliable: Callable[[], bool],
        limits: Limits,
        welcomed: Callable[[], None],
        room: Room | None = None,
    ) -> None:
        """Begin.

        Args:
            session: Its state.
            author: In whose name the device submits.
            send: ASGI's send.
            read: Reads a snapshot for a user and a device.
            reliable: Whether this gateway is told of all outputs.
            limits: Of the queue.
            room: Of all queues; of its own by default.
            welcomed: Called when the first snapshot is queued for the device.
        """
        self.session = session
        self.author = author
        self.reader = Reader(author.user_id, author.home_epoch, author.device)
        self._send = send
        self._read = read
        self._reliable = reliable
        self._limits = limits
        self._room = room or Room(limits.characters)
        self._room.devices.add(self)
        self._welcomed = welcomed
        self._queue: deque[str] = deque()
        self._characters = 0
        self._wake = asyncio.Event()
        self._hangup: tuple[int, str] | None = None
        self._catching_up: asyncio.Task[None] | None = None
        self.ended = asyncio.Event()
        """Set once the writer is through: nothing more is sent."""

    @property
    def queued(self) -> tuple[int, int]:
        """How many frames wait to be written, and how many characters they have."""
        return len(self._queue), self._characters

    def push(self, text: str) -> None:
        """Queue a frame; a device that takes too little is cut off."""
        if self._hangup is not None or self.session.phase is Phase.CLOSED:
            return
        self._put(text)
        if len(self._queue) > self._limits.frames or self._characters > self._limits.characters:
            self.cut()
        self._room.make()

    def offer(self, text: str) -> bool:
        """Queue a frame that the device can do without, if next to nothing waits; return whether it was."""
        takes = self._hangup is None and self.session.phase is Phase.LIVE
        if not takes or len(self._queue) >= MOST_BEFORE_SIGNS or self._room.is_pressed:
            return False
        self._put(text)
        return True

    def cut(self) -> None:
        """Close at once, and drop what is queued: it takes too little."""
        SLOW_CUTS.inc()
        self._drop()
        self.hang_up(TOO_SLOW, "too slow")

    def hang_up(self, code: int, reason: str) -> None:
        """Close after what is queued; the first reason counts."""
        if self._hangup is None:
            self._hangup = code, reason
            asyncio.get_running_loop().call_later(CLOSE_SECONDS, self.ended.set)  # whoever takes nothing is left behind
        self._wake.set()

    def revoke(self, why: str) -> None:
        """Close: the device was logged out; `why` is the code that the store keeps."""
        self.hang_up(BAD_TOKEN, problem_of(why))

    def go_away(self) -> None:
        """Close: this gateway stops; the device shall reconnect."""
        self.hang_up(GOING_AWAY, "going away")

    def catch_up(self) -> None:
        """Read from the store what was missed, if anything was; see `hub.Device`."""
        wanted = self.session.restore()
        if wanted is not None:
            _AFTER_BREAK.inc()
            self.begin(wanted)

    def begin(self, wanted: CatchUp) -> None:
        """Read a snapshot in the background."""
        if wanted.told is None:
            _AT_HELLO.inc()
        self._catching_up = asyncio.create_task(self._catch_up(wanted))
        self._catching_up.add_done_callback(self._on_caught_up)

    async def write(self) -> None:
        """Send what is queued, until the connection is to be closed."""
        try:
            while True:
                while self._queue:
                    text = self._queue.popleft()
                    self._count(-len(text))
                    await self._send({"type": "websocket.send", "text": text})
                if self._hangup is not None:
                    code, reason = self._hangup
                    await self._send({"type": "websocket.close", "code": code, "reason": reason})
                    return
                self._wake.clear()
                await self._wake.wait()
        except (OSError, RuntimeError):
            return  # the device is gone: ASGI servers say it by either
        finally:
            self.ended.set()

    async def end(self) -> None:
        """Let go of everything; nothing is sent any more."""
        self.session.close()
        self._drop()
        self._room.devices.discard(self)
        if self._catching_up is not None:
            self._catching_up.cancel()
            await asyncio.gather(self._catching_up, return_exceptions=True)

    def _on_caught_up(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("snapshot failed", exc_info=failure)
            self.hang_up(RESYNC, "resync")

    async def _catch_up(self, wanted: CatchUp) -> None:
        backoff = Backoff(first=1.0)
        while self.session.phase is Phase.CATCHING_UP:
            try:
                snapshot = await self._read(self.session.user_id, self.session.device_id, wanted)
            except (*STORE_FAILURES, psycopg.Error, UnavailableError) as error:
                log.warning("snapshot not read", problem=told(error))
                await asyncio.sleep(backoff.next())
                continue
            except TimeoutError:
                self.hang_up(RESYNC, "resync")
                return
            if snapshot.revoked is not None:
                self.revoke(snapshot.revoked)
                return
            if self._hangup is not None:
                return  # it was closed meanwhile, and takes nothing any more
            for text in self.session.snapshot(snapshot, reliable=self._reliable()):
                self._put(text)
            self._room.make()
            self._welcomed()
            if self._hangup is None and self._reliable():
                self.catch_up()  # what was missed while the snapshot was read, if anything was
            return

    def _put(self, text: str) -> None:
        self._queue.append(text)
        self._count(len(text))
        self._wake.set()

    def _drop(self) -> None:
        self._queue.clear()
        self._count(-self._characters)

    def _count(self, characters: int) -> None:
        self._characters += characters
        self._room.held += characters
