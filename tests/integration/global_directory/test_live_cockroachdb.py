"""The directory on a real CockroachDB; selected only when CAUSEWAY_COCKROACH_URL names one, which is then checked first.

    CAUSEWAY_COCKROACH_URL=cockroachdb://root@localhost:26257/defaultdb causeway test -m live

The user must be allowed to create databases. On a cluster of several regions (`cockroach demo --global --nodes 9`) localities
are set as well.
"""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from global_directory import repository
from global_directory.client import Announcement, PublicJwk, SigningKey
from global_directory.directory import Directory
from global_directory.errors import HandleTakenError
from global_directory.schemas import Reservation, ReserveRequest
from global_directory.transactions import Transactions, make_engine

pytestmark = [pytest.mark.integration, pytest.mark.live]


@pytest.fixture
async def cockroach() -> AsyncIterator[AsyncEngine]:
    """A new database on what really is a CockroachDB, dropped afterwards."""
    url = make_url(os.environ["CAUSEWAY_COCKROACH_URL"])
    server = make_engine(url.render_as_string(hide_password=False))
    name = f"causeway_live_{uuid.uuid4().hex}"
    try:
        async with server.connect() as connection:
            said = await repository.version(connection)
        assert repository.is_cockroachdb(said), f"this is no CockroachDB: {said}"
        await run_alone(server, f"CREATE DATABASE {name}")
        engine = make_engine(url.set(database=name).render_as_string(hide_password=False), size=45)
        yield engine
        await engine.dispose()
        await run_alone(server, f"DROP DATABASE {name} CASCADE")
    finally:
        await server.dispose()


async def run_alone(engine: AsyncEngine, statement: str) -> None:
    """Run one statement outside any transaction."""
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text(statement))


@pytest.fixture
async def live(cockroach: AsyncEngine, announcement: Callable[..., Announcement]) -> Directory:
    """A directory on it that knows the regions us and eu."""
    await repository.prepare(cockroach, {})
    await repository.prepare(cockroach, {})
    made = Directory(Transactions(cockroach))
    for region in ("us", "eu"):
        await made.announce(region, announcement(region))
    return made


async def test_reservations_race_and_one_wins(live: Directory) -> None:
    """What PostgreSQL shows at SERIALIZABLE holds on CockroachDB: one of forty."""
    requests = [ReserveRequest(handle="Ada", home_region="us", idempotency_key=f"k{number}") for number in range(40)]

    outcomes = await asyncio.gather(*(live.reserve(request) for request in requests), return_exceptions=True)

    won = [outcome for outcome in outcomes if isinstance(outcome, Reservation)]
    assert len(won) == 1
    assert sum(isinstance(outcome, HandleTakenError) for outcome in outcomes) == 39
    assert await live.confirm("ada", won[0].token) == await live.find_handle("ADA")


async def test_write_skew_is_prevented(live: Directory, announcement: Callable[..., Announcement]) -> None:
    """Two regions that announce different keys under one id at once: one of them is refused."""
    keys = {"us": SigningKey("shared", PublicJwk("A" * 43)), "eu": SigningKey("shared", PublicJwk("B" * 43))}

    outcomes = await asyncio.gather(
        *(live.announce(region, announcement(region, keys=(key,))) for region, key in keys.items()),
        return_exceptions=True,
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["KeyConflictError", "Region"]


async def test_a_40001_that_cockroachdb_injects_is_retried(live: Directory, cockroach: AsyncEngine) -> None:
    """`inject_retry_errors_enabled` makes the server fail statements with 40001, three times in a row at most.

    https://www.cockroachlabs.com/docs/stable/transaction-retry-error-example
    """
    attempts = 0

    async def operation(connection: AsyncConnection) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            await connection.execute(text("SET inject_retry_errors_enabled = true"))
        await repository.find_holding(connection, "ada")

    await Transactions(cockroach).run("probe", operation)

    assert attempts > 1


async def test_localities_are_set_on_a_cluster_of_regions(cockroach: AsyncEngine) -> None:
    """The statements of `localities` are accepted, twice, and the tables are where they should be."""
    async with cockroach.connect() as connection:
        regions = [row[0] for row in await connection.execute(text("SHOW REGIONS FROM CLUSTER"))]
    if not regions:
        pytest.skip("the cluster has no regions; start its nodes with --locality")
    names = dict(zip(("us", "eu", "ap"), regions, strict=False))

    await repository.prepare(cockroach, names)
    await repository.prepare(cockroach, names)

    async with cockroach.connect() as connection:
        rows = (await connection.execute(text("SELECT name, locality FROM crdb_internal.tables"))).all()
    localities = {row[0]: row[1] for row in rows if row[0] in ("handles", "regions", "signing_keys")}
    assert localities["handles"] == localities["regions"] == "GLOBAL"
    assert localities["signing_keys"].startswith("REGIONAL BY ROW")
