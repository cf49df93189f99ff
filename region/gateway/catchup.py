"""Reads from the store, at one moment of it, what a device lacks, and makes the frames that tell it."""

from collections.abc import Mapping, Sequence

from infra.errors import UnavailableError
from infra.postgres import Connection, Pool
from region.accounts.repository import device
from region.gateway import frames, repository
from region.gateway.cursors import Place, usable
from region.gateway.frames import ChangedConversation, EntryFrame, MarksFrame, Pending, Refused
from region.gateway.repository import Head, State
from region.gateway.session import CatchUp, Snapshot
from region.gateway.views import Marks, entry_view, pending_view
from replication.ids import partition_of
from replication.records import Entry, Refusal

MOST_ENTRIES = 500
MOST_BYTES = 2 * 1024 * 1024
MOST_CONVERSATIONS = 2_000
"""More than any of these is too much to send: the device is told which conversations changed, and pages them."""


class CatchUps:
    """Makes snapshots."""

    def __init__(self, *, region: str, store: Pool) -> None:
        """Say whose store it is."""
        self._region = region
        self._store = store
        self.incarnation = 0
        """Of the region, as the store said last; 0 before it did."""

    async def read(self, user_id: str, device_id: str, wanted: CatchUp) -> Snapshot:
        """Return what the user's device lacks, and whether it was logged out.

        Raises:
            UnavailableError: The store was never prepared.
            psycopg.Error: It cannot be reached.
        """
        async with self._store.connection() as connection, connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            state = await repository.state(connection)
            if state is None:
                raise UnavailableError(what="The store")
            self.incarnation = state.incarnation
            known = await device(connection, user_id, device_id)
            if known is None or known.revoked:
                why = known.revoked_why if known else ""
                return Snapshot(state.positions, state.incarnation, [], [], revoked=why)
            return await self._read(connection, user_id, wanted, state)

    async def _read(self, connection: Connection, user_id: str, wanted: CatchUp, state: State) -> Snapshot:
        told = wanted.told or usable(
            wanted.resume, region=self._region, incarnation=state.incarnation, positions=state.positions
        )
        went_back = told is not None and any(position > state.positions.get(p, -1) for p, position in told.items())
        if told is not None and not went_back:
            return await _since(connection, user_id, dict(told), state)
        if wanted.held is not None and not went_back:
            return await _beyond(connection, user_id, wanted.held, state)
        if wanted.resume is None and not went_back:
            return Snapshot(state.positions, state.incarnation, [], [])  # a new device: it pages what it wants to show
        heads = await repository.conversations_of(connection, user_id)
        return _too_much(state, heads, await repository.refusals_of(connection, user_id, most=MOST_ENTRIES))


async def _since(connection: Connection, user_id: str, told: dict[int, int], state: State) -> Snapshot:
    """Return what was put out above those positions."""
    if told == state.positions:
        return Snapshot(state.positions, state.incarnation, [], [])
    heads = await repository.changed_since(connection, user_id, told)
    refusals = await repository.refusals_since(connection, user_id, told, most=MOST_ENTRIES)
    if len(heads) > MOST_CONVERSATIONS:
        return _too_much(state, heads, refusals)
    by_conversation = {head.conversation_id: told[partition_of(head.conversation_id, len(told))] for head in heads}
    entries = await repository.entries_since(connection, heads, by_conversation, most=MOST_ENTRIES + 1)
    return await _snapshot(connection, user_id, state, heads=heads, entries=entries, refusals=refusals)


async def _beyond(connection: Connection, user_id: str, held: Mapping[str, Place], state: State) -> Snapshot:
    """Return what is above the places that the device holds."""
    heads = await repository.conversations_of(connection, user_id)
    # What it holds does not say which refusals it knows, so the newest are told again.
    refusals = await repository.refusals_of(connection, user_id, most=MOST_ENTRIES)
    if len(heads) > MOST_CONVERSATIONS:
        changed = [head for head in heads if head.seq > held.get(head.conversation_id, Place(0, 0)).seq]
        return _too_much(state, changed, refusals)
    seqs = {conversation_id: place.seq for conversation_id, place in held.items()}
    entries = await repository.entries_beyond(connection, heads, seqs, most=MOST_ENTRIES + 1)
    return await _snapshot(connection, user_id, state, heads=heads, entries=entries, refusals=refusals)


async def _snapshot(
    connection: Connection,
    user_id: str,
    state: State,
    *,
    heads: Sequence[Head],
    entries: Sequence[Entry],
    refusals: Sequence[Refusal],
) -> Snapshot:
    names = [head.conversation_id for head in heads]
    marked = await repository.marks_of(connection, names) if names else []
    queued = await repository.queued_of(connection, user_id, names, most=MOST_ENTRIES + 1) if names else []
    size = sum(len(entry.body.text) for entry in entries)
    too_much = len(entries) > MOST_ENTRIES or len(queued) > MOST_ENTRIES or size > MOST_BYTES
    marks: dict[str, dict[str, Marks]] = {}
    for member in marked:
        marks.setdefault(member.conversation_id, {})[member.user_id] = member.marks
    missed = [] if too_much else [_entry(entry, user_id, marks.get(entry.conversation_id, {})) for entry in entries]
    missed += [frames.encode(Pending(pending_view(q.submission, waits_for=q.waits_for))) for q in queued[:MOST_ENTRIES]]
    missed += [_refused(refusal) for refusal in refusals]
    epochs = {head.conversation_id: head.epoch for head in heads}
    missed += [
        frames.encode(
            MarksFrame(m.conversation_id, m.user_id, m.marks.received, m.marks.read, epochs[m.conversation_id])
        )
        for m in marked
        if m.marks.received > 0
    ]
    return Snapshot(state.positions, state.incarnation, missed, _changed(heads) if too_much else [])


def _too_much(state: State, heads: Sequence[Head], refusals: Sequence[Refusal]) -> Snapshot:
    return Snapshot(state.positions, state.incarnation, [_refused(refusal) for refusal in refusals], _changed(heads))


def _changed(heads: Sequence[Head]) -> list[ChangedConversation]:
    return [ChangedConversation(head.conversation_id, head.seq, head.epoch) for head in heads]


def _entry(entry: Entry, reader: str, marks: Mapping[str, Marks]) -> str:
    return frames.encode(EntryFrame(entry_view(entry, reader=reader, marks=marks)))


def _refused(refusal: Refusal) -> str:
    return frames.encode(
        Refused(refusal.client_message_id, refusal.message_id, refusal.conversation_id, refusal.code, refusal.detail)
    )
