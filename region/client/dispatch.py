"""What happens, on its way to the user: the queue of events, the handles of what was sent, and what the store must remember."""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Iterable
from weakref import WeakSet

from region.client.connection import Advance, Keep, KeepMarks, Settle, Tell
from region.client.errors import LoggedOutError
from region.client.events import Arrived, Event, Marked, Refused, Types, Withdrawn
from region.client.frames import Message, Position
from region.client.handles import Handle, Stage
from region.client.marks import Seen
from region.client.outbox import Item
from region.client.stores import Store

log = logging.getLogger(__name__)

MOST_EVENTS = 10_000
"""How many events may wait for the user; above that, nothing more is read from the region."""
MOST_BEFORE_TYPES = 1_000
"""With so many events waiting, the user is not told any more who types."""
SAVE_SECONDS = 0.5

STATUS_STAGES = {"received": Stage.RECEIVED, "read": Stage.READ}


class Dispatch:
    """What the user and the store are still to be told.

    Args:
        store: Where it is kept that the user was told.
        listen: Whether the user reads events.
    """

    def __init__(self, store: Store, *, listen: bool) -> None:
        self._store = store
        self._listen = listen
        self._queue: deque[Event | Keep] = deque()
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._unsettled: dict[str, Handle] = {}
        self._awaiting_marks: dict[str, WeakSet[Handle]] = {}
        self._settled: list[str] = []
        self._told: dict[str, Position] = {}
        self._marks: dict[str, Seen | None] = {}
        self._resume: str | None = None
        self._dirty = asyncio.Event()
        self._saver: asyncio.Task[None] | None = None
        self._saving = asyncio.Lock()

    def start(self) -> None:
        """Begin to save."""
        self._saver = asyncio.create_task(self._save_now_and_then())

    async def stop(self) -> None:
        """Save what is left."""
        saver, self._saver = self._saver, None
        if saver is not None:
            saver.cancel()
            await asyncio.gather(saver, return_exceptions=True)
            await self.save()

    @property
    def unsettled(self) -> tuple[Handle, ...]:
        """Handles of what has no outcome yet, in order."""
        return tuple(self._unsettled.values())

    @property
    def awaiting_marks(self) -> tuple[Handle, ...]:
        """Handles, still held by somebody, of numbered messages that were not read yet."""
        return tuple(handle for handles in self._awaiting_marks.values() for handle in handles)

    def begin(self, items: Iterable[Item], resume: str | None) -> None:
        """A session begins, with what an earlier one has left."""
        self._unsettled = {item.client_message_id: self.handle(item) for item in items}
        self._awaiting_marks.clear()
        self._settled.clear()
        self._told.clear()
        self._marks.clear()
        self._resume = resume

    async def forget(self) -> None:
        """The user is gone: nothing that is still under way here concerns the next one."""
        await self.save()
        for handle in self._unsettled.values():
            handle.give_up(LoggedOutError("The user logged out before the outcome was known."))
        self._queue = deque()
        self._room.set()
        self.begin((), None)

    def handle(self, item: Item) -> Handle:
        """Return the handle of an item; the same one for the same client message id while it has no outcome."""
        name = item.client_message_id
        return self._unsettled.setdefault(name, Handle(name, conversation_id=item.conversation_id or ""))

    async def room(self) -> None:
        """Wait until the user has read enough."""
        await self._room.wait()

    async def events(self) -> AsyncIterator[tuple[Event, Message | None]]:
        """Go through the events, each with the message that arrived by it, if any."""
        while True:
            while not self._queue:
                self._filled.clear()
                await self._filled.wait()
            queue = self._queue
            event = queue.popleft()
            if len(self._queue) < MOST_EVENTS // 2:
                self._room.set()
            if isinstance(event, Keep):
                self._remember(event)
                continue
            yield event, event.message if isinstance(event, Arrived) else None
            if queue is self._queue:  # else it was told to a user who has left
                self._remember(event)

    def tell(self, event: Event | Keep) -> None:
        """Put an event into the queue."""
        if not self._listen:
            self._remember(event)
            return
        if isinstance(event, Types) and len(self._queue) >= MOST_BEFORE_TYPES:
            return
        self._queue.append(event)
        self._filled.set()
        if len(self._queue) >= MOST_EVENTS:
            self._room.clear()

    def perform(self, action: Tell | Keep | KeepMarks | Advance | Settle, *, me: str) -> None:
        """Carry out an action of the connection that concerns the user or the store."""
        match action:
            case Tell(event=event):
                self._move_handles(event, me)
                self.tell(event)
            case Keep():
                self.tell(action)
            case KeepMarks(conversation_id=conversation_id, seen=seen):
                self._marks[conversation_id] = seen
                self._dirty.set()
            case Advance(client_message_id=name):
                if (handle := self._unsettled.get(name)) is not None:
                    handle.message_id = handle.message_id or action.message_id
                    handle.conversation_id = handle.conversation_id or action.conversation_id
                    handle.replicated = handle.replicated if action.replicated is None else action.replicated
                    self.advance(handle, action.stage, action.message)
            case Settle(client_message_id=name):
                self._unsettled.pop(name, None)
                self._settled.append(name)
                self._dirty.set()

    def advance(self, handle: Handle, stage: Stage, message: Message | None) -> None:
        """Take a handle further, as far as the message's status says."""
        if message is not None and message.seq is not None:
            stage = max(stage, STATUS_STAGES.get(message.status, stage))
        handle.advance(stage, message)
        if Stage.NUMBERED <= handle.stage < Stage.READ:
            self._awaiting_marks.setdefault(handle.conversation_id, WeakSet()).add(handle)

    def _move_handles(self, event: Event, me: str) -> None:
        match event:
            case Refused(client_message_id=name, code=code, detail=detail):
                if (handle := self._unsettled.get(name)) is not None:
                    handle.refuse(code, detail)
            case Marked(conversation_id=conversation_id, user_id=user_id, received=received, read=read) if (
                user_id != me
            ):
                waiting = self._awaiting_marks.get(conversation_id, WeakSet())
                for handle in list(waiting):
                    seq = handle.seq or 0
                    if seq <= read:
                        waiting.discard(handle)
                        handle.advance(Stage.READ)
                    elif seq <= received:
                        handle.advance(Stage.RECEIVED)
                if not waiting:
                    self._awaiting_marks.pop(conversation_id, None)
            case _:
                pass

    def _remember(self, event: Event | Keep) -> None:
        if isinstance(event, Keep):
            self._resume = event.resume
        elif isinstance(event, Withdrawn):
            self._told[event.conversation_id] = Position(event.epoch, event.seq)
        elif isinstance(event, Arrived):
            message = event.message
            self._told[message.conversation_id] = Position(message.epoch or 0, message.seq or 0)
        else:
            return
        self._dirty.set()

    async def _save_now_and_then(self) -> None:
        while True:
            await self._dirty.wait()
            await asyncio.sleep(SAVE_SECONDS)
            try:
                await self.save()
            except (sqlite3.Error, OSError) as error:  # a full disk, say; tried again, and told by `stop` if it lasts
                log.warning("what the user was told could not be kept: %s", error)
                self._dirty.set()

    async def save(self) -> None:
        """Keep now what the user was told and what has its outcome; what cannot be kept stays for the next time."""
        async with self._saving:
            self._dirty.clear()
            settled, told, marks = list(self._settled), dict(self._told), dict(self._marks)
            if settled:
                await self._store.drop(settled)
                dropped = set(settled)
                self._settled = [name for name in self._settled if name not in dropped]
            if told or marks or self._resume is not None:
                await self._store.save_positions(told, self._resume, marks)
                self._told = {name: one for name, one in self._told.items() if one is not told.get(name)}
                self._marks = {
                    name: one for name, one in self._marks.items() if name not in marks or one is not marks[name]
                }
