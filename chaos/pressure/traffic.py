"""Users at the client library who write to each other at a steady rate, whatever happens; and what became of each message."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import cycle
from typing import Self

from infra.errors import CausewayError
from infra.tasks import beside
from region.client import Arrived, Client, ClientError, Refused, Stage

GREET_SECONDS = 90.0
DIGITS = 8


class NoTrafficError(CausewayError):
    """There can be no traffic: {reason} Look at `causeway status`."""

    code = "no-traffic"
    definite = True


@dataclass(slots=True)
class Fate:
    """What became of one message; seconds since the epoch.

    Attributes:
        path: `local` between users of one region, `cross` between two.
        due: When it was to be sent.
        acked: When its sender knew that it was accepted.
        shown: When it came to its recipient's screen.
        refused: Why it never will.
    """

    path: str
    due: float
    acked: float | None = None
    shown: float | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """How much traffic.

    Attributes:
        rate: Messages a second in all.
        size: Bytes of each text.
        users: In each region.
    """

    rate: float = 40.0
    size: int = 1024
    users: int = 6


class Traffic:
    """Steady traffic; use it as an async context manager, then `flow` within it.

    Attributes:
        fates: What became of each message, by number.
        clients: Region to its users' devices.
        order: How much.
    """

    def __init__(self, urls: dict[str, str], order: Order) -> None:
        """Prepare.

        Args:
            urls: Region to public URL; the first region has the conversations at home.
            order: How much.
        """
        self.fates: list[Fate] = []
        self.clients: dict[str, list[Client]] = {region: [] for region in urls}
        self._urls = urls
        self.order = order
        self._run = secrets.token_hex(4)
        self._filler = secrets.token_urlsafe(order.size)[: max(1, order.size - DIGITS - len(self._run) - 2)]
        self._stack = AsyncExitStack()
        self._tasks: set[asyncio.Task[None]] = set()
        self._names: dict[str, Fate] = {}
        self._number = 0

    async def __aenter__(self) -> Self:
        """Make the accounts, connect, and let every pair exchange a first message.

        Raises:
            NoTrafficError: Not all of that was possible in time.
        """
        await self._stack.__aenter__()
        try:
            async with asyncio.timeout(GREET_SECONDS):
                for region in self._urls:
                    for _ in range(self.order.users):
                        await self._seat(region)
                for path, one, other in self._pairs():
                    await self._send(path, one, other)
                await self.settle(within=GREET_SECONDS)
        except (TimeoutError, ClientError) as error:
            await self.__aexit__()
            reason = f"first messages had not arrived after {GREET_SECONDS:.0f} s ({type(error).__name__} {error})."
            raise NoTrafficError(reason=reason) from None
        self.fates.clear()
        self._names.clear()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    @contextlib.asynccontextmanager
    async def flow(self) -> AsyncIterator[None]:
        """Send at the rate for as long as the context lasts."""
        async with beside(self._flow()):
            yield

    async def settle(self, *, within: float) -> bool:
        """Wait until every message was acked and shown, or refused; return whether that came true in time (seconds)."""
        until = time.monotonic() + within
        while self.open and time.monotonic() < until:  # noqa: ASYNC110  # looked at now and then
            await asyncio.sleep(0.05)
        return not self.open

    async def guest(self, region: str) -> Client:
        """Return the client of a new user who neither writes nor is written to by the others."""
        client = await self._stack.enter_async_context(Client([self._urls[region]], listen=False, patience=60))
        await client.register(f"guest-{secrets.token_hex(6)}", secrets.token_urlsafe(12), home_region=region)
        return client

    @property
    def open(self) -> int:
        """How many messages still lack something."""
        return sum((fate.acked is None or fate.shown is None) and not fate.refused for fate in self.fates)

    async def _seat(self, region: str) -> None:
        urls = [self._urls[region], *(url for name, url in self._urls.items() if name != region)]
        client = await self._stack.enter_async_context(Client(urls, device_name="pressure", patience=60))
        await client.register(f"pressure-{secrets.token_hex(6)}", secrets.token_urlsafe(12), home_region=region)
        await client.online()
        self.clients[region].append(client)
        self._spawn(self._look(client))

    def _pairs(self) -> list[tuple[str, Client, Client]]:
        home, *others = self.clients.values()
        ring = zip(home, [*home[1:], home[0]], strict=True)
        local = [("local", *pair) for one, other in ring for pair in ((one, other), (other, one))]
        across = [
            ("cross", *pair)
            for there in others
            for one, other in zip(home, there, strict=True)
            for pair in ((one, other), (other, one))
        ]
        return [*local, *across]

    async def _flow(self) -> None:
        began, sent, pairs = time.time(), 0, cycle(self._pairs())
        while True:
            while began + sent / self.order.rate <= time.time():
                await self._send(*next(pairs), due=began + sent / self.order.rate)
                sent += 1
            await asyncio.sleep(0.005)

    async def _send(self, path: str, one: Client, other: Client, *, due: float | None = None) -> None:
        self._number += 1
        fate = Fate(path, time.time() if due is None else due)
        self.fates.append(fate)
        name = f"{self._run}:{self._number:0{DIGITS}d}"
        self._names[name] = fate
        handle = await one.send(f"{name} {self._filler}", to=other.user_id, client_message_id=name)

        async def follow() -> None:
            with contextlib.suppress(ClientError):
                await handle.reach(Stage.ACCEPTED)
                fate.acked = time.time()

        self._spawn(follow())

    async def _look(self, client: Client) -> None:
        async for event in client.events():
            match event:
                case Arrived(message=message) if message.sender_id != client.user_id:
                    fate = self._names.get(message.text.partition(" ")[0])
                    if fate is not None and fate.shown is None:
                        fate.shown = time.time()
                    client.mark_read(message)
                case Refused(client_message_id=name, code=code) if name in self._names:
                    self._names[name].refused = code
                case _:
                    pass

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
