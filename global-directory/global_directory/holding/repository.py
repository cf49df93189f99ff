"""SQL of duties; every function is part of a transaction that `transactions` runs, at SERIALIZABLE.

Holder, epoch and incarnation stand in the registry of regions, which every region reads at home and which is written seldom. What is
written every other second has a table of its own, which rests where its region is.
"""

import msgspec
from sqlalchemy import RowMapping, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from global_directory.schema import DUTIES, REGIONS
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


def _duty(row: RowMapping) -> Duty:
    holding = row["region"], row["epoch"], row["holder"], row["incarnation"]
    unpromised = Promise(row["epoch"], 0)
    if row["kept_epoch"] is None:
        return Duty(*holding, "", frozenset({(row["holder"], row["incarnation"])}), unpromised)
    kept = frozenset(msgspec.json.decode(row["keepers"], type=list[tuple[str, int]]))
    if row["kept_epoch"] != row["epoch"]:  # its holder has begun another: who keeps what is final stays who kept it
        return Duty(*holding, "", kept, unpromised)
    return Duty(*holding, row["standby"], kept, Promise(row["epoch"], row["promised_until"]), row["laid_down"])
