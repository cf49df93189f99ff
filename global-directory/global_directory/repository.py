"""SQL of the directory; every function is part of a transaction that `transactions` runs, at SERIALIZABLE."""

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import RowMapping, delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from global_directory.localities import statements
from global_directory.revisions import SCHEMA
from global_directory.rules import Handle, Holding
from global_directory.schema import EXPULSIONS, HANDLES, REGIONS, SIGNING_KEYS
from global_directory.schemas import PublicJwk, Region, SigningKey
from infra.schema.repository import connect
from infra.schema.repository import state as schema_state
from infra.schema.revisions import check


async def prepare(engine: AsyncEngine, localities: dict[str, str]) -> None:
    """Make a new store's tables, or take over those that are older than revisions, and on CockroachDB say where their rows rest.

    Args:
        engine: The store.
        localities: Region of the federation to region of the CockroachDB cluster; empty for a cluster of one region.

    Raises:
        SchemaError: Its schema is none that this version understands.
        sqlalchemy.exc.DBAPIError, psycopg.Error: The store cannot be used.
    """
    url = engine.url.render_as_string(hide_password=False)
    async with await connect(url, name="causeway-directory") as looking:
        state = await schema_state(looking)
    if state is None:
        from infra.schema.worker import create  # noqa: PLC0415  # alembic, once in a store's life

        state = await create(SCHEMA, url)
    check(SCHEMA, state)
    if not localities:
        return
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if is_cockroachdb(await version(connection)):
            database = (await connection.execute(text("SELECT current_database()"))).scalar_one()
            for line in statements(database, localities):
                await connection.execute(text(line))


async def ping(engine: AsyncEngine) -> None:
    """Ask the store for the least it can answer.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: It does not.
    """
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))


async def version(connection: AsyncConnection) -> str:
    """Return what the server says that it is."""
    answer: str = (await connection.execute(text("SELECT version()"))).scalar_one()
    return answer


def is_cockroachdb(server_version: str) -> bool:
    """Whether a server that says this of itself is a real CockroachDB."""
    return server_version.startswith("CockroachDB ")


async def find_holding(connection: AsyncConnection, folded: str) -> Holding | None:
    """Return who has the handle, confirmed or not."""
    row = (await connection.execute(select(HANDLES).where(HANDLES.c.folded == folded))).mappings().one_or_none()
    return None if row is None else _holding(row)


async def find_user(connection: AsyncConnection, user_id: str) -> Holding | None:
    """Return the holding of a user, confirmed or not."""
    row = (await connection.execute(select(HANDLES).where(HANDLES.c.user_id == user_id))).mappings().one_or_none()
    return None if row is None else _holding(row)


async def add_holding(connection: AsyncConnection, holding: Holding) -> None:
    """Write a holding where there was none; whoever else does so at the same time makes one of both lose the race."""
    await connection.execute(insert(HANDLES).values(folded=holding.handle.folded, **_columns(holding)))


async def change_holding(connection: AsyncConnection, known: Holding, holding: Holding) -> None:
    """Replace a holding that was read in this transaction."""
    same = (HANDLES.c.folded == known.handle.folded) & (HANDLES.c.token == known.token)
    await connection.execute(update(HANDLES).where(same).values(**_columns(holding)))


async def remove_holding(connection: AsyncConnection, known: Holding) -> None:
    """Remove a holding that was read in this transaction."""
    await connection.execute(
        delete(HANDLES).where((HANDLES.c.folded == known.handle.folded) & (HANDLES.c.token == known.token))
    )


async def find_regions(connection: AsyncConnection, now: int) -> tuple[Region, ...]:
    """Return all regions that were not expelled, with their keys, sorted.

    Args:
        connection: Where.
        now: Seconds since the epoch; keys that signed no more before are left out.
    """
    rows = (
        (
            await connection.execute(
                select(REGIONS).where(REGIONS.c.region.not_in(select(EXPULSIONS.c.region))).order_by(REGIONS.c.region)
            )
        )
        .mappings()
        .all()
    )
    alive = SIGNING_KEYS.c.not_after.is_(None) | (SIGNING_KEYS.c.not_after >= now)
    found = (await connection.execute(select(SIGNING_KEYS).where(alive).order_by(SIGNING_KEYS.c.kid))).mappings().all()
    keys: dict[str, list[SigningKey]] = {}
    for row in found:
        keys.setdefault(row["region"], []).append(_key(row))
    return tuple(_region(row, keys.get(row["region"], ())) for row in rows)


async def find_region(connection: AsyncConnection, region: str) -> Region | None:
    """Return a region without its keys."""
    row = (await connection.execute(select(REGIONS).where(REGIONS.c.region == region))).mappings().one_or_none()
    return None if row is None else _region(row, ())


async def find_expulsions(connection: AsyncConnection) -> tuple[str, ...]:
    """Return the regions that were expelled, or whose duties one of those holds, sorted."""
    expelled = select(EXPULSIONS.c.region)
    held = select(REGIONS.c.region).where(REGIONS.c.holder.in_(expelled))
    return tuple(sorted((await connection.execute(expelled.union(held))).scalars()))


async def put_expulsion(connection: AsyncConnection, region: str, now: int) -> None:
    """Expel a region; one that is expelled stays so since when it was."""
    written = upsert(EXPULSIONS).values(region=region, expelled_at=now)
    await connection.execute(written.on_conflict_do_nothing(index_elements=[EXPULSIONS.c.region]))


async def remove_expulsion(connection: AsyncConnection, region: str) -> None:
    """Readmit a region, if it was expelled."""
    await connection.execute(delete(EXPULSIONS).where(EXPULSIONS.c.region == region))


async def put_region(connection: AsyncConnection, region: Region) -> None:
    """Write a region as it is now."""
    columns = {
        "holder": region.holder,
        "epoch": region.epoch,
        "incarnation": region.incarnation,
        "public_url": region.public_url,
        "gateway_url": region.gateway_url,
        "announced_at": region.announced_at,
        "blobs_url": region.blobs_url,
    }
    written = upsert(REGIONS).values(region=region.region, **columns)
    await connection.execute(written.on_conflict_do_update(index_elements=[REGIONS.c.region], set_=columns))


async def find_keys(connection: AsyncConnection, kids: Collection[str]) -> dict[tuple[str, str], PublicJwk]:
    """Return the public keys of all regions that have one of these ids, by region and id."""
    if not kids:
        return {}
    rows = (await connection.execute(select(SIGNING_KEYS).where(SIGNING_KEYS.c.kid.in_(sorted(kids))))).mappings().all()
    return {(row["region"], row["kid"]): _key(row).jwk for row in rows}


async def put_key(connection: AsyncConnection, region: str, key: SigningKey) -> None:
    """Write a region's key; of one that is known only the validity changes."""
    validity = {"not_before": key.not_before, "not_after": key.not_after}
    jwk = msgspec.json.encode(key.jwk).decode()
    written = upsert(SIGNING_KEYS).values(region=region, kid=key.kid, public_jwk=jwk, **validity)
    where = [SIGNING_KEYS.c.region, SIGNING_KEYS.c.kid]
    await connection.execute(written.on_conflict_do_update(index_elements=where, set_=validity))


def _columns(holding: Holding) -> dict[str, object]:
    return {
        "handle": holding.handle.spelled,
        "user_id": holding.user_id,
        "home": holding.home,
        "home_epoch": holding.home_epoch,
        "confirmed": holding.confirmed,
        "token": holding.token,
        "idempotency_key": holding.idempotency_key,
        "reserved_until": holding.reserved_until,
    }


def _holding(row: RowMapping) -> Holding:
    return Holding(
        handle=Handle(spelled=row["handle"], folded=row["folded"]),
        user_id=row["user_id"],
        home=row["home"],
        home_epoch=row["home_epoch"],
        confirmed=row["confirmed"],
        token=row["token"],
        idempotency_key=row["idempotency_key"],
        reserved_until=row["reserved_until"],
    )


def _region(row: RowMapping, keys: Sequence[SigningKey]) -> Region:
    return Region(
        region=row["region"],
        holder=row["holder"],
        epoch=row["epoch"],
        incarnation=row["incarnation"],
        public_url=row["public_url"],
        gateway_url=row["gateway_url"],
        announced_at=row["announced_at"],
        keys=tuple(keys),
        blobs_url=row["blobs_url"],
    )


def _key(row: RowMapping) -> SigningKey:
    return SigningKey(
        kid=row["kid"],
        jwk=msgspec.json.decode(row["public_jwk"], type=PublicJwk),
        not_before=row["not_before"],
        not_after=row["not_after"],
    )
