"""Hands in what a returned region had accepted and nobody has decided since it was declared dead, and sees that all of it gets its outcome."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

import psycopg

from infra.errors import CausewayError
from infra.kafka import Consumer, Producer, Record
from infra.schema.repository import connect
from region.evacuation import copying
from region.evacuation import repository as stores
from region.evacuation.checks import services
from region.evacuation.errors import StuckError
from region.evacuation.seats import Seat
from region.evacuation.telling import Told, not_released
from region.failover import losses, repository
from region.failover.losses import NOTHING, GivenUp
from region.failover.tail import (
    Slot,
    Verdict,
    accounts_of,
    conversation_of,
    counted,
    judge,
    must_have_outcome,
    slots_of,
    undone,
)
from region.standby.repository.copying import content
from replication.codec import UndecodableRecordError, decode_journaled, encode
from replication.records import Journaled, Submission
from replication.turns.records import may_serve
from replication.turns.repository import read_turn
from replication.turns.takeover_repository import (
    note_given,
    note_handed_in,
    read_begun,
    read_given,
    read_tail,
)

LOOK_SECONDS: Final = 0.2
BACK_SECONDS: Final = 90.0
"""So long the returned region's services may take to hear that they do not hold, and to end what they do; one that was killed counts as alive for 30 s."""
DECIDE_SECONDS: Final = 120.0
"""So long nothing of what was handed in may come to be decided, before that is given up for now."""
PAGE: Final = 1000
BEFORE_MICROSECONDS: Final = 600_000_000
"""So long before the copy ended images are looked at anew: they say when they changed by the clocks of several processes."""
MOST: Final = 2_000_000
"""Records that are looked through in memory; a region that accepted more while it was cut off is to be looked at by a person."""


class TailGoneError(CausewayError):
    """The journal of {region} at {site} does not reach back to where the copy ended: {missing}. Bring its Kafka's disks back; or, if they are lost, look with --rehearse at what is given up, and run it again with --journal-lost."""

    code = "tail-gone"
    status = 409
    definite = True


class StoreGoneError(CausewayError):
    """There is no store of {region} at {site}. If its disk is elsewhere, bring that back. If it is lost, all of it but what --rehearse lists is at {holder}: run it again with --store-lost. Nothing was handed in."""

    code = "store-gone"
    status = 409
    definite = True


class TailTooLongError(CausewayError):
    """{site} has accepted {records} records that nobody has decided, more than are handed in at once ({most})."""

    code = "tail-too-long"
    status = 409
    definite = True


class UnreadableTailError(CausewayError):
    """A record of the journal at {site} cannot be read: partition {partition}, offset {offset}. Nothing was handed in. Upgrade this software, if a newer one wrote it."""

    code = "unreadable-tail"
    status = 409
    definite = True


@dataclass
class Return:
    """One returned region's tail; `run` hands it in.

    Attributes:
        home: The site that was gone.
        holder: Where the duties are now.
        tell: Told of each thing.
        release: Lets the returned store keep no more changes for the copy that was begun with; if it fails that is told, and the next run does it.
        promised: Returns for how many seconds the holder's lease still runs: without one it refuses to make accounts, for good.
        given_up: What may be given up, if it is lost.
        goes_on: Asks, right before anything is handed in, whether this still may be done; raises what speaks against it.
    """

    home: Seat
    holder: Seat
    tell: Callable[[Told], None]
    release: Callable[[], Awaitable[None]]
    promised: Callable[[], Awaitable[float]]
    given_up: GivenUp = NOTHING
    goes_on: Callable[[], Awaitable[None]] | None = None
    began: float = field(default_factory=time.monotonic)
    _said: str = ""

    async def run(self) -> dict[str, int]:
        """Do it; return how many records were handed in, and how many were not, by reason. May be repeated: what is done already is not done again.

        Raises:
            CausewayError: It cannot be done.
            psycopg.Error: A store does not answer.
            KafkaError: A Kafka does not.
        """
        async with await connect(self.holder.store, name="restore") as store:
            offsets = await read_tail(store, self.home.site)
            given = await read_given(store, self.home.site)
        if not offsets:
            self._say("nothing is to be handed in any more")
            await self._let_go()  # a run before may not have come to that
            return {}
        await self._see_to_the_store()
        await self._stand_still()
        offsets, ends = await self._bounds(offsets)
        records = [one async for one in self._read(self.home, offsets, ends)]
        await self._bring_blobs()  # takes long, and what is set meanwhile is to be seen
        verdicts = await self._judge(records)
        handed = [
            (record.partition, record.key, verdict.submission)
            for (record, _), verdict in zip(records, verdicts, strict=True)
            if verdict.submission is not None
        ]
        figures = counted(verdicts)
        if given == ends:
            self._say("what was accepted and not decided was handed in before", figures)
        else:
            await self._wait(self._lapsed, BACK_SECONDS)
            if self.goes_on is not None:
                await self.goes_on()
            self._say("what was accepted and not decided is handed in", figures)
            await self._append(
                handed, overtaken={one.submission.id for one in verdicts if one.submission and one.overtaken}
            )
            # Of all of the tail, since a run that died may have handed in what is overtaken by now.
            own = [one.record for _, one in records if one.via is None]
            await self._set_again({one.id for one in own if isinstance(one, Submission)})
            await self._note_given(ends)
        await self._decided([submission for _, _, submission in handed])
        await self._let_go()
        async with await connect(self.holder.store, name="restore") as store:
            await note_handed_in(store, self.home.site, ends)
        self._say("everything that was handed in has its outcome")
        return figures

    async def _let_go(self) -> None:
        try:
            await self.release()
        except (psycopg.Error, TimeoutError) as error:
            self._say(not_released(self.home, self.holder, error))

    async def _stand_still(self) -> None:
        """Wait until nobody at home serves any more: then its journal has an end."""

        async def busy() -> str:
            async with await connect(self.home.store, name="restore") as store:
                turn = await read_turn(store)
                alive = await stores.still_serving(store, self.home.services)
            serves = turn is not None and may_serve(turn, region=self.home.region, site=self.home.site, accepting=False)
            if serves:
                return (
                    f"{self.home.site} has not heard yet that {self.holder.site} holds its duties: start its services"
                )
            return f"these still end: {', '.join(alive)}" if alive else ""

        await self._wait(busy, BACK_SECONDS)

    async def _see_to_the_store(self) -> None:
        """See that there is a store at home; in the place of a lost one a new one is made, in which nothing is but who holds."""
        if await losses.has_store(self.home):
            return
        if not self.given_up.store:
            raise StoreGoneError(region=self.home.region, site=self.home.site, holder=self.holder.site)
        async with await connect(self.holder.store, name="restore") as store:
            turn = await read_turn(store)
        assert turn is not None
        await losses.make_seat(self.home, turn)
        self._say(f"the store at {self.home.site} was lost; in a new one it stands that {self.holder.site} holds")

        async def missing() -> str:
            found = await services(self.home)
            return "" if found.ok else f"{found.detail}: start them"

        await self._wait(missing, BACK_SECONDS)

    async def _bounds(self, offsets: Mapping[int, int]) -> tuple[dict[int, int], dict[int, int]]:
        """Return from where to where home's journal is read."""
        async with await connect(self.holder.store, name="restore") as store:
            turn = await read_turn(store)
        assert turn is not None
        stretch, bounds = await losses.read_stretch(self.home, losses.before(turn), offsets)
        if stretch.gone:
            missing = losses.describe(stretch, self.home)
            if not self.given_up.journal:
                raise TailGoneError(region=self.home.region, site=self.home.site, missing=missing)
            self._say(f"given up: {missing}")
        ends = {partition: end for partition, (_, end) in bounds.items()}
        if (records := sum(ends.values()) - sum(stretch.starts.values())) > MOST:
            raise TailTooLongError(site=self.home.site, records=records, most=MOST)
        return stretch.starts, ends

    async def _read(
        self, seat: Seat, offsets: Mapping[int, int], ends: Mapping[int, int]
    ) -> AsyncIterator[tuple[Record, Journaled]]:
        """Go through a stretch of a journal; of each partition in order."""
        left = {partition: ends[partition] for partition in offsets if offsets[partition] < ends[partition]}
        if not left:
            return
        async with Consumer(seat.kafka, seat.journal, client="restore") as journal:
            journal.assign({partition: offsets[partition] for partition in left})
            while left:
                for partition, records in (await journal.read(wait_ms=1000, most=PAGE)).items():
                    for record in records:
                        if partition not in left or record.offset >= left[partition]:
                            continue
                        yield record, self._decode(seat, record)
                    if partition in left and records and records[-1].offset + 1 >= left[partition]:
                        del left[partition]

    def _decode(self, seat: Seat, record: Record) -> Journaled:
        try:
            return decode_journaled(record.value)
        except UndecodableRecordError as error:
            raise UnreadableTailError(site=seat.site, partition=record.partition, offset=record.offset) from error

    async def _judge(self, records: list[tuple[Record, Journaled]]) -> list[Verdict]:
        tail = {one.record.id for _, one in records if isinstance(one.record, Submission)}
        async with await connect(self.holder.store, name="restore") as store:
            begun = await read_begun(store, self.holder.site)
            turn = await read_turn(store)
        assert turn is not None
        async with Consumer(self.holder.kafka, self.holder.journal, client="restore") as journal:
            ends = await journal.ends(begun)
        set_by: dict[str, frozenset[Slot]] = {}
        async for _, journaled in self._read(self.holder, begun, ends):
            if isinstance(journaled.record, Submission) and journaled.record.id not in tail:
                set_by[journaled.record.id] = slots_of(journaled.record)
        conversations = {conversation_of(one.record) for _, one in records if isinstance(one.record, Submission)} - {""}
        async with await connect(self.holder.store, name="restore") as store:
            stands = await repository.stood(store, conversations, epoch=turn.epoch - 1)
            refused = await repository.refused(store, [one for one, slots in set_by.items() if slots])
        newer = {slot for one, slots in set_by.items() if one not in refused for slot in slots}
        return [judge(journaled, here=self.home.region, newer=newer, stands=stands) for _, journaled in records]

    async def _lapsed(self) -> str:
        return "" if await self.promised() > 0 else f"{self.holder.site} has no lease just now"

    async def _note_given(self, ends: Mapping[int, int]) -> None:
        async with await connect(self.holder.store, name="restore") as store:
            await note_given(store, self.home.site, ends)

    async def _set_again(self, handed: Collection[str]) -> None:
        """Put on top what was set between looking and handing in, and so was undone by something older."""
        async with await connect(self.holder.store, name="restore") as store:
            begun = await read_begun(store, self.holder.site)
        async with Consumer(self.holder.kafka, self.holder.journal, client="restore") as journal:
            ends = await journal.ends(begun)
        places: dict[str, tuple[int, bytes | None]] = {}
        submissions: list[Submission] = []
        async for record, journaled in self._read(self.holder, begun, ends):
            if isinstance(journaled.record, Submission) and slots_of(journaled.record):
                places[journaled.record.id] = record.partition, record.key
                submissions.append(journaled.record)
        if again := undone(submissions, handed):
            self._say("what was set meanwhile is set once more", {"settings": len(again)})
            await self._append([(*places[one.id], one) for one in again])

    async def _append(
        self, handed: list[tuple[int, bytes | None, Submission]], *, overtaken: Collection[str] = ()
    ) -> None:
        async with Producer(self.holder.kafka, client="restore") as producer:
            sent = [
                await producer.send(
                    self.holder.journal,
                    partition=partition,
                    key=key,
                    value=encode(Journaled(record=submission, overtaken=submission.id in overtaken)),
                )
                for partition, key, submission in handed
            ]
            await asyncio.gather(*sent)

    async def _decided(self, handed: list[Submission]) -> None:
        async with Consumer(self.holder.kafka, self.holder.journal, client="restore") as journal:
            ends = await journal.ends(range(self.holder.partitions))

        async def undecided() -> str:
            async with await connect(self.holder.store, name="restore") as store:
                offsets = await stores.next_offsets(store)
            left = sum(max(0, end - offsets.get(partition, 0)) for partition, end in ends.items())
            return f"{left} records are not decided yet" if left else ""

        await self._wait(undecided, DECIDE_SECONDS)
        async with await connect(self.holder.store, name="restore") as store:
            missing = await repository.without_outcome(store, must_have_outcome(handed))
            lacking = await repository.without_account(store, accounts_of(handed))
        if lacking:
            await self._note_given({})
            raise StuckError(
                step="hand in",
                seconds=0,
                why=f"{len(lacking)} accounts were not made, such as {lacking[0]}: the lease had lapsed. Run it again",
            )
        if missing:
            raise StuckError(
                step="hand in", seconds=0, why=f"{len(missing)} messages have no outcome, such as {missing[0]}"
            )

    async def _bring_blobs(self) -> None:
        """Bring images and files of which the copy had not heard, and the bytes that it had not been brought."""
        async with (
            await connect(self.home.store, name="restore") as here,
            await connect(self.holder.store, name="restore") as there,
        ):
            since = (await content(there)).beat_at - BEFORE_MICROSECONDS
            rows = await repository.ready_blobs(here, since=since)
            added = await repository.add_blobs(there, rows) if rows else 0
        bytes_of = 0
        if self.home.blobs is not None and self.holder.blobs is not None:
            async for copied, _ in copying.carry_blobs(self.home.blobs, self.holder.blobs):
                bytes_of = copied
        self._say("images and files are brought", {"unheard of": added, "bytes of": bytes_of})

    async def _wait(self, reason: Callable[[], Awaitable[str]], seconds: float) -> None:
        """Wait until there is no reason to wait any more; so many seconds at most without any progress."""
        until, last = time.monotonic() + seconds, ""
        while why := await reason():
            if why != last:
                until, last = time.monotonic() + seconds, why
            self._say(f"waiting: {why}")
            if time.monotonic() >= until:
                raise StuckError(step="hand in", seconds=f"{seconds:.0f}", why=why)
            await asyncio.sleep(LOOK_SECONDS)

    def _say(self, what: str, figures: Mapping[str, int] | None = None) -> None:
        if what != self._said or figures:
            self._said = what
            self.tell(Told("hand in", what, round(time.monotonic() - self.began, 1), dict(figures or {})))
