"""Whole transactions at SERIALIZABLE, tried again while they lose races, and never when their outcome is unknown.

The dialect is CockroachDB's, also when the server is PostgreSQL. Its asynchronous form looks for versions of CockroachDB up to
25.1 in `version()`, finds none, and takes the server for a newer one, which is right for all that is used here. (Its
synchronous form and its `run_transaction` are not used: the latter retries at savepoints, from which PostgreSQL never recovers.)

SQLSTATEs: https://www.cockroachlabs.com/docs/stable/transaction-retry-error-reference (40001),
https://www.cockroachlabs.com/docs/stable/common-errors#result-is-ambiguous (40003),
https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html (40001, 40P01, and why 23505 is a lost race too).
"""

import asyncio
import enum
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import psycopg
import structlog
from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from global_directory import metrics
from infra.errors import OutcomeUnknownError, UnavailableError
from infra.telling import told

log = structlog.get_logger()
T = TypeVar("T")
Operation = Callable[[AsyncConnection], Awaitable[T]]
BeforeCommit = Callable[[AsyncConnection], Awaitable[None]]

WHAT: Final = "The directory"
ATTEMPTS: Final = 15
LIMIT: Final = 8.0
"""Longest time that one attempt may take, seconds."""

_LOST_RACES: Final = frozenset({"40001", "40P01", "23505"})
_AMBIGUOUS: Final = "40003"
_STORE_FAILURES: Final = ("08", "53", "57", "58", "25006", "42P01", "3D000")


class Failure(enum.Enum):
    """What a failed attempt means."""

    LOST_RACE = "it did not happen; the same again may succeed"
    NOTHING_DONE = "it did not happen, and the store cannot be used now"
    UNKNOWN = "it may have happened"
    DEFECT = "what was asked is wrong"


class LostRaceError(Exception):
    """The transaction certainly did not happen; try the whole of it again."""


def judge_failure(sqlstate: str | None, *, lost_connection: bool, changes_at_stake: bool) -> Failure:
    """Return what a failed attempt means.

    Args:
        sqlstate: As the server gave it, if it did.
        lost_connection: Whether the connection failed, rather than a statement.
        changes_at_stake: Whether the commit of changes had been asked for.
    """
    if sqlstate in _LOST_RACES:
        return Failure.LOST_RACE
    if sqlstate == _AMBIGUOUS:
        return Failure.UNKNOWN
    if lost_connection or (sqlstate is not None and sqlstate.startswith(_STORE_FAILURES)):
        return Failure.UNKNOWN if changes_at_stake else Failure.NOTHING_DONE
    return Failure.DEFECT


def make_engine(url: str, *, size: int = 8, isolation: str = "SERIALIZABLE") -> AsyncEngine:
    """Return an engine that connects when it is first used.

    Args:
        url: A `postgresql://` or `cockroachdb://` URL.
        size: The most connections that it opens.
        isolation: The level of every transaction; another than SERIALIZABLE only shows what would go wrong.
    """
    given: URL = make_url(url)
    return create_async_engine(
        given.set(drivername="cockroachdb+psycopg"),
        isolation_level=isolation,
        hide_parameters=True,  # else its errors show what was to be written
        pool_size=size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "application_name": "causeway-directory"},
    )


class Transactions:
    """Runs operations, each as one transaction, as often as it takes."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        attempts: int = ATTEMPTS,
        before_commit: BeforeCommit | None = None,
        usable: Callable[[], bool] = lambda: True,
    ) -> None:
        """Use an engine.

        Args:
            engine: As `make_engine` makes it.
            attempts: The most attempts for one operation.
            before_commit: Run before each commit, in its transaction; with it tests bring about real conflicts.
            usable: Whether the store may be touched.
        """
        self._engine = engine
        self._usable = usable
        self._attempts = attempts
        self._before_commit = before_commit

    async def run(self, name: str, operation: Operation[T], *, changes: bool = True) -> T:
        """Run a whole transaction, again from its start while it loses races, with jittered back-off and a cap.

        Args:
            name: Names the operation in metrics.
            operation: Reads and writes on the connection it is given; it may be run several times.
            changes: Whether it writes.

        Raises:
            UnavailableError: Nothing was done; the store is away, or every attempt lost its race.
            OutcomeUnknownError: The commit may have happened.
        """
        if not self._usable():
            raise UnavailableError(what=WHAT)
        began = time.perf_counter()
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(LostRaceError),
                stop=stop_after_attempt(self._attempts),
                wait=wait_random_exponential(multiplier=0.005, max=0.5),
                reraise=True,
            ):
                with attempt:
                    result = await self._attempt(name, operation, changes=changes)
        except LostRaceError as error:
            log.warning("gave up after lost races", transaction=name, attempts=self._attempts)
            raise UnavailableError(what=WHAT) from error
        finally:
            metrics.TRANSACTION_SECONDS.labels(name).observe(time.perf_counter() - began)
        return result

    async def _attempt(self, name: str, operation: Operation[T], *, changes: bool) -> T:
        committing = False
        try:
            async with asyncio.timeout(LIMIT), self._engine.connect() as connection:
                if not changes:
                    await connection.execution_options(postgresql_readonly=True)
                result = await operation(connection)
                if self._before_commit is not None:
                    await self._before_commit(connection)
                committing = changes
                await connection.commit()
                return result
        except DBAPIError as error:
            sqlstate = error.orig.sqlstate if isinstance(error.orig, psycopg.Error) else None
            lost = sqlstate is None and isinstance(error.orig, psycopg.OperationalError | psycopg.InterfaceError)
            raise self._failed(
                name, judge_failure(sqlstate, lost_connection=lost, changes_at_stake=committing), error
            ) from error
        except (TimeoutError, PoolTimeoutError) as error:
            raise self._failed(name, Failure.UNKNOWN if committing else Failure.NOTHING_DONE, error) from error

    @staticmethod
    def _failed(name: str, failure: Failure, error: Exception) -> Exception:
        metrics.TRANSACTION_FAILURES.labels(name, failure.name.lower()).inc()
        match failure:
            case Failure.LOST_RACE:
                return LostRaceError()
            case Failure.NOTHING_DONE:
                log.warning("the store cannot be used", transaction=name, problem=told(error))
                return UnavailableError(what=WHAT)
            case Failure.UNKNOWN:
                log.error("outcome unknown", transaction=name, problem=told(error))
                return OutcomeUnknownError(what="The change of the directory")
            case Failure.DEFECT:
                return error
