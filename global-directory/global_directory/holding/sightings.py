"""SQL of what regions see of each other, and of proposals; every function is part of a transaction that `transactions` runs, at SERIALIZABLE."""

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from global_directory.holding.schemas import TELLERS, Sighted
from global_directory.schema import PROPOSALS, SIGHTINGS
from replication.holding.detecting import Proposal

_NO_DOUBT = -1


async def put_sighted(connection: AsyncConnection, region: str, wanted: Sighted, now: int) -> None:
    """Write what a region's process of that name sees."""
    columns = {"told_at": now, "report": msgspec.json.encode(wanted).decode()}
    written = upsert(SIGHTINGS).values(region=region, teller=wanted.teller, **columns)
    await connection.execute(
        written.on_conflict_do_update(index_elements=[SIGHTINGS.c.region, SIGHTINGS.c.teller], set_=columns)
    )


async def find_sighted(connection: AsyncConnection) -> list[tuple[str, int, Sighted]]:
    """Return who has told what, and when."""
    known = select(SIGHTINGS).where(SIGHTINGS.c.teller.in_(sorted(TELLERS)))
    rows = (await connection.execute(known)).mappings().all()
    return [(row["region"], row["told_at"], msgspec.json.decode(row["report"], type=Sighted)) for row in rows]


async def find_proposals(connection: AsyncConnection) -> dict[str, Proposal]:
    """Return what is proposed, by region."""
    rows = (await connection.execute(select(PROPOSALS).order_by(PROPOSALS.c.region))).mappings().all()
    return {
        row["region"]: Proposal(
            row["region"],
            row["epoch"],
            row["since"],
            frozenset(msgspec.json.decode(row["witnesses"], type=list[str])),
            None if row["doubted"] == _NO_DOUBT else row["doubted"],
        )
        for row in rows
    }


async def put_proposal(connection: AsyncConnection, region: str, proposal: Proposal | None) -> None:
    """Write what is proposed for a region from now on; None takes it back."""
    if proposal is None:
        await connection.execute(delete(PROPOSALS).where(PROPOSALS.c.region == region))
        return
    columns = {
        "epoch": proposal.epoch,
        "since": proposal.since,
        "witnesses": msgspec.json.encode(sorted(proposal.witnesses)).decode(),
        "doubted": _NO_DOUBT if proposal.doubted is None else proposal.doubted,
    }
    written = upsert(PROPOSALS).values(region=region, **columns)
    await connection.execute(written.on_conflict_do_update(index_elements=[PROPOSALS.c.region], set_=columns))
