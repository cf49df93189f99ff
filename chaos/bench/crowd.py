"""A crowd of bare devices: each stays connected as the client library does, and notes when it was welcomed and what it was told."""

import asyncio
import contextlib
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import aiohttp
import msgspec

from chaos.bench.fleet import Pass
from region.client import Backoff

HANDSHAKE_SECONDS = 20.0


class _Message(msgspec.Struct):
    text: str


class _Entry(msgspec.Struct, tag="entry"):
    message: _Message


class _Welcome(msgspec.Struct, tag="welcome"):
    resume: str | None = None


class _Error(msgspec.Struct, tag="error"):
    code: str = ""
    retry_after: float = 0.0


class _Accepted(msgspec.Struct, tag="accepted"):
    pass


class _Marks(msgspec.Struct, tag="marks"):
    pass


class _Resume(msgspec.Struct, tag="resume"):
    pass


class _Changed(msgspec.Struct, tag="changed"):
    pass


_Frame: TypeAlias = _Entry | _Welcome | _Error | _Accepted | _Marks | _Resume | _Changed
_decoder: msgspec.json.Decoder[_Frame] = msgspec.json.Decoder(_Frame)


@dataclass(eq=False)
class Device:
    """One device.

    Attributes:
        let_in: What it is let in with.
        resume: The token of its first welcome; kept, so that after a storm each has something to catch up with.
        welcomed_at: When it was welcomed last, by `time.perf_counter`; None while it is away.
        seen: The texts that it was told, and when it was first, by `time.perf_counter`.
    """

    let_in: Pass
    socket: aiohttp.ClientWebSocketResponse | None = None
    resume: str | None = None
    welcomed_at: float | None = None
    seen: dict[str, float] = field(default_factory=dict)


class Crowd:
    """Devices of a region.

    Attributes:
        devices: All of them.
        happened: What they met, counted: `refused` by the machine, `busy`, `rate-limited`, or `closed` with a code.
    """

    def __init__(self, url: str, fleet: Mapping[str, list[Pass]]) -> None:
        """Prepare devices that are going to connect to that region."""
        self._url = url
        self._by_user = {user: [Device(one) for one in passes] for user, passes in fleet.items()}
        self.devices = [device for devices in self._by_user.values() for device in devices]
        self.happened: Counter[str] = Counter()
        self._tasks: list[asyncio.Task[None]] = []
        self._http: aiohttp.ClientSession | None = None
        self._changed = asyncio.Event()
        self.welcomed = 0

    async def open(self, *, at_once: int = 64) -> None:
        """Begin to connect, so many at once at first."""
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        gate = asyncio.Semaphore(at_once)
        self._tasks = [asyncio.create_task(self._stay(device, gate)) for device in self.devices]

    async def close(self) -> None:
        """Disconnect."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    async def all_welcomed(self, *, patience: float) -> bool:
        """Wait until every device is welcomed; return whether that came true in time."""
        return await self._until(lambda: self.welcomed == len(self.devices), patience)

    async def write_round(self, *, patience: float) -> tuple[int, int]:
        """Have each user write to the next one; return how many showings at devices there were, and how many were due.

        Every device of both must be told, as it happens.
        """
        users = list(self._by_user)
        due: list[tuple[Device, str]] = []
        for sender, recipient in zip(users, [*users[1:], users[0]], strict=True):
            text = secrets.token_hex(8)
            due += [(device, text) for device in (*self._by_user[sender], *self._by_user[recipient])]
            frame = {"type": "send", "client_message_id": text, "recipient_id": recipient, "text": text}
            socket = self._by_user[sender][0].socket
            if socket is not None:
                with contextlib.suppress(ConnectionError):
                    await socket.send_str(msgspec.json.encode(frame).decode())
        await self._until(lambda: all(text in device.seen for device, text in due), patience)
        return sum(text in device.seen for device, text in due), len(due)

    async def all_seen(self, texts: Sequence[str], *, patience: float) -> bool:
        """Wait until every device was told each of these texts; return whether that came true in time."""
        return await self._until(lambda: all(text in one.seen for one in self.devices for text in texts), patience)

    async def _until(self, condition: Callable[[], bool], patience: float) -> bool:
        deadline = time.perf_counter() + patience
        while not condition():
            self._changed.clear()
            left = deadline - time.perf_counter()
            if left <= 0:
                return False
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)
            await asyncio.sleep(0.02)  # many things happen at once; looking at each would cost what is measured
        return True

    async def _stay(self, device: Device, gate: asyncio.Semaphore) -> None:
        """Stay connected, with the pauses of the client library."""
        assert self._http is not None
        backoff, headers = Backoff(), {"Authorization": f"Bearer {device.let_in.access_token}"}
        first: asyncio.Semaphore | None = gate
        while True:
            away_for = 0.0
            try:
                async with first or contextlib.nullcontext(), asyncio.timeout(HANDSHAKE_SECONDS):
                    socket = await self._http.ws_connect(self._url + "/ws", headers=headers, compress=0)
                first = None
                try:
                    away_for = await self._converse(device, socket, backoff)
                finally:
                    await socket.close()
                self.happened[f"closed {socket.close_code}"] += 1
            except aiohttp.ClientConnectorError:
                self.happened["refused"] += 1
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                self.happened[type(error).__name__] += 1
            if device.welcomed_at is not None:
                device.welcomed_at, device.socket = None, None
                self.welcomed -= 1
            await asyncio.sleep(backoff.after(away_for))

    async def _converse(self, device: Device, socket: aiohttp.ClientWebSocketResponse, backoff: Backoff) -> float:
        """Take what comes until the end; return for how many seconds the region asked to stay away."""
        away_for = 0.0
        hello = {"type": "hello", "resume": device.resume, "held": None}
        await socket.send_str(msgspec.json.encode(hello).decode())
        async for raw in socket:
            if raw.type is not aiohttp.WSMsgType.TEXT:
                continue
            match _decoder.decode(raw.data):
                case _Entry(message=message):
                    device.seen.setdefault(message.text, time.perf_counter())
                    self._changed.set()
                case _Welcome(resume=resume):
                    device.resume = device.resume or resume
                    device.welcomed_at, device.socket = time.perf_counter(), socket
                    self.welcomed += 1
                    backoff.reset()
                    self._changed.set()
                case _Error(code=code, retry_after=seconds):
                    self.happened[code] += 1
                    away_for = seconds
                case _:
                    pass
        return away_for
