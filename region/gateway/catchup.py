"""Reads from the store, at one moment of it, what a device lacks, and makes the frames that tell it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from infra.errors import UnavailableError
from infra.postgres import Connection, Pool
from region.accounts.repository import devices_at_once
from region.gateway import concealing, frames, preferences, repository
from region.gateway.cursors import Place, usable
from region.gateway.frames import ChangedConversation, EntryFrame, MarksFrame, Pending, Refused, WithdrawnFrame
from region.gateway.gathering import Asked, Gathering
from region.gateway.repository import Head, Marked, State
from region.gateway.session import CatchUp, Snapshot
from region.gateway.sharing import Share
from region.gateway.views import Marks, entry_view, pending_view
from region.store.repository import concealed, unsettled
from region.store.repository import preferences as preferred
from region.store.repository.unsettled import Queued
from region.store.repository.withdrawn import withdrawn
from replication.ids import is_channel_id, partition_of
from replication.records import Entry, Refusal

MOST_ENTRIES = 500
MOST_BYTES = 2 * 1024 * 1024
MOST_CONVERSATIONS = 2_000
"""More than any of these is too much to send: the device is told which conversations changed, and pages them."""
MOST_SHARED_ENTRIES = 1_000
MOST_SHARED_CONVERSATIONS = 1_000
"""More of what several devices missed is not read by one question: each of them is read by itself."""


class CatchUps:
    """Makes snapshots."""

    def __init__(self, *, region: str, store: Pool) -> None:
        """Say whose store it is."""
        self._region = region
        self._store = store
        self._gathering = Gathering(self._read_all)
        self.incarnation = 0
        """Of the region, as the store said last; 0 before it did."""

    async def read(self, user_id: str, device_id: str, wanted: CatchUp) -> Snapshot:
        """Return what the user's device lacks, and whether it was logged out; those who ask at the same time share one transaction.

        Raises:
            UnavailableError: The store was never prepared.
            psycopg.Error: It cannot be reached.
        """
        return await self._gathering.ask(user_id, device_id, wanted)

    async def _read_all(self, together: Sequence[Asked]) -> None:
        async with self._store.connection() as connection, connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            state = await repository.state(connection)
            if state is None:
                raise UnavailableError(what="The store")
            self.incarnation = state.incarnation
            known = await devices_at_once(connection, [(asked.user_id, asked.device_id) for asked in together])
            present = []
            for asked in together:
                device = known.get((asked.user_id, asked.device_id))
                if device is None or device.revoked:
                    why = device.revoked_why if device else ""
                    asked.tell(Snapshot(state.positions, state.incarnation, [], [], revoked=why))
                else:
                    present.append(asked)
            for asked in await self._share(connection, present, state) if len(present) > 1 else present:
                if asked.waits:
                    asked.tell(await self._read(connection, asked.user_id, asked.wanted, state))

    async def _share(self, connection: Connection, together: Sequence[Asked], state: State) -> list[Asked]:
        """Tell devices what was put out above the positions that they name, by few questions; return those who need their own."""
        share, alone, sharing = Share(MOST_SHARED_CONVERSATIONS), [], []
        refused = await unsettled.refused_authors(connection, [asked.user_id for asked in together])
        preferring = await preferred.last_told(connection, [asked.user_id for asked in together])
        taken_away = await concealed.last_told(connection, [asked.user_id for asked in together])
        for asked in together:
            told = self._told(asked.wanted, state)
            if told is None or asked.user_id in refused or _went_back(told, state):
                alone.append(asked)
                continue
            own = max(preferring.get(asked.user_id, 0), taken_away.get(asked.user_id, 0))
            if own > told.get(partition_of(asked.user_id, len(told)), 0):
                alone.append(asked)
                continue
            heads = [] if told == state.positions else await repository.changed_since(connection, asked.user_id, told)
            if share.add(heads, _by_conversation(heads, told)):
                sharing.append((asked, heads))
            else:
                alone.append(asked)
        shared = share.heads
        entries = await repository.entries_since(connection, shared, share.told, most=MOST_SHARED_ENTRIES)
        if entries is None:
            return list(together)
        found = await _about(connection, shared, [asked.user_id for asked, _ in sharing])
        authors = await unsettled.queued_authors(connection, list(share.told)) if shared else set()
        for asked, heads in sharing:
            if asked.user_id in authors:
                alone.append(asked)
            else:
                names = {head.conversation_id for head in heads}
                mine = [entry for entry in entries if entry.conversation_id in names]
                marked = [member for member in found if member.conversation_id in names]
                asked.tell(
                    _made(asked.user_id, state, heads=heads, entries=mine, refusals=[], marked=marked, queued=[])
                )
        return alone

    def _told(self, wanted: CatchUp, state: State) -> Mapping[int, int] | None:
        return wanted.told or usable(
            wanted.resume, region=self._region, incarnation=state.incarnation, positions=state.positions
        )

    async def _read(self, connection: Connection, user_id: str, wanted: CatchUp, state: State) -> Snapshot:
        told = self._told(wanted, state)
        went_back = told is not None and _went_back(told, state)
        if told is not None and not went_back:
            return await _since(connection, user_id, dict(told), state)
        if wanted.held is not None and not went_back:
            return await _beyond(connection, user_id, wanted.held, state, self._region)
        if wanted.resume is None and not went_back:
            return Snapshot(state.positions, state.incarnation, [], [])  # a new device: it pages what it wants to show
        heads = await repository.conversations_of(connection, user_id)
        refusals = await unsettled.refusals_of(connection, user_id, most=MOST_ENTRIES)
        return _with(await _preferences(connection, user_id, {}), _too_much(state, heads, refusals))


async def _since(connection: Connection, user_id: str, told: dict[int, int], state: State) -> Snapshot:
    """Return what was put out above those positions."""
    if told == state.positions:
        return Snapshot(state.positions, state.incarnation, [], [])
    heads = await repository.changed_since(connection, user_id, told)
    refusals = await unsettled.refusals_since(connection, user_id, told, most=MOST_ENTRIES)
    wanted = await _preferences(connection, user_id, told)
    if len(heads) > MOST_CONVERSATIONS:
        return _with(wanted, _too_much(state, heads, refusals))
    entries = await repository.entries_since(connection, heads, _by_conversation(heads, told), most=MOST_ENTRIES)
    return _with(wanted, await _snapshot(connection, user_id, state, heads=heads, entries=entries, refusals=refusals))


async def _beyond(
    connection: Connection, user_id: str, held: Mapping[str, Place], state: State, region: str
) -> Snapshot:
    """Return what is above the places that the device holds, and first which of these stand no more."""
    lowered = await withdrawn(
        connection,
        user_id,
        {name: (place.epoch, place.seq) for name, place in held.items()},
        region=region,
        epoch=state.epoch,
    )
    held = {**held, **{name: Place(held[name].epoch, seq) for name, seq in lowered.items()}}
    gone = [frames.encode(WithdrawnFrame(name, seq, held[name].epoch)) for name, seq in lowered.items()]
    heads = await repository.conversations_of(connection, user_id)
    # What it holds does not say which refusals it knows, so the newest are told again.
    refusals = await unsettled.refusals_of(connection, user_id, most=MOST_ENTRIES)
    wanted = [*gone, *await _preferences(connection, user_id, {})]
    if len(heads) > MOST_CONVERSATIONS:
        changed = [head for head in heads if head.seq > held.get(head.conversation_id, Place(0, 0)).seq]
        return _with(wanted, _too_much(state, changed, refusals))
    seqs = {conversation_id: place.seq for conversation_id, place in held.items()}
    entries = await repository.entries_beyond(connection, heads, seqs, most=MOST_ENTRIES)
    return _with(wanted, await _snapshot(connection, user_id, state, heads=heads, entries=entries, refusals=refusals))


async def _preferences(connection: Connection, user_id: str, told: Mapping[int, int]) -> list[str]:
    """Return the frames of preferences, and of what was concealed, that changed above those positions; all of them if there are none."""
    position = told.get(partition_of(user_id, len(told)), 0) if told else 0
    wanted = await preferences.missed(connection, user_id, position)
    gone = await concealing.missed(connection, user_id, position)
    return [*map(frames.encode, wanted), *map(frames.encode, gone)]


def _with(wanted: Sequence[str], snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, missed=[*wanted, *snapshot.missed])


async def _snapshot(
    connection: Connection,
    user_id: str,
    state: State,
    *,
    heads: Sequence[Head],
    entries: Sequence[Entry] | None,
    refusals: Sequence[Refusal],
) -> Snapshot:
    names = [head.conversation_id for head in heads]
    marked = await _about(connection, heads, [user_id])
    queued = await unsettled.queued_of(connection, user_id, names, most=MOST_ENTRIES + 1) if names else []
    return _made(user_id, state, heads=heads, entries=entries, refusals=refusals, marked=marked, queued=queued)


async def _about(connection: Connection, heads: Sequence[Head], readers: Sequence[str]) -> list[Marked]:
    """Return the marks of all members of those conversations that are open to the readers; in channels, these readers'."""
    present = [head.conversation_id for head in heads if head.active]
    return await repository.marks_of(connection, present, readers) if present else []


def _made(
    user_id: str,
    state: State,
    *,
    heads: Sequence[Head],
    entries: Sequence[Entry] | None,
    refusals: Sequence[Refusal],
    marked: Sequence[Marked],
    queued: Sequence[Queued],
) -> Snapshot:
    found = entries or ()
    size = sum(len(entry.text) for entry in found)
    by_name = {head.conversation_id: head for head in heads}
    too_much = entries is None or len(found) > MOST_ENTRIES or len(queued) > MOST_ENTRIES or size > MOST_BYTES
    marks: dict[str, dict[str, Marks]] = {}
    for member in marked:
        if is_channel_id(member.conversation_id):
            continue  # no status there says who has read what, though a reader's own mark is told below
        marks.setdefault(member.conversation_id, {})[member.user_id] = member.marks
    missed = (
        [] if too_much else [_entry(entry, user_id, marks.get(entry.conversation_id, {}), by_name) for entry in found]
    )
    missed += [frames.encode(Pending(pending_view(q.submission, waits_for=q.waits_for))) for q in queued[:MOST_ENTRIES]]
    missed += [_refused(refusal) for refusal in refusals]
    epochs = {head.conversation_id: head.epoch for head in heads}
    missed += [
        frames.encode(
            MarksFrame(m.conversation_id, m.user_id, m.marks.received, m.marks.read, epochs[m.conversation_id])
        )
        for m in marked
        if m.marks.received > 0 and (m.user_id == user_id or not is_channel_id(m.conversation_id))
    ]
    return Snapshot(state.positions, state.incarnation, missed, _changed(heads) if too_much else [])


def _went_back(told: Mapping[int, int], state: State) -> bool:
    """Whether the store has lost what the device was told."""
    return any(position > state.positions.get(partition, -1) for partition, position in told.items())


def _by_conversation(heads: Sequence[Head], told: Mapping[int, int]) -> dict[str, int]:
    return {head.conversation_id: told[partition_of(head.conversation_id, len(told))] for head in heads}


def _too_much(state: State, heads: Sequence[Head], refusals: Sequence[Refusal]) -> Snapshot:
    return Snapshot(state.positions, state.incarnation, [_refused(refusal) for refusal in refusals], _changed(heads))


def _changed(heads: Sequence[Head]) -> list[ChangedConversation]:
    return [ChangedConversation(head.conversation_id, head.seq, head.epoch) for head in heads]


def _entry(entry: Entry, reader: str, marks: Mapping[str, Marks], heads: Mapping[str, Head]) -> str:
    sees = heads[entry.conversation_id].sees
    return frames.encode(EntryFrame(entry_view(entry, reader=reader, marks=marks, sees=sees)))


def _refused(refusal: Refusal) -> str:
    return frames.encode(
        Refused(refusal.client_message_id, refusal.message_id, refusal.conversation_id, refusal.code, refusal.detail)
    )
