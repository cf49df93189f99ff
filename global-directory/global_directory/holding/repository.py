"""SQL of duties; every function is part of a transaction that `transactions` runs, at SERIALIZABLE.

Holder, epoch and incarnation stand in the registry of regions, which every region reads at home and which is written seldom. What is
written every other second has a table of its own, which rests where its region is.
"""

import msgspec
from sqlalchemy import RowMapping, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from global_directory.holding.schemas import Former
from global_directory.schema import DUTIES, EPOCHS, REGIONS
from replication.holding.duty import Duty
from replication.holding.lease import Promise

_BOTH = (
    REGIONS.c.region,
    REGIONS.c.epoch,
    REGIONS.c.holder,
    REGIONS.c.incarnation,
    DUTIES.c.epoch.label("kept_epoch"),
    DUTIES.c.standby,
    DUTIES.c.keepers,
    DUTIES.c.promised_until,
    DUTIES.c.laid_down,
)
_FOUND = select(*_BOTH).select_from(REGIONS.outerjoin(DUTIES, DUTIES.c.region == REGIONS.c.region))


async def find_duty(connection: AsyncConnection, region: str) -> Duty | None:
    """Return a region's duty; None if it has not announced itself."""
    row = (await connection.execute(_FOUND.where(REGIONS.c.region == region))).mappings().one_or_none()
    return None if row is None else _duty(row)


async def find_duties(connection: AsyncConnection) -> tuple[Duty, ...]:
    """Return the duties of all regions that have announced themselves, sorted by region."""
    rows = (await connection.execute(_FOUND.order_by(REGIONS.c.region))).mappings().all()
    return tuple(_duty(row) for row in rows)


async def put_duty(connection: AsyncConnection, duty: Duty) -> None:
    """Write what renewals change of a duty that was read in this transaction."""
    columns = {
        "epoch": duty.epoch,
        "standby": duty.standby,
        "keepers": msgspec.json.encode(sorted(duty.keepers)).decode(),
        "promised_until": duty.promised.until,
        "laid_down": duty.laid_down,
    }
    written = upsert(DUTIES).values(region=duty.region, **columns)
    await connection.execute(written.on_conflict_do_update(index_elements=[DUTIES.c.region], set_=columns))


async def begin_epoch(connection: AsyncConnection, ended: Duty, begun: Duty) -> None:
    """Write that an epoch follows another, both of which were read or judged in this transaction; how the other one ended stays on record."""
    for duty, standby in ((ended, ""), (begun, begun.standby)):
        columns = {"holder": duty.holder, "incarnation": duty.incarnation, "laid_down": duty.laid_down}
        written = upsert(EPOCHS).values(region=duty.region, epoch=duty.epoch, standby=standby, **columns)
        await connection.execute(
            written.on_conflict_do_update(index_elements=[EPOCHS.c.region, EPOCHS.c.epoch], set_=columns)
        )
    named = {"holder": begun.holder, "epoch": begun.epoch, "incarnation": begun.incarnation}
    await connection.execute(update(REGIONS).where(REGIONS.c.region == begun.region).values(**named))
    await put_duty(connection, begun)


async def name_standby(connection: AsyncConnection, duty: Duty, standby: str) -> None:
    """Write who stands by in an epoch that begins without a claim: a region's first."""
    columns = {"holder": duty.holder, "incarnation": duty.incarnation, "standby": standby, "laid_down": False}
    written = upsert(EPOCHS).values(region=duty.region, epoch=duty.epoch, **columns)
    await connection.execute(written.on_conflict_do_nothing(index_elements=[EPOCHS.c.region, EPOCHS.c.epoch]))


async def find_named(connection: AsyncConnection, region: str, epoch: int) -> str | None:
    """Return who was named to stand by as an epoch began; None if no claim began it."""
    found = select(EPOCHS.c.standby).where(EPOCHS.c.region == region, EPOCHS.c.epoch == epoch)
    return (await connection.execute(found)).scalar_one_or_none()


async def find_former(connection: AsyncConnection) -> dict[str, tuple[Former, ...]]:
    """Return the epochs of each region that began or ended by a claim, in order; the present one may be among them."""
    rows = (await connection.execute(select(EPOCHS).order_by(EPOCHS.c.region, EPOCHS.c.epoch))).mappings().all()
    found: dict[str, tuple[Former, ...]] = {}
    for row in rows:
        former = Former(row["epoch"], row["holder"], row["laid_down"])
        found[row["region"]] = (*found.get(row["region"], ()), former)
    return found


def _duty(row: RowMapping) -> Duty:
    holding = row["region"], row["epoch"], row["holder"], row["incarnation"]
    unpromised = Promise(row["epoch"], 0)
    if row["kept_epoch"] is None:
        return Duty(*holding, "", frozenset({(row["holder"], row["incarnation"])}), unpromised)
    kept = frozenset(msgspec.json.decode(row["keepers"], type=list[tuple[str, int]]))
    if row["kept_epoch"] != row["epoch"]:  # its holder has begun another: who keeps what is final stays who kept it
        return Duty(*holding, "", kept, unpromised)
    return Duty(*holding, row["standby"], kept, Promise(row["epoch"], row["promised_until"]), row["laid_down"])
