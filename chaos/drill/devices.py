"""Users at the client library, who send and read; whatever they do and are shown goes into the ledger.

The library promises one stream of events, each entry once and in order, whatever becomes of its sockets: so the ledger has one
connection for the whole of a device's life.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Coroutine
from types import TracebackType
from typing import Self

from chaos.drill.workload import Seat
from chaos.judge import events as e
from chaos.judge.ledger import Ledger, digest
from region.client import Arrived, Client, ClientError, Handle, Marked, Message, Offline, Refused, Stage


class Tally:
    """What is counted while a drill runs, for those who watch it.

    Attributes:
        invoked: Sends that were begun.
        accepted: Of these, sends that were accepted.
        shown: Entries that came to a recipient's screen.
        refused: Sends whose author was told that they are refused.
        offline: How often devices lost their connection.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.invoked = self.accepted = self.shown = self.refused = self.offline = 0
        self._awaited: set[str] = set()

    @property
    def under_way(self) -> int:
        """How many messages have not come to their recipient's screen, nor been refused."""
        return len(self._awaited)

    def sent(self, content: str) -> None:
        """A message was sent."""
        self.invoked += 1
        self._awaited.add(content)

    def arrived(self, content: str) -> None:
        """A message came to a screen of somebody else than its author."""
        self.shown += 1
        self._awaited.discard(content)

    def turned_down(self, content: str) -> None:
        """A message's author was told that it is refused."""
        self.refused += 1
        self._awaited.discard(content)


def sighting(message: Message) -> e.Sighting:
    """Return what the ledger records of a message that somebody saw with its number."""
    return e.Sighting(
        message.epoch or 0,
        message.seq or 0,
        message.message_id,
        message.sender_id,
        digest(message.text),
        message.status,
    )


class Device:
    """One user at one device; use it as an async context manager.

    Attributes:
        seat: Where the user sits.
        client: The library.
        name: What the ledger calls the device.
        handle: The user's handle.
        password: The user's password, with which observers log in as well.
    """

    def __init__(self, seat: Seat, endpoints: list[str], ledger: Ledger, tally: Tally) -> None:
        """Prepare.

        Args:
            seat: Who.
            endpoints: Public URLs, the home's first.
            ledger: Where everything is noted.
            tally: Where it is counted.
        """
        self.seat = seat
        self.client = Client(endpoints, device_name="drill")
        self.name = f"d{seat.number}"
        self.handle = f"drill-{seat.region}-{secrets.token_hex(5)}"
        self.password = secrets.token_urlsafe(12)
        self._ledger = ledger
        self._tally = tally
        self._tasks: set[asyncio.Task[None]] = set()
        self._ops: dict[str, int] = {}
        self._contents: dict[str, str] = {}
        self._epochs: Counter[str] = Counter()

    @property
    def user(self) -> str:
        """The user id."""
        return self.client.user_id

    async def __aenter__(self) -> Self:
        """Register, connect and look."""
        await self.client.__aenter__()
        await self.client.register(self.handle, self.password, home_region=self.seat.region)
        await self.client.online()
        self._ledger.note(e.Opened(self._ledger.now(), self.name, self.name, self.user, self.seat.region))
        self._spawn(self._look())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Look away and disconnect."""
        await self._stop()
        await self.client.__aexit__(kind, error, trace)

    async def send(self, text: str, to: "Device", conversation: str | None) -> Handle:
        """Send a message; its acceptance is noted when it comes."""
        op = self._ledger.op()
        name = f"o{op}"
        self._ops[name] = op
        content = self._contents[name] = digest(text)
        self._tally.sent(content)
        self._ledger.note(
            e.Invoke(self._ledger.now(), op, "send", self.name, self.user, self.seat.region, conversation, content)
        )
        handle = await self.client.send(text, to=to.user, client_message_id=name)
        self._spawn(self._follow(op, handle))
        return handle

    def give_up(self) -> None:
        """Note as unknown whatever has not been answered; nothing of it is waited for any longer."""
        for op in self._ops.values():
            self._ledger.note(e.Info(self._ledger.now(), op, "not-answered"))
        self._ops.clear()

    async def leave(self) -> None:
        """Look away for good: what a device that is not connected has not been shown proves nothing."""
        await self._stop()
        self._ledger.note(e.Closed(self._ledger.now(), self.name))

    async def is_online(self, *, within: float) -> bool:
        """Tell whether the device is connected, or comes to be in time (seconds)."""
        try:
            async with asyncio.timeout(within):
                await self.client.online()
        except (TimeoutError, ClientError):
            return False
        return True

    async def _follow(self, op: int, handle: Handle) -> None:
        try:
            await handle.reach(Stage.ACCEPTED)
        except ClientError:
            return  # it was refused, which the device is told as an event
        if self._ops.pop(handle.client_message_id, None) is not None:
            self._tally.accepted += 1
            self._ledger.note(e.Ok(self._ledger.now(), op, handle.conversation_id, handle.message_id))

    async def _look(self) -> None:
        async for event in self.client.events():
            match event:
                case Arrived(message=message):
                    self._arrived(message)
                case Marked():
                    self._marked(event)
                case Refused(client_message_id=name):
                    self._ops.pop(name, None)
                    self._tally.turned_down(self._contents.pop(name, ""))
                    self._ledger.note(e.Refused(self._ledger.now(), int(name[1:]), self.name, event.code))
                case Offline():
                    self._tally.offline += 1
                case _:
                    pass

    def _arrived(self, message: Message) -> None:
        conversation = message.conversation_id
        self._epochs[conversation] = max(self._epochs[conversation], message.epoch or 0)
        seen = sighting(message)
        self._ledger.note(e.Live(self._ledger.now(), self.name, conversation, seen))
        if message.sender_id != self.user:
            self._tally.arrived(seen.content or "")
            self.client.mark_read(message)

    def _marked(self, marked: Marked) -> None:
        # The library does not say in which epoch marks stand; it is that of the newest entry that it has shown.
        epoch = self._epochs[marked.conversation_id]
        self._ledger.note(
            e.Marked(
                self._ledger.now(), self.name, marked.conversation_id, marked.user_id, epoch, marked.received, marked.read
            )
        )  # fmt: skip

    async def _stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
