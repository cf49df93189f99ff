"""Open-loop load: a message is sent when it is due, whatever became of earlier ones, by one process that must cost little.

Frames are built from parts and read only as far as needed; the receiver marks every message received and read.
"""

import asyncio
import contextlib
import random
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import TypeAlias

import aiohttp
import msgspec

from chaos.bench.accounts import Account
from chaos.bench.ledger import Ledger
from infra.errors import CausewayError

NUMBER_DIGITS = 9
RESEND_SECONDS = 1.0


class LoadError(CausewayError):
    """The load could not be put on: {reason}"""  # noqa: D415  # the reason ends it

    code = "bench-load"
    definite = True


class _Message(msgspec.Struct):
    conversation_id: str
    sender_id: str
    text: str
    seq: int
    epoch: int = 1


class _Entry(msgspec.Struct, tag="entry"):
    message: _Message


class _Accepted(msgspec.Struct, tag="accepted"):
    client_message_id: str


class _Marks(msgspec.Struct, tag="marks"):
    conversation_id: str
    user_id: str
    read: int


class _Refused(msgspec.Struct, tag="refused"):
    client_message_id: str
    code: str


class _Error(msgspec.Struct, tag="error"):
    code: str = ""
    client_message_id: str = ""


class _Welcome(msgspec.Struct, tag="welcome"):
    resume: str | None = None


class _Resume(msgspec.Struct, tag="resume"):
    token: str


class _Pending(msgspec.Struct, tag="pending"):
    pass


class _Changed(msgspec.Struct, tag="changed"):
    pass


class _Pong(msgspec.Struct, tag="pong"):
    pass


_Frame: TypeAlias = _Entry | _Accepted | _Marks | _Refused | _Error | _Welcome | _Resume | _Pending | _Changed | _Pong
_decoder: msgspec.json.Decoder[_Frame] = msgspec.json.Decoder(_Frame)


@dataclass
class Device:
    """One socket of one user.

    Attributes:
        account: Whose.
        url: Of the edge that it connects to.
        unacked: Frames that were sent and not acked yet, by message number; sent again over a new socket.
    """

    account: Account
    url: str
    socket: aiohttp.ClientWebSocketResponse | None = None
    resume: str | None = None
    unacked: dict[int, str] = field(default_factory=dict)


class Load:
    """Many devices, each writing to the next one around a ring.

    Attributes:
        ledger: What became of every message.
        problems: Codes of refusals and errors, counted.
        reconnects: How often a socket had to be opened anew.
    """

    def __init__(self, devices: list[Device], *, size: int, seed: int = 1) -> None:
        """Prepare.

        Args:
            devices: At least two; neighbours write to each other.
            size: Of each text, bytes.
            seed: Decides who writes when.
        """
        self.ledger = Ledger()
        self.problems: dict[str, int] = {}
        self.reconnects = 0
        self._devices = devices
        self._run = secrets.token_hex(4)
        self._random = random.Random(seed)
        self._filler = secrets.token_urlsafe(size)[: size - len(self._run) - NUMBER_DIGITS - 2]
        self._number = 0
        self._sessions: list[asyncio.Task[None]] = []

    async def open(self, *, patience: float = 60.0) -> None:
        """Open all sockets.

        Raises:
            LoadError: Not all of them were welcomed in time.
        """
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        welcomed = asyncio.Semaphore(0)
        for device in self._devices:
            self._sessions.append(asyncio.create_task(self._stay(device, welcomed)))
            await asyncio.sleep(0)
        try:
            async with asyncio.timeout(patience):
                for _ in self._devices:
                    await welcomed.acquire()
        except TimeoutError:
            raise LoadError(
                reason=f"not all of {len(self._devices)} sockets were welcomed within {patience:.0f} s"
            ) from None

    async def close(self) -> None:
        """Close all sockets."""
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)
        await self._http.close()

    async def greet(self, *, patience: float = 60.0) -> None:
        """Send one message in each conversation and wait until all have arrived: no conversation is new after that.

        Raises:
            LoadError: They did not arrive in time.
        """
        start = time.perf_counter()
        for sender, recipient in self._pairs_once():
            await self._send(sender, recipient, due=time.perf_counter(), measured=False)
            await asyncio.sleep(0.002)
        if not await self.settle(patience=patience):
            missing = self.ledger.unfinished
            raise LoadError(
                reason=f"{missing} first messages had not arrived {time.perf_counter() - start:.0f} s after they began"
            )

    async def send_at(self, rate: float, *, warm_up: float, seconds: float, measuring: Callable[[], None]) -> None:
        """Send at a fixed rate, evenly.

        Args:
            rate: Messages a second, over all devices.
            warm_up: How long before latencies count, seconds.
            seconds: How long they count.
            measuring: Called when they begin to count.
        """
        pairs = self._pairs()
        began = time.perf_counter()
        sent, told = 0, False
        total = int((warm_up + seconds) * rate)
        while sent < total:
            now = time.perf_counter()
            while sent < total and (due := began + sent / rate) <= now:
                measured = due - began >= warm_up
                if measured and not told:
                    measuring()
                    told = True
                sender, recipient = next(pairs)
                await self._send(sender, recipient, due=due, measured=measured)
                sent += 1
            await asyncio.sleep(max(0.0, min(0.002, began + sent / rate - time.perf_counter())))

    async def settle(self, *, patience: float) -> bool:
        """Wait until every message is acked, numbered, shown and receipted; return whether that came true in time."""
        deadline = time.perf_counter() + patience
        while self.ledger.unfinished and time.perf_counter() < deadline:  # noqa: ASYNC110  # an event per message would cost what is measured
            await asyncio.sleep(0.02)
        return not self.ledger.unfinished

    def _pairs_once(self) -> Iterator[tuple[Device, Device]]:
        yield from zip(self._devices, [*self._devices[1:], self._devices[0]], strict=True)

    def _pairs(self) -> Iterator[tuple[Device, Device]]:
        both = [pair for one, other in self._pairs_once() for pair in ((one, other), (other, one))]
        self._random.shuffle(both)
        return cycle(both)

    async def _send(self, sender: Device, recipient: Device, *, due: float, measured: bool) -> None:
        number, self._number = self._number, self._number + 1
        name = f"{self._run}:{number:0{NUMBER_DIGITS}d}"
        frame = (
            f'{{"type":"send","client_message_id":"{name}","recipient_id":"{recipient.account.user_id}",'
            f'"text":"{name} {self._filler}"}}'
        )
        self.ledger.due(number, due, measured=measured)
        sender.unacked[number] = frame
        if sender.socket is not None:
            with contextlib.suppress(ConnectionError):
                await sender.socket.send_str(frame)

    async def _stay(self, device: Device, welcomed: asyncio.Semaphore) -> None:
        first = True
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                headers = {"Authorization": f"Bearer {device.account.access_token}"}
                async with self._http.ws_connect(
                    device.url + "/ws", headers=headers, compress=0, heartbeat=30
                ) as socket:
                    hello = {"type": "hello", "resume": device.resume, "held": None}
                    await socket.send_str(msgspec.json.encode(hello).decode())
                    await self._read(device, socket, welcomed if first else None)
            first = first and device.resume is None
            device.socket = None
            self.reconnects += 1
            await asyncio.sleep(RESEND_SECONDS * (0.5 + self._random.random()))

    async def _read(
        self, device: Device, socket: aiohttp.ClientWebSocketResponse, welcomed: asyncio.Semaphore | None
    ) -> None:
        async for raw in socket:
            if raw.type is not aiohttp.WSMsgType.TEXT:
                continue
            frame = _decoder.decode(raw.data)
            now = time.perf_counter()
            if isinstance(frame, _Entry):
                message = frame.message
                if self._enter(device, message, now):
                    place = (
                        f'"conversation_id":"{message.conversation_id}","seq":{message.seq},"epoch":{message.epoch}}}'
                    )
                    await socket.send_str('{"type":"received",' + place)
                    await socket.send_str('{"type":"read",' + place)
            elif isinstance(frame, _Welcome):
                device.socket, device.resume = socket, frame.resume
                for unsent in list(device.unacked.values()):
                    await socket.send_str(unsent)
                if welcomed is not None:
                    welcomed.release()
            else:
                self._take(device, frame, now)

    def _enter(self, device: Device, message: _Message, now: float) -> bool:
        """Account for an entry; return whether it is to be marked."""
        me = device.account.user_id
        number = self._number_of(message.text)
        new = self.ledger.entry(me, message.conversation_id, message.sender_id, seq=message.seq, number=number, at=now)
        return new and message.sender_id != me

    def _take(self, device: Device, frame: _Frame, now: float) -> None:
        match frame:
            case _Accepted(client_message_id=name):
                number = int(name[-NUMBER_DIGITS:])
                device.unacked.pop(number, None)
                self.ledger.acked(number, now)
            case _Marks(conversation_id=conversation, user_id=user, read=read) if user != device.account.user_id:
                self.ledger.marks(device.account.user_id, conversation, read, now)
            case _Resume(token=token):
                device.resume = token
            case _Refused(client_message_id=name, code=code) | _Error(client_message_id=name, code=code):
                self.problems[code] = self.problems.get(code, 0) + 1
                if name:
                    self.ledger.refused(int(name[-NUMBER_DIGITS:]))
            case _:
                pass

    def _number_of(self, text: str) -> int | None:
        run, _, rest = text.partition(":")
        return int(rest[:NUMBER_DIGITS]) if run == self._run else None
