"""Users at the client library, who send and read; whatever they do and are shown goes into the ledger.

The library promises one stream of events, each entry once and in order, whatever becomes of its sockets: so the ledger has one
connection for the whole of a device's life.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack
from types import MappingProxyType, TracebackType
from typing import Self, TypeVar

from chaos.drill.alterings import EMOJI, Step, reacts
from chaos.drill.sightings import sighting
from chaos.drill.tally import Tally
from chaos.drill.workload import Seat
from chaos.judge import events as e
from chaos.judge.channels import is_channel
from chaos.judge.ledger import Ledger, digest
from region.client import (
    Arrived,
    Channel,
    ChannelInvite,
    Client,
    ClientError,
    Group,
    Handle,
    Invite,
    Marked,
    Message,
    Offline,
    Online,
    ProblemError,
    Refused,
    Stage,
    Withdrawn,
)

FOREVER = range(400, 429)
"""Statuses of answers that are final: it did not happen, and will not, whatever is repeated."""
PATIENCE_SECONDS = 20.0
"""How long a call is repeated, and an alteration is waited for, before nobody knows whether it happened."""
AGAIN_SECONDS = 0.5
Done = TypeVar("Done", Message, Group, Invite, Channel, ChannelInvite)


def is_final(error: Exception) -> bool:
    """Whether an answer says that it did not happen, and will not."""
    return isinstance(error, ProblemError) and error.definite and error.status in FOREVER


class Device:
    """One user at one device; use it as an async context manager.

    Attributes:
        seat: Where the user sits.
        client: The library.
        name: What the ledger calls the device.
        handle: The user's handle.
        password: The user's password, with which observers log in as well.
    """

    def __init__(
        self,
        seat: Seat,
        endpoints: list[str],
        ledger: Ledger,
        tally: Tally,
        *,
        alters: bool = False,
        edges: Mapping[str, str] = MappingProxyType({}),
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """Prepare.

        Args:
            seat: Who.
            endpoints: Public URLs, the home's first.
            ledger: Where everything is noted.
            tally: Where it is counted.
            alters: Whether it reacts to some messages of others.
            edges: Endpoint to the region whose edge answers there, to tell who is served from elsewhere than home.
            patience: How long it repeats a call that nobody answers, and waits for an alteration, seconds.
        """
        self.seat = seat
        self.client = Client(endpoints, device_name="drill", patience=patience)
        self.name = f"d{seat.number}"
        self.handle = f"drill-{seat.region}-{secrets.token_hex(5)}"
        self.password = secrets.token_urlsafe(12)
        self._ledger = ledger
        self._tally = tally
        self._tasks: set[asyncio.Task[None]] = set()
        self._alterings: set[asyncio.Task[None]] = set()
        self._ops: dict[str, int] = {}
        self._contents: dict[str, str] = {}
        self._deeds: dict[str, str] = {}
        self._seqs: Counter[str] = Counter()
        self._epochs: Counter[str] = Counter()
        self._alters = alters
        self._patience = patience
        self.user = ""
        """Its user's id; stays, should the session be ended under it."""
        self._edges = edges
        self._edge = seat.region

    async def __aenter__(self) -> Self:
        """Register, connect and look."""
        async with AsyncExitStack() as undone:
            await undone.enter_async_context(self.client)
            await self.client.register(self.handle, self.password, home_region=self.seat.region)
            self.user = self.client.user_id
            await self.client.online()
            undone.pop_all()
        self._ledger.note(e.Lives(self._ledger.now(), self.user, self.seat.region))
        self._ledger.note(e.Opened(self._ledger.now(), self.name, self.name, self.user, self.seat.region))
        self._spawn(self._look())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Look away and disconnect."""
        await self._stop()
        await self.client.__aexit__(kind, error, trace)

    def seq(self, conversation: str) -> int:
        """Return the last seq of a conversation that the screen has shown."""
        return self._seqs[conversation]

    async def send(self, text: str, to: "Device", conversation: str | None) -> Handle:
        """Send a message; its acceptance is noted when it comes."""
        op, name = self._invoke(text, [to.user], conversation)
        handle = await self.client.send(text, to=to.user, client_message_id=name)
        self._spawn(self._follow(op, handle))
        return handle

    async def post(self, text: str, group: str, staff: Iterable["Device"]) -> Handle:
        """Send a message into a group or a channel, whose staff will be shown it, if it is not refused."""
        op, name = self._invoke(text, [one.user for one in staff if one is not self], group)
        handle = await self.client.send(text, conversation=group, client_message_id=name)
        self._spawn(self._follow(op, handle))
        return handle

    async def do(self, change: e.Change, group: str | None, call: Callable[[str], Awaitable[Done]]) -> Done | None:
        """Do something in a group or a channel, or to a message; return what was answered, or None if it was refused, or nobody knows.

        Args:
            change: What, as its log will have it.
            group: In which conversation; None for a new one, of which the author is told nothing but that it is there.
            call: Does it by the name that it is given.
        """
        op = self._ledger.op()
        name = f"o{op}"
        self._ops[name] = op
        self._deeds[name] = ""
        self._ledger.note(
            e.Invoke(self._ledger.now(), op, "change", self.name, self.user, self.seat.region, group, change=change)
        )
        try:
            answer = await call(name)
        except (TimeoutError, ClientError) as error:
            if name not in self._ops:
                return None  # it had come to the screen, or was refused, before the answer was lost
            code = error.code if isinstance(error, ClientError) else "timeout"
            if not is_final(error):
                self._ledger.note(e.Info(self._ledger.now(), op, code))
                return None
            del self._ops[name]
            self._tally.declined += 1
            self._ledger.note(e.Fail(self._ledger.now(), op, code))
            return None
        self._done(name, answer)
        return answer

    async def look_up(self, message: Message, *, within: float) -> bool:
        """Note what stands in a channel's log for a deed of one's own, which a screen that was away meanwhile is not told.

        Args:
            message: What was answered.
            within: How long it may take to be numbered, seconds.

        Returns:
            Whether it is numbered; else it was refused, or that is not known.
        """
        loop = asyncio.get_running_loop()
        until, name = loop.time() + within, message.message_id
        while message.seq is None and loop.time() < until:
            await asyncio.sleep(AGAIN_SECONDS)
            try:
                message = await self.client.message(name)
            except ClientError as error:
                if is_final(error):
                    break  # it is refused, which the device is told as an event
        self._tally.came(name, self.user)
        if message.seq is None:
            return False
        op, conversation = self._ledger.op(), message.conversation_id
        self._ledger.note(
            e.Invoke(self._ledger.now(), op, "history", self.name, self.user, self.seat.region, conversation)
        )
        self._ledger.note(e.Page(self._ledger.now(), op, conversation, [sighting(message)]))
        self._ledger.note(e.Ok(self._ledger.now(), op, conversation))
        return True

    async def alter(self, handle: Handle, text: str, steps: Iterable[Step], words: Callable[[int], str]) -> None:
        """Alter a message of one's own once it is numbered, step by step, until nothing is altered any more.

        Args:
            handle: The message.
            text: What it said at first.
            steps: What is done.
            words: What it is to say by the step of that number.
        """
        try:
            await handle.reach(Stage.NUMBERED)
        except ClientError:
            return  # it was refused
        message, edits = handle.message_id, self.client.messages
        for number, step in enumerate(steps):
            said = words(number) if step is Step.EDIT else ""
            change = e.Change(step, target=message, text=digest(said) if said else "", of=digest(text))

            async def call(name: str, said: str = said) -> Message:
                return await (edits.edit(message, said, deed=name) if said else edits.delete(message, deed=name))

            await self._alter(change, handle.conversation_id, call)

    def alter_soon(self, handle: Handle, text: str, steps: Iterable[Step], words: Callable[[int], str]) -> None:
        """Do that meanwhile; see `alter`, and `altered`."""
        task = asyncio.create_task(self.alter(handle, text, steps, words))
        for known in (self._tasks, self._alterings):
            known.add(task)
            task.add_done_callback(known.discard)

    async def altered(self) -> None:
        """Wait until everything has been altered that was to be."""
        await asyncio.gather(*self._alterings, return_exceptions=True)

    async def _react(self, message: Message, content: str) -> None:
        change = e.Change(e.REACTED, target=message.message_id, of=content)
        react = self.client.messages.react
        await self._alter(change, message.conversation_id, lambda name: react(message.message_id, EMOJI, deed=name))

    async def _alter(self, change: e.Change, conversation: str, call: Callable[[str], Awaitable[Message]]) -> None:
        if not self._alters:
            return
        self._tally.originals[change.target] = change.of
        under_way = f"{self.name} {change.kind} {change.target}"
        self._tally.queued(under_way, self.user)

        async def patiently(name: str) -> Message:
            async with asyncio.timeout(self._patience):
                return await call(name)

        await self.do(change, conversation, patiently)
        self._tally.came(under_way, self.user)

    def alter_no_more(self) -> None:
        """Begin no alteration from now on; what has begun is waited for like everything else."""
        self._alters = False

    def _done(self, name: str, answer: Message | Group | Invite | Channel | ChannelInvite) -> None:
        op = self._ops.pop(name, None)
        if op is None:
            return  # it had come to the screen, or was refused, before it was answered
        self._tally.deeds += 1
        if isinstance(answer, Group | Channel):
            made = answer.group_id if isinstance(answer, Group) else answer.channel_id
            self._ledger.note(e.Ok(self._ledger.now(), op, made))
            return
        message = answer if isinstance(answer, Message) else answer.message
        self._deeds[name] = message.message_id
        self._ledger.note(e.Ok(self._ledger.now(), op, message.conversation_id, message.message_id))
        if message.seq is None:
            self._tally.queued(message.message_id, self.user)

    def _invoke(self, text: str, to: list[str], conversation: str | None) -> tuple[int, str]:
        op = self._ledger.op()
        name = f"o{op}"
        self._ops[name] = op
        content = self._contents[name] = digest(text)
        self._tally.sent(content, to)
        self._ledger.note(
            e.Invoke(self._ledger.now(), op, "send", self.name, self.user, self.seat.region, conversation, content)
        )
        return op, name

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
            self._ledger.note(
                e.Ok(
                    self._ledger.now(), op, handle.conversation_id, handle.message_id, replicated=handle.replicated
                )
            )  # fmt: skip

    async def _look(self) -> None:
        async for event in self.client.events():
            match event:
                case Arrived(message=message):
                    self._arrived(message)
                case Marked():
                    self._marked(event)
                case Refused(client_message_id=name):
                    self._ops.pop(name, None)
                    self._refused(name)
                    self._ledger.note(e.Refused(self._ledger.now(), int(name[1:]), self.name, event.code))
                case Withdrawn(conversation_id=name):
                    self._seqs[name] = min(event.seq, self._seqs[name])
                    self._ledger.note(e.Withdrawn(self._ledger.now(), self.name, name, event.epoch, event.seq))
                case Offline():
                    self._tally.offline += 1
                case Online(endpoint=endpoint):
                    edge = self._edges.get(endpoint, self.seat.region)
                    if edge != self._edge:
                        self._edge = edge
                        self._ledger.note(e.Through(self._ledger.now(), self.name, self.user, edge))
                case _:
                    pass

    def _refused(self, name: str) -> None:
        if name in self._deeds:
            self._tally.declined += 1
            self._tally.turned_down(self._deeds[name])
        else:
            self._tally.refused += 1
            self._tally.turned_down(self._contents.pop(name, ""))

    def _arrived(self, message: Message) -> None:
        conversation = message.conversation_id
        self._epochs[conversation] = max(self._epochs[conversation], message.epoch or 0)
        self._seqs[conversation] = max(self._seqs[conversation], message.seq or 0)
        seen = sighting(message)
        self._ledger.note(e.Live(self._ledger.now(), self.name, conversation, seen))
        if seen.content is None:
            return
        if message.sender_id == self.user:
            self._tally.came(message.message_id, self.user)
            if seen.change is not None and not seen.change.kind.endswith("_created"):
                self._done(message.client_message_id or "", message)  # if its answer was lost, this is one
            return
        if seen.change is None:
            content = self._tally.originals.get(message.message_id, seen.content) if seen.aftermath else seen.content
            self._tally.arrived(content, self.user)
            if self._alters and not is_channel(conversation) and reacts(content, self.seat.number):
                self._spawn(self._react(message, content))
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
