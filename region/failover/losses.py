"""What a site that comes back has lost, its store or what its Kafka had: told before anything is done, and given up by the operator's word alone."""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

import psycopg

from global_directory.holding.schemas import DutyView
from infra.kafka import Committed, Consumer
from infra.schema.repository import connect
from region.evacuation import copying
from region.evacuation.checks import Check, attempt, look_for_room, services
from region.evacuation.seats import Seat
from region.failover import repository
from region.standby.repository.copying import content
from replication.turns.decided import decided_group, read_decided
from replication.turns.records import Turn
from replication.turns.repository import read_turn
from replication.turns.takeover_repository import read_tail

NAME: Final = "restore"
NO_DATABASE: Final = re.compile(r'database "[^"]*" does not exist')
"""What PostgreSQL says when one connects to a database that is not there: an error without a code; that a role does not exist is another matter."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """What may be given up if it is lost; what is there is used all the same.

    Attributes:
        store: The site's store.
        journal: What its journal had, and does not have any more.
    """

    store: bool = False
    journal: bool = False


NOTHING: Final = GivenUp()


@dataclass(frozen=True, slots=True)
class Stretch:
    """What of a returned site's journal can be read.

    Attributes:
        starts: Partition to where it is read from.
        gone: Partition to how many records are missing before that; -1 if nobody can tell, since it is another journal.
        noted: Partition to how far it was decided, as its Kafka has that; those of which it has nothing are missing.
    """

    starts: dict[int, int]
    gone: dict[int, int]
    noted: dict[int, int] = field(default_factory=dict)

    @property
    def is_another(self) -> bool:
        """Whether it is another journal than the one that was there: Kafka began anew."""
        return -1 in self.gone.values()


def stretch_of(
    offsets: Mapping[int, int],
    bounds: Mapping[int, tuple[int, int]],
    *,
    noted: Container[int] | None = None,
    certain: Container[int] = (),
) -> Stretch:
    """Return what can be read of a journal that is wanted from some offsets on. Pure.

    A partition that ends before what is wanted, or of whose deciding its Kafka knows nothing, is another one than the one that was there. What stands in it
    was accepted since: so all of it is read, from its beginning, also where it has grown beyond what is wanted by now. Ids make harmless most of what was
    decided already, but not what people set; so a partition that is still the same is read on where it was left, whatever became of others.

    Args:
        offsets: Partition to the first offset that is wanted.
        bounds: Partition to the first offset that is there, and the one after the last.
        noted: Partitions of which its Kafka has what the projector has noted there of how far they were decided; None for all.
        certain: Partitions of which it certainly was told that, so that one which knows nothing of it is another one, also where nothing was decided.
    """
    starts, gone = dict[int, int](), dict[int, int]()
    for partition, offset in offsets.items():
        first, end = bounds[partition]
        is_known = (offset == 0 and partition not in certain) or noted is None or partition in noted
        if end < offset or not is_known:
            starts[partition], gone[partition] = first, -1
        else:
            starts[partition] = max(offset, first)
            if first > offset:
                gone[partition] = first - offset
    return Stretch(starts, gone)


async def read_stretch(
    home: Seat, ended: Turn, offsets: Mapping[int, int], *, certain: Container[int] = ()
) -> tuple[Stretch, dict[int, tuple[int, int]]]:
    """Return what can be read of the journal at a site, and where its partitions begin and end.

    Args:
        home: The site.
        ended: The epoch in which the site decided it last.
        offsets: Partition to the first offset that is wanted.
        certain: As `stretch_of` takes it.

    Raises:
        KafkaError: Its Kafka does not answer.
    """
    async with Consumer(home.kafka, home.journal, client=NAME, group=decided_group(ended)) as journal:
        bounds = {partition: await journal.bounds(partition) for partition in offsets}
        noted = await read_decided(journal, offsets)
    return replace(stretch_of(offsets, bounds, noted=noted, certain=certain), noted=noted), bounds


async def note_starts(home: Seat, turn: Turn, offsets: Mapping[int, int]) -> None:
    """Note in a site's Kafka from where its journal is decided in an epoch: whoever looks again before its projector does knows it for the one that is decided.

    Args:
        home: The site.
        turn: The epoch, and which life of the store.
        offsets: Partition to the first offset that is decided in it.

    Raises:
        KafkaError: Its Kafka does not take it.
    """
    async with Consumer(home.kafka, home.journal, client=NAME, group=decided_group(turn)) as journal:
        journal.assign(offsets)
        await journal.commit({partition: Committed(offset, "") for partition, offset in offsets.items()})


def before(turn: Turn) -> Turn:
    """Return the epoch, and the life of the store, that a takeover has ended."""
    return replace(turn, epoch=turn.epoch - 1, incarnation=turn.incarnation - 1)


def describe(stretch: Stretch, home: Seat) -> str:
    """Say for people what is missing."""
    others = sum(records < 0 for records in stretch.gone.values())
    if others == len(stretch.starts):
        return f"the Kafka at {home.site} began anew; nobody can tell how many records its journal had that were not decided elsewhere"
    missing, counted = sum(records for records in stretch.gone.values() if records > 0), len(stretch.gone) - others
    found = [f"{missing} records, in {counted} partitions of the journal at {home.site}, are gone"] if counted else []
    if others:
        found.append(
            f"{others} partitions of the journal at {home.site} are not those that were there; nobody can tell how many records of them are gone"
        )
    return "; ".join(found)


async def has_store(seat: Seat) -> bool:
    """Return whether there is a store of a region in a seat's database.

    Raises:
        psycopg.Error: Its server does not answer.
    """
    try:
        async with await connect(seat.store, name=NAME) as store:
            return await read_turn(store) is not None
    except psycopg.OperationalError as error:
        if NO_DATABASE.search(str(error)):
            return False
        raise


async def make_seat(seat: Seat, turn: Turn) -> None:
    """Make a store in the place of a lost one, in which nothing is but whose turn it is: another site's. So services there stand by until the store comes home.

    Raises:
        psycopg.Error: Its server does not answer.
    """
    from infra.schema.worker import create  # noqa: PLC0415  # SQLAlchemy and alembic, once in a store's life
    from region.store.revisions import SCHEMA  # noqa: PLC0415  # as above

    await copying.make_missing(seat.store)
    await create(SCHEMA, seat.store)
    async with await connect(seat.store, name=NAME) as store:
        await repository.seat(store, turn, partitions=seat.partitions)


async def look(home: Seat, holder: Seat, duty: DutyView) -> list[Check]:
    """Return what is found at a site that came back, and what is lost there; changes nothing.

    Args:
        home: The site that came back.
        holder: Where its duties are.
        duty: What the directory says.
    """
    detail = f"{duty.holder} holds the duties in epoch {duty.epoch}"
    if duty.holder != holder.site:
        return [Check("holder", ok=True, detail=f"{detail}: if anything is left of the way home, that is done")]
    found = [Check("holder", ok=True, detail=detail)]
    async with await connect(holder.store, name=NAME) as store:
        offsets, turn = await read_tail(store, home.site), await read_turn(store)
        since = f"{datetime.fromtimestamp((await content(store)).beat_at / 1e6, UTC):%Y-%m-%d %H:%M:%S} UTC"
    if offsets and turn is not None:
        found.append(await attempt("store", lambda: _store(home, holder, since)))
        found.append(await attempt("journal", lambda: _journal(home, holder, before(turn), offsets, since)))
    else:
        found.append(Check("tail", ok=True, detail="nothing is to be handed in any more"))
    found.append(await attempt("room", lambda: look_for_room(holder, home)))
    return [*found, await attempt("services", lambda: services(holder))]


async def _store(home: Seat, holder: Seat, since: str) -> Check:
    if await has_store(home):
        return Check("store", ok=True, detail=f"it is there; in its place comes the one that {holder.site} has")
    detail = (
        f"LOST: there is none at {home.site}; {holder.site} has all of it up to {since}. What was decided after that is decided anew, from the journal."
        f" Given up: what the store alone knew after that, which is uploads, and images that were brought and that no device brings again. Say --store-lost"
    )
    return Check("store", ok=False, detail=detail)


async def _journal(home: Seat, holder: Seat, ended: Turn, offsets: Mapping[int, int], since: str) -> Check:
    stretch, bounds = await read_stretch(home, ended, offsets)
    left = sum(bounds[partition][1] - start for partition, start in stretch.starts.items())
    if not stretch.gone:
        return Check("journal", ok=True, detail=f"{left} records are to be handed in, and none is missing")
    detail = (
        f"LOST: {describe(stretch, home)}. Given up: what {home.site} accepted after {since} and {holder.site} does not know, unless its author's device"
        f" sends it again; {left} records are there, and are handed in. Say --journal-lost"
    )
    return Check("journal", ok=False, detail=detail)
