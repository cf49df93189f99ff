"""Deleting a message for oneself alone: it is gone from all that one reads, on all of one's devices; nobody else is told."""

from typing import Final

import msgspec

from infra.errors import NotFoundError
from infra.postgres import Connection, Pool
from region.accounts.ports import Journal
from region.accounts.tokens import AccessClaims
from region.gateway import repository
from region.gateway.errors import RefusedError
from region.gateway.groups.repository import sight
from region.store.repository import concealed
from replication import runs
from replication.channels import follows_of
from replication.concealed import MessageConcealed
from replication.ids import is_message_id
from replication.records import TEXTS, Outcome

MOST_TOLD: Final = 10_000
"""Conversations of which a device that was away is told what is concealed: the last in which anything was."""
MOST_TOLD_RUNS: Final = 50_000
"""Runs that it is told of with them; of other conversations, it is told that it must read them anew."""


class ConcealedFrame(msgspec.Struct, frozen=True, kw_only=True, tag="concealed"):
    """Messages were deleted for oneself, on this device or another: what has these numbers is not shown any more.

    Attributes:
        seqs: Runs, each from a first to a last number; what was told before stays concealed. Null in a frame that had no room: read the
            conversation's history anew.
    """

    conversation_id: str
    seqs: list[tuple[int, int]] | None


class Concealing:
    """Conceals messages from users who live here."""

    def __init__(self, *, journal: Journal, store: Pool) -> None:
        """Say where it is appended, and where messages can be read."""
        self._journal = journal
        self._store = store

    async def conceal(self, caller: AccessClaims, message_id: str) -> None:
        """Take a message away from the caller, for good; the same again does nothing more.

        Raises:
            NotFoundError: There is none, or it never was the caller's to see.
            RefusedError: So much of the conversation is concealed that there is no room.
            UnavailableError: The journal cannot be reached; nothing was done.
            OutcomeUnknownError: The projector did not decide in time; the same again is safe.
        """
        body = await self._found(caller, message_id)

        async def settled() -> Outcome | None:
            key = caller.sub, body.about
            async with self._store.connection() as connection:
                known = (await concealed.load(connection, [key])).get(key)
            return Outcome(id="") if known is not None and runs.holds(known.runs, body.last) else None

        if await settled() is not None:
            return
        outcome = await self._journal.decide(
            caller.sub, home_epoch=caller.epoch, body=body, settled=settled, device=caller.device
        )
        if outcome.code:
            raise RefusedError(outcome.code, 409, outcome.detail, message_id=message_id)

    async def _found(self, caller: AccessClaims, message_id: str) -> MessageConcealed:
        async with self._store.connection() as connection:
            entry = await repository.entry_by_message(connection, message_id) if is_message_id(message_id) else None
            seen = await sight(connection, entry.conversation_id, caller.sub) if entry is not None else None
        if entry is None or seen is None or not isinstance(entry.body, TEXTS):
            raise NotFoundError(what="message")
        if not seen.member.may_see(entry.seq) and not runs.holds(seen.concealed, entry.seq):
            raise NotFoundError(what="message")
        follows = follows_of(entry.body)
        first = entry.seq if follows is None else follows + 1
        return MessageConcealed(about=entry.conversation_id, target=message_id, first=first, last=entry.seq)


async def missed(connection: Connection, user_id: str, position: int) -> list[ConcealedFrame]:
    """Return what a device is told was concealed above that position of its user's partition, and what was before in these conversations."""
    frames, room = list[ConcealedFrame](), MOST_TOLD_RUNS
    for found in await concealed.since(connection, user_id, position, most=MOST_TOLD):
        room -= len(found.runs)
        frames.append(
            ConcealedFrame(conversation_id=found.conversation_id, seqs=list(found.runs) if room >= 0 else None)
        )
    return frames[::-1]


def frame(told: MessageConcealed) -> ConcealedFrame:
    """Return the frame that tells devices."""
    return ConcealedFrame(conversation_id=told.about, seqs=[(told.first, told.last)])
