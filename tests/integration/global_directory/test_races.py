"""What only SERIALIZABLE and whole retries make safe, on a real PostgreSQL through the CockroachDB dialect."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Protocol

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from global_directory import repository
from global_directory.client import Announcement, DirectoryClient, PublicJwk, Reservation, SigningKey, User
from global_directory.directory import Directory
from global_directory.errors import HandleTakenError, KeyConflictError, ReservationLostError
from global_directory.schemas import ReserveRequest
from global_directory.transactions import BeforeCommit, Transactions, make_engine
from infra.errors import OutcomeUnknownError, UnavailableError

pytestmark = pytest.mark.integration
KEYS = {"us": SigningKey("shared", PublicJwk("A" * 43)), "eu": SigningKey("shared", PublicJwk("B" * 43))}
ADA = ReserveRequest(handle="Ada", home_region="us", idempotency_key="first")


class Clock(Protocol):
    """The directory's clock, moved by the test."""

    def forward(self, seconds: float) -> None:
        """Let time pass."""


def failures(transaction: str, failure: str) -> float:
    """Return how often attempts of that transaction failed so."""
    labels = {"transaction": transaction, "failure": failure}
    return REGISTRY.get_sample_value("causeway_directory_transaction_failures_total", labels) or 0.0


def meeting(parties: int) -> BeforeCommit:
    """Return a hook that lets so many transactions commit only when all have read and written; later ones pass."""
    waiting, everybody = 0, asyncio.Event()

    async def hook(_: AsyncConnection) -> None:
        nonlocal waiting
        waiting += 1
        if waiting >= parties:
            everybody.set()
        await asyncio.wait_for(everybody.wait(), 5)

    return hook


async def fail_commits(engine: AsyncEngine, sqlstate: str, times: int) -> None:
    """Make the server itself fail the next commits of changed handles, at COMMIT, with that SQLSTATE."""
    async with engine.begin() as connection:
        await connection.execute(text("CREATE SEQUENCE faults"))
        await connection.execute(
            text(
                "CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                # A sequence keeps counting although the transaction is rolled back.
                f" IF nextval('faults') <= {times} THEN RAISE EXCEPTION 'injected' USING ERRCODE = '{sqlstate}'; END IF;"
                " RETURN NULL; END $$"
            )
        )
        await connection.execute(
            text(
                "CREATE CONSTRAINT TRIGGER fault AFTER INSERT OR UPDATE ON handles"
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fault()"
            )
        )


async def commits_seen(engine: AsyncEngine) -> int:
    """Return how many commits of changed handles were tried since `fail_commits`."""
    async with engine.connect() as connection:
        seen: int = (await connection.execute(text("SELECT last_value FROM faults"))).scalar_one()
    return seen


async def announce_the_same_id(directory: Directory, announcement: Callable[..., Announcement]) -> list[object]:
    """Let two regions announce, at once, different keys under one id."""
    return await asyncio.gather(
        *(directory.announce(region, announcement(region, keys=(key,))) for region, key in KEYS.items()),
        return_exceptions=True,
    )


async def test_at_read_committed_write_skew_gives_one_id_to_two_keys(
    directory: Directory, directory_url: str, announcement: Callable[..., Announcement]
) -> None:
    """The anomaly is real: each transaction sees that nobody has the id, and both commit."""
    weak = make_engine(directory_url, isolation="READ COMMITTED")
    try:
        outcomes = await announce_the_same_id(Directory(Transactions(weak, before_commit=meeting(2))), announcement)
    finally:
        await weak.dispose()

    assert [type(outcome).__name__ for outcome in outcomes] == ["Region", "Region"]
    assert [key.kid for region in (await directory.regions()).regions for key in region.keys] == ["shared", "shared"]


async def test_serializable_prevents_write_skew(
    directory: Directory, make_directory: Callable[..., Directory], announcement: Callable[..., Announcement]
) -> None:
    """The same two transactions: one loses with a real 40001 at commit, starts again, and then sees that the id is taken."""
    before = failures("announce", "lost_race")

    outcomes = await announce_the_same_id(make_directory(meeting(2)), announcement)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["KeyConflictError", "Region"]
    assert any(isinstance(outcome, KeyConflictError) for outcome in outcomes)
    assert failures("announce", "lost_race") > before  # it may lose more than once
    assert [key.kid for region in (await directory.regions()).regions for key in region.keys] == ["shared"]


async def test_40001_at_commit_is_retried_from_the_start(directory: Directory, engine: AsyncEngine) -> None:
    """Three commits fail at the server; the fourth holds, and the caller never knows."""
    await fail_commits(engine, "40001", times=3)
    before = failures("reserve", "lost_race")

    reserved = await directory.reserve(ADA)

    assert failures("reserve", "lost_race") == before + 3
    assert await commits_seen(engine) == 4
    assert await directory.reserve(ADA) == reserved


async def test_40001_is_retried_up_to_a_cap(
    directory: Directory, make_directory: Callable[..., Directory], engine: AsyncEngine
) -> None:
    """Whoever loses every time is told that certainly nothing was done."""
    await fail_commits(engine, "40001", times=1000)

    with pytest.raises(UnavailableError) as refusal:
        await make_directory(attempts=4).reserve(ADA)

    assert refusal.value.definite
    assert await commits_seen(engine) == 4


async def test_40003_is_never_retried(directory: Directory, engine: AsyncEngine) -> None:
    """An ambiguous commit is reported as such, at once."""
    await fail_commits(engine, "40003", times=1)

    with pytest.raises(OutcomeUnknownError) as refusal:
        await directory.reserve(ADA)

    assert not refusal.value.definite
    assert await commits_seen(engine) == 1


async def kill_backend(engine: AsyncEngine, victim: AsyncConnection) -> None:
    """Cut a connection from the server's side."""
    pid = (await victim.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    async with engine.connect() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})


async def test_a_connection_lost_at_commit_leaves_the_outcome_unknown(
    directory: Directory, make_directory: Callable[..., Directory], engine: AsyncEngine
) -> None:
    """Nobody can know whether a commit arrived that was never answered."""
    with pytest.raises(OutcomeUnknownError):
        await make_directory(lambda connection: kill_backend(engine, connection)).reserve(ADA)

    assert not (await directory.reserve(ADA)).confirmed


async def test_a_connection_lost_before_commit_did_nothing(engine: AsyncEngine) -> None:
    """Without a commit there is no doubt."""

    async def operation(connection: AsyncConnection) -> None:
        await kill_backend(engine, connection)
        await repository.find_holding(connection, "ada")

    with pytest.raises(UnavailableError):
        await Transactions(engine).run("probe", operation)


async def test_of_40_concurrent_reservations_from_three_regions_one_wins(clients: tuple[DirectoryClient, ...]) -> None:
    """One handle, in different spellings, through three directory processes: 39 get a clean conflict."""

    async def reserve(number: int) -> Reservation:
        spelling = ("Grace", "grace", "GRACE", "gRaCe")[number % 4]
        home = ("us", "eu", "ap")[number % 3]
        return await clients[number % 3].reserve(spelling, home_region=home, idempotency_key=f"key-{number}")

    outcomes = await asyncio.gather(*(reserve(number) for number in range(40)), return_exceptions=True)

    assert Counter(type(outcome) for outcome in outcomes) == {Reservation: 1, HandleTakenError: 39}
    winner = next(outcome for outcome in outcomes if isinstance(outcome, Reservation))
    assert (await clients[0].confirm("grace", winner.token)).user_id == winner.user_id
    assert {
        user.user_id for user in await asyncio.gather(*(each.find_handle("GRACE") for each in clients)) if user
    } == {winner.user_id}


async def test_40_concurrent_repetitions_of_one_reservation_agree(clients: tuple[DirectoryClient, ...]) -> None:
    """The same idempotency key gets the same answer, also at once and through different processes."""
    reservations = await asyncio.gather(
        *(clients[n % 3].reserve("Lin", home_region="us", idempotency_key="the-key") for n in range(40))
    )

    assert len({(each.user_id, each.token) for each in reservations}) == 1


async def test_take_over_against_late_confirmation(
    directory: Directory, make_directory: Callable[..., Directory], engine: AsyncEngine, clock: Clock
) -> None:
    """A lapsed reservation is confirmed and taken over at the same instant: exactly one of both happens."""
    first = await directory.reserve(ADA)
    clock.forward(121)
    second = ReserveRequest(handle="ada", home_region="eu", idempotency_key="second")

    confirmed, taken = await asyncio.gather(
        make_directory().confirm("ada", first.token), make_directory().reserve(second), return_exceptions=True
    )

    assert (type(confirmed), type(taken)) in {(User, HandleTakenError), (ReservationLostError, Reservation)}
    async with engine.connect() as connection:
        holding = await repository.find_holding(connection, "ada")
    winner = confirmed if isinstance(confirmed, User) else taken
    assert isinstance(winner, User | Reservation)
    assert holding is not None
    assert holding.user_id == winner.user_id
