"""People of tests and drills: a device through the client library, and everything that its screen has shown."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from types import TracebackType
from typing import Self

from region.client import Arrived, Client, Event, Handle, Marked, Message, Queued, Refused


class Person:
    """Somebody at a device; use it as an async context manager, after its client.

    Attributes:
        client: The device.
        screen: Conversation to the messages that were shown, in the order in which they were.
        queued: Messages of one's own that were shown as waiting for another region.
        refused: Refusals that were shown.
        marks: (conversation, user) to (received, read).
        events: Everything, in order.
    """

    def __init__(self, client: Client, *, reads: bool = True) -> None:
        """Sit down.

        Args:
            client: The device.
            reads: Whether to read every message at once.
        """
        self.client = client
        self.screen: dict[str, list[Message]] = defaultdict(list)
        self.queued: list[Message] = []
        self.refused: list[Refused] = []
        self.marks: dict[tuple[str, str], tuple[int, int]] = {}
        self.events: list[Event] = []
        self.handles: list[Handle] = []
        self._reads = reads
        self._changed = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Look at the screen from now on."""
        self._looking = asyncio.create_task(self._look())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Look away."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    @property
    def id(self) -> str:
        """The user id."""
        return self.client.user_id

    async def write(self, text: str, to: "Person") -> Handle:
        """Send a message."""
        handle = await self.client.send(text, to=to.id)
        self.handles.append(handle)
        return handle

    def texts(self, conversation_id: str) -> list[str]:
        """Return the texts shown of a conversation, in order."""
        return [message.text for message in self.screen[conversation_id]]

    def seqs(self, conversation_id: str) -> list[int | None]:
        """Return the seqs shown of a conversation, in order."""
        return [message.seq for message in self.screen[conversation_id]]

    async def until(self, condition: Callable[[], bool], *, within: float = 60.0) -> None:
        """Wait until something has come true by what was shown.

        Args:
            condition: What.
            within: Generous limit, seconds.

        Raises:
            TimeoutError: It did not come true.
        """
        async with asyncio.timeout(within):
            while not condition():
                changed = self._changed
                await changed.wait()

    async def shows(self, conversation_id: str, count: int, *, within: float = 60.0) -> None:
        """Wait until that many messages of a conversation were shown."""
        await self.until(lambda: len(self.screen[conversation_id]) >= count, within=within)

    async def shows_more(self, count: int, *, within: float = 60.0) -> None:
        """Wait until that many more messages were shown than now."""
        enough = self.shown + count
        await self.until(lambda: self.shown >= enough, within=within)

    @property
    def shown(self) -> int:
        """How many messages were shown."""
        return sum(map(len, self.screen.values()))

    async def sees(self, text: str, *, within: float = 60.0) -> Message:
        """Wait until a text is shown; return its message."""
        found: list[Message] = []

        def shown() -> bool:
            found.extend(one for messages in self.screen.values() for one in messages if one.text == text)
            return bool(found)

        await self.until(shown, within=within)
        return found[0]

    async def _look(self) -> None:
        async for event in self.client.events():
            self.events.append(event)
            match event:
                case Arrived(message=message):
                    self.screen[message.conversation_id].append(message)
                    if self._reads and message.sender_id != self.id:
                        self.client.mark_read(message)
                case Queued(message=message):
                    self.queued.append(message)
                case Refused():
                    self.refused.append(event)
                case Marked():
                    self.marks[event.conversation_id, event.user_id] = (event.received, event.read)
                case _:
                    pass
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()
