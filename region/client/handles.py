"""What a caller holds of a message that was sent: how far it has come, and a way to wait for that."""

import asyncio
import enum

from region.client.errors import ClientError, ProblemError
from region.client.frames import Message


class Stage(enum.IntEnum):
    """How far a message has come; it only goes on, or is refused."""

    QUEUED = 0
    """It is safe on this device."""
    ACCEPTED = 1
    """Its author's home has it in its journal: it cannot be lost."""
    PENDING = 2
    """It waits for the region that owns the conversation."""
    NUMBERED = 3
    """It is an entry of the conversation, the same everywhere."""
    RECEIVED = 4
    """A device of the recipient has it."""
    READ = 5
    """The recipient has read it."""


class Handle:
    """A message that was sent.

    Attributes:
        client_message_id: What this device calls it.
        stage: How far it has come.
        message: As the region shows it; None before it is pending or numbered.
        message_id: Its id, once accepted; empty before.
        conversation_id: Its conversation, once known; empty before.
        replicated: Once accepted: whether the standby of the author's region has what became of it; None where that was not waited for.
        error: Why it was refused; None if it was not.
    """

    def __init__(self, client_message_id: str, *, conversation_id: str = "") -> None:
        """Begin at `Stage.QUEUED`."""
        self.client_message_id = client_message_id
        self.stage = Stage.QUEUED
        self.message: Message | None = None
        self.message_id = ""
        self.conversation_id = conversation_id
        self.replicated: bool | None = None
        self.error: ClientError | None = None
        self._moved = asyncio.Event()

    def __repr__(self) -> str:
        state = f"refused: {self.error.code}" if self.error else self.stage.name.lower()
        return f"<Handle {self.client_message_id} {state}>"

    @property
    def seq(self) -> int | None:
        """Its number in the conversation, once it has one."""
        return self.message.seq if self.message is not None else None

    @property
    def queued_for(self) -> str | None:
        """The region that it waits for; None if it does not."""
        return self.message.queued_for if self.message is not None and self.stage is Stage.PENDING else None

    async def reach(self, stage: Stage) -> Message | None:
        """Wait until it has come that far; return the message, if it is known.

        Raises:
            ProblemError: It was refused, with the reason.
        """
        while self.stage < stage:
            if self.error is not None:
                raise self.error
            await self._moved.wait()
        return self.message

    async def outcome(self) -> Message:
        """Wait for its entry.

        Raises:
            ProblemError: It was refused, with the reason.
        """
        message = await self.reach(Stage.NUMBERED)
        assert message is not None
        return message

    def advance(self, stage: Stage, message: Message | None = None) -> None:
        """Take in how far it has come; it never goes back."""
        if message is not None and (self.message is None or message.seq is not None):
            self.message = message
            self.message_id, self.conversation_id = message.message_id, message.conversation_id
        self.stage = max(self.stage, stage)
        self._wake()

    def refuse(self, code: str, detail: str) -> None:
        """Take in that it was refused."""
        self.give_up(ProblemError(code, detail, status=409 if code == "content-conflict" else 422))

    def give_up(self, error: ClientError) -> None:
        """Take in that nothing more will be heard of it."""
        self.error = error
        self._wake()

    def _wake(self) -> None:
        # A fresh event each time: whoever waits on the old one looks again, and nobody misses a step.
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
