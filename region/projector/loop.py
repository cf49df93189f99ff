"""One batch: load what it needs, judge it, commit it; when it fails for its own sake, halve it down to the culprit."""

import struct
import time
import traceback
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import psycopg
import structlog

import replication.repository
from infra.errors import CausewayError
from infra.postgres import Connection
from infra.telling import told
from region.holding.errors import DeposedError
from region.holding.tenure import Tenure
from region.projector import aftermaths, metrics, reminders
from region.projector.cases import Case, Needs, freed, needs_of, read_marks, recipients, seats_of
from region.projector.docket import USUAL_WINDOW, Docket, State
from region.projector.judge import condemn, finish, judge
from region.projector.marks import marked
from region.projector.memory import Memory
from region.projector.reading import Held, revived
from region.projector.restraints import pairs_of
from region.projector.tracing import traced
from region.store.repository import concealed, loading, preferences
from region.store.repository.aftermaths import load_aftermaths
from region.store.repository.committing import FencedError, commit
from region.store.repository.moderation import standing, suspended
from region.store.repository.restraints import restraints_of, texts_in
from region.store.rows import Conversation, Place, RegionState
from replication import runs
from replication.codec import UndecodableRecordError, UnknownVersionError
from replication.holding.deciding import Standing
from replication.poison import repository as poison
from replication.poison.records import ROOM, Poison, Room
from replication.topics import JOURNAL

log = structlog.get_logger()

UNLOADABLE = (psycopg.DataError, UndecodableRecordError, loading.TooMuchHeldError, struct.error)
"""What records can cause while their surroundings are loaded; anything else there is no fault of theirs."""

UNJUDGEABLE = (CausewayError, ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""What a record can cause while it is judged."""

UNWRITABLE = (psycopg.DataError, psycopg.IntegrityError, struct.error)
"""What a record can cause while its outcome is written; the store's own failures are tried again."""


MOST_WANTED = 100
"""Records that were put aside and are judged again in one batch."""


class BatchError(Exception):
    """Some record of a batch cannot be applied; the cause tells why."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What a batch came to.

    Attributes:
        positions: Partition to its last output position, for those that put something out.
        destinations: Regions that were given relay rows.
    """

    positions: dict[int, int]
    destinations: tuple[str, ...]


class Projection:
    """Projects batches of a journal into a store.

    Attributes:
        held: Whom something of a newer version is aside for.
        busy_since: Since when it has been at a batch, on the monotonic clock; None between batches.
    """

    def __init__(
        self,
        connection: Connection,
        region: RegionState,
        memory: Memory,
        *,
        room: Room = ROOM,
        edit_window: int = USUAL_WINDOW,
        federation: Collection[str] = (),
        tenure: Tenure | None = None,
    ) -> None:
        """Prepare it.

        Args:
            connection: To the store, in autocommit mode, and nobody else's.
            region: Whose store it is.
            memory: What is kept between batches.
            room: How much of the journal may be aside for good.
            edit_window: For how many microseconds messages may be edited.
            federation: All regions that there are; whichever are named, if none are given.
            tenure: Tells how this region stands to its duties; if it is not given, nobody else can have them.
        """
        self._tenure = tenure or Tenure(region.region)
        self._federation = frozenset(federation)
        self._connection = connection
        self._edit_window = edit_window
        self._room = room
        self._region = region
        self._memory = memory
        self.held = Held()
        self.busy_since: float | None = None
        self._reminded_at = 0

    async def begin(self, partitions: Sequence[int]) -> dict[int, Place]:
        """Drop what is in memory, and load how far those partitions and their streams have come.

        Raises:
            psycopg.OperationalError: The store cannot be reached.
        """
        self._memory.forget()
        region = self._region
        async with (
            self._connection.transaction()
        ):  # in one view: what another one commits meanwhile is caught by the fence, never mistaken for a bad record
            await self._connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            places = await loading.places(self._connection, partitions)
            heads = await replication.repository.stream_heads(
                self._connection, origin=region.region, incarnation=region.incarnation, epoch=region.epoch
            )
        self._memory.places = places
        self._memory.heads = {head.stream: head.last for head in heads}
        return dict(self._memory.places)

    async def revive(self) -> Committed:
        """Take in what was put aside for newer software, and can be read by now; what follows it waited, and follows. Call it after `begin`.

        Raises:
            FencedError: Another projector has moved on.
            psycopg.OperationalError: The store failed.
        """
        self.held = Held()
        positions: dict[int, int] = {}
        destinations: set[str] = set()
        after = (-1, 0)
        while page := await poison.waiting(
            self._connection, JOURNAL, list(self._memory.places), after=after, most=MOST_WANTED
        ):
            after = (page[-1].partition, page[-1].offset)
            cases: list[Case] = []
            for kept in page:
                if self.held.has(kept.partition, kept.key):
                    self.held.add(kept.partition, kept.key, kept.value)
                    continue
                try:
                    cases.append(revived(kept))
                except UnknownVersionError:
                    self.held.add(kept.partition, kept.key, kept.value)
            if cases:
                committed = await self.project(cases)
                positions |= committed.positions
                destinations |= set(committed.destinations)
        return Committed(positions, tuple(sorted(destinations)))

    async def replay(self) -> Committed:
        """Judge again what somebody wants replayed; what waits for a newer version waits on.

        Raises:
            FencedError: Another projector has moved on.
            psycopg.OperationalError: The store failed.
        """
        cases: list[Case] = []
        in_vain: list[Poison] = []
        for kept in await poison.wanted(self._connection, JOURNAL, list(self._memory.places), most=MOST_WANTED):
            try:
                if self.held.has(kept.partition, kept.key):
                    in_vain.append(kept)
                else:
                    cases.append(revived(kept))
            except UnknownVersionError:
                in_vain.append(kept)
        if in_vain:
            await poison.note_tried(self._connection, in_vain, now=time.time_ns() // 1000)
        return await self.project(cases) if cases else Committed({}, ())

    async def release(self) -> Committed:
        """Take in entries that were put aside above a gap of their conversation which is closed by now, as many as follow each other.

        Raises:
            FencedError: Another projector has moved on.
            psycopg.OperationalError: The store failed.
        """
        positions: dict[int, int] = {}
        destinations: set[str] = set()
        unreadable: set[str] = set()
        while heads := await self._closed_gaps(unreadable):
            for conversation_id, head in heads.items():
                upto = head + MOST_WANTED
                kept = await poison.held(self._connection, JOURNAL, conversation_id, upto=upto, most=MOST_WANTED)
                try:
                    cases = [revived(one) for one in kept]
                except UnknownVersionError:  # this is older software than that which put it aside
                    unreadable.add(conversation_id)
                    continue
                committed = await self.project(cases)
                positions |= committed.positions
                destinations |= set(committed.destinations)
        return Committed(positions, tuple(sorted(destinations)))

    async def _closed_gaps(self, but: Collection[str]) -> dict[str, int]:
        """Return the head of each conversation of which the next entry is aside."""
        lowest = await poison.lowest_held(self._connection, JOURNAL, list(self._memory.places))
        heads = await loading.heads(self._connection, [key for key in lowest if key not in but]) if lowest else {}
        return {key: head for key, head in heads.items() if lowest[key] <= head + 1}

    async def remind(self) -> Committed:
        """Ask again for what waits for another region for a minute, two, four and so on, as if it had only now come to wait.

        Raises:
            FencedError: Another projector has moved on.
            psycopg.OperationalError: The store failed.
        """
        docket = self._docket(State())
        spans = reminders.due(self._reminded_at, docket.now)
        most = reminders.drawn(here=len(self._memory.places), of=self._region.partitions)
        waiting = await loading.pendings_of_ages(self._connection, spans, most=most)
        self._reminded_at = docket.now
        if not reminders.remind(docket, waiting, here=self._memory.places):
            return Committed({}, ())
        return await self._commit(docket)

    async def project(self, cases: Sequence[Case]) -> Committed:
        """Project a batch, whatever is in it; what cannot be applied is put aside.

        Raises:
            FencedError: Another projector has moved on; `begin` anew.
            UnknownVersionError: The store keeps what newer software wrote and the batch needs; nothing was written.
            psycopg.OperationalError: The store failed; whether the batch was committed is unknown, so `begin` anew.
        """
        self.busy_since = time.monotonic()
        try:
            return await self._attempt(cases)
        except BatchError as failure:
            self._memory.forget_state()
            cause = failure.__cause__ or failure
            if len(cases) == 1:
                return await self._put_aside(cases[0], cause)
            log.warning("batch failed, halving it", records=len(cases), error=type(cause).__name__)
        finally:
            self.busy_since = None
        middle = len(cases) // 2
        former = await self.project(cases[:middle])
        latter = await self.project(cases[middle:])
        destinations = tuple(sorted({*former.destinations, *latter.destinations}))
        return Committed({**former.positions, **latter.positions}, destinations)

    async def _attempt(self, cases: Sequence[Case]) -> Committed:
        with traced(cases, self._region.region) as followed:
            return await self._judge_and_commit(followed)

    async def _judge_and_commit(self, cases: Sequence[Case]) -> Committed:
        started = time.perf_counter()
        try:
            state = await self._load(cases)
        except UnknownVersionError:
            raise  # a pending of a newer version is not the record's fault
        except UNLOADABLE as error:
            raise BatchError from error
        loaded = time.perf_counter()
        docket = self._docket(state)
        try:
            for case in cases:
                judge(docket, case)
            finish(docket)
        except UNJUDGEABLE as error:
            raise BatchError from error
        if docket.permitted and self._standing() is not Standing.HOLDING:  # it lapsed before anything was written
            self._memory.forget_state()
            return await self._judge_and_commit(cases)
        judged = time.perf_counter()
        try:
            committed = await self._commit(docket)
        except UNWRITABLE as error:
            await self._check_fence()
            raise BatchError from error
        for phase, seconds in (
            ("load", loaded - started),
            ("judge", judged - loaded),
            ("commit", time.perf_counter() - judged),
        ):
            metrics.BATCH_SECONDS.labels(phase).observe(seconds)
        return committed

    async def _put_aside(self, case: Case, error: BaseException) -> Committed:
        log.error(
            "poison",
            partition=case.partition,
            offset=case.offset,
            kind=type(case.record).__name__,
            error=type(error).__name__,
            traceback="".join(traceback.format_tb(error.__traceback__)),  # without the message, which may hold text
        )
        docket = self._docket(State())
        docket.enter(case)
        condemn(docket, case, f"{type(error).__name__}: {told(error)}"[:1000])
        return await self._commit(docket)

    async def _check_fence(self) -> None:
        """Tell a stale view, which collides with what another projector wrote, from a record that cannot be written."""
        places = await loading.places(self._connection, list(self._memory.places))
        for partition, place in places.items():
            if place != self._memory.places[partition]:
                raise FencedError(partition=partition)

    def _docket(self, state: State) -> Docket:
        return Docket(
            here=self._region.region,
            incarnation=self._region.incarnation,
            epoch=self._region.epoch,
            partitions=self._region.partitions,
            now=time.time_ns() // 1000,
            state=state,
            places=self._memory.places,
            edit_window=self._edit_window,
            federation=self._federation,
            standing=self._standing(),
        )

    def _standing(self) -> Standing:
        """Return how this region stands to its duties.

        Raises:
            DeposedError: They are held in a newer epoch: nothing is decided here any more.
        """
        standing = self._tenure.standing()
        if standing is Standing.DEPOSED:
            raise DeposedError(region=self._region.region, epoch=self._region.epoch, newer=self._tenure.newest)
        return standing

    async def _commit(self, docket: Docket) -> Committed:
        moves = docket.settle(self._memory.heads)
        writes = docket.writes
        for entry in await commit(self._connection, moves, writes, room=self._room):
            metrics.MADE_UP.inc()
            log.error("made up", conversation=entry.conversation_id, seq=entry.seq, author=entry.author)
        self._memory.keep(docket, moves)
        if docket.permitted and self._tenure.standing() is not Standing.HOLDING:
            metrics.LAPSED.inc()  # whether that was done is unknown; the gateway, which looks at its lease later still, says so
            log.warning("the lease lapsed while something was let in")
        for (what, code), times in docket.counted.items():
            metrics.count(what, code, times)
        for row in writes.relay_rows:
            metrics.RELAYED.labels(row.stream.destination).inc(len(row.positions))
        metrics.OUTPUTS.inc(sum(len(batch.outputs) for batch in writes.outputs))
        metrics.REMEMBERED.set(len(self._memory.conversations))
        return Committed(
            {batch.partition: batch.last for batch in writes.outputs},
            tuple(sorted({row.stream.destination for row in writes.relay_rows})),
        )

    async def _load(self, cases: Sequence[Case]) -> State:
        needs = needs_of(cases)
        here = self._region.region
        conversations, unseen = self._memory.take(needs.conversations)
        opened = [c.conversation_id for c in conversations.values() if c.opened]
        users, strangers = self._memory.take_users(needs.users | recipients(cases, here=here, opened=opened))
        if unseen or needs.messages or strangers or needs.devices:
            loaded = await loading.load(
                self._connection,
                conversations=unseen,
                messages=needs.messages,
                users=strangers,
                devices=needs.devices,
                named=needs.named,
            )
            conversations.update(loaded.conversations)
            users.update(loaded.users)
        else:
            loaded = loading.Loaded()
        held = freed(cases, conversations)
        seats = needs.seats.union(*(seats_of(one.conversation_id, one.author, one.body) for one in held))
        strange = [
            (conversation_id, user_id)
            for conversation_id, user_id in seats
            if conversation_id in conversations and user_id not in conversations[conversation_id].members
        ]
        for conversation_id, member in await loading.seats(self._connection, strange) if strange else ():
            conversations[conversation_id].members[member.user_id] = member
        state = State(conversations=conversations, users=users, devices=loaded.devices)
        begun = recipients(cases, here=here, opened=opened) | needs.asked
        if (pairs := pairs_of((*(case.record for case in cases), *held), here=here)) or begun:
            state.restraints = await restraints_of(self._connection, pairs, begun)
        if needs.devices:
            state.suspended = set(await suspended(self._connection, needs.devices))
        await self._load_rarities(cases, needs, loaded, state)
        return state

    async def _load_rarities(self, cases: Sequence[Case], needs: Needs, loaded: loading.Loaded, state: State) -> None:
        if loaded.known:
            state.known = await loading.known_outcomes(self._connection, loaded.known)
        if keys := aftermaths.wanted(cases, state):
            state.aftermaths = await load_aftermaths(self._connection, keys)
        answered = [c for c in needs.answered if c in state.conversations and not state.conversations[c].opened]
        if answered:
            state.waiting = await loading.pendings_in(self._connection, answered)
        await self._load_own(needs, state)
        asked: set[tuple[str, str, int]] = set()
        for conversation_id, reader, seq in read_marks(cases, here=self._region.region):
            conversation = state.conversations.get(conversation_id)
            member = None if conversation is None else conversation.members.get(reader)
            if conversation is None or member is None:
                continue
            wanted = marked(conversation, member, seq)
            if member.read < wanted < conversation.head and conversation.counts_at(member, wanted) is None:
                asked.add((conversation_id, reader, wanted))
        if asked:
            counted = await loading.counts_at(self._connection, asked)
            for key, (count, later) in counted.items():
                state.counts[key] = count, await self._sent_at(state.conversations[key[0]], key[1], key[2], later)

    async def _load_own(self, needs: Needs, state: State) -> None:
        """Load what users keep for themselves alone, and what they have reported."""
        if needs.preferences:
            state.preferences = await preferences.load(self._connection, needs.preferences)
        if needs.concealed:
            state.concealed = await concealed.load(self._connection, needs.concealed)
        if needs.reports:
            state.reports = await standing(self._connection, needs.reports)

    async def _sent_at(self, conversation: Conversation, reader: str, seq: int, later: int) -> int:
        """Return how many messages up to a seq are the reader's or were stopped, from how many above are the reader's."""
        member = conversation.members[reader]
        if conversation.kind == "direct" and member.hidden:
            (other,) = conversation.members.keys() - {reader}
            stopped = runs.within(member.hidden, seq + 1, conversation.head)
            later += await texts_in(self._connection, conversation.conversation_id, stopped, other)
        return member.sent - later
