"""Connection pools to PostgreSQL or CockroachDB, and which of its errors may be tried again."""

import contextlib
import re
import select
from collections.abc import Iterator
from typing import Final, TypeVar, cast
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import _WaitTimeout
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool
from psycopg_pool.pool_async import AddConnection, MaintenanceTask

Connection = psycopg.AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]

LOST_RACES = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
"""Errors after which the whole transaction certainly did not happen, and may be tried again: 40001 and 40P01."""

STORE_FAILURES = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.AdminShutdown,
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.TransactionTimeout,
)
"""Errors of the store itself, never of what it was asked: gone, restarting, out of connections, tired of waiting for us."""


LIMITS = {
    # A store that lost power or its network sends no RST: an idle connection finds out by probes, one that waits for an
    # acknowledgement by the user timeout; either in about ten seconds, the time in which health is to tell.
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    # Nobody waits that long for a statement; and a client that vanished or is paused in a transaction must let go of the
    # rows that it locked, such as the projector's offset row, which its successor needs. Milliseconds.
    "options": "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=10000",
}
"""What a connection brings along, unless its URL says otherwise."""

TRANSACTION_MS: Final = 45_000
_BOUND: Final = (
    "SELECT set_config('transaction_timeout', %s, false) WHERE current_setting('transaction_timeout', true) = '0'"
)
"""Who is paused between two statements of a pipeline is not idle to the server, which goes on waiting for the rest, with the rows locked: only this ends it, since PostgreSQL 17."""


PATIENCE_SECONDS: Final = 35.0
"""How long an answer is waited for: longer than any statement may take, so whoever has said nothing by then stands still."""
FOR_EVER_SECONDS: Final = 86_400.0
CANCEL_SECONDS: Final = 1.0
"""How long a server is asked to stop what nobody waits for any more, before its connection is closed."""
RECONNECT_SECONDS = 0.5
"""The longest pause before a connection is tried again."""


T = TypeVar("T")


_REFUSAL: Final = re.compile(r"FATAL: +(.+)")
"""What a server has said that lets nobody in: at connecting the library gives no code of it."""
_WHOM: Final = re.compile(r' (?:for |from )?(?:user|role) "[^"]*",?')


class NoAnswerError(psycopg.OperationalError):
    """A server cannot be reached, or stands still.

    Attributes:
        server: Which, without what might tell how to log in; empty if that is not known.
    """

    def __init__(self, message: str, *, server: str = "") -> None:
        """Keep what the library says, by which callers tell a database that is not there from a server that is not."""
        super().__init__(message)
        self.server = server

    @property
    def refusal(self) -> str:
        """Why the server lets nobody in, in its own words and without whom it does not let in; empty if it says nothing."""
        found = _REFUSAL.findall(str(self))
        return _WHOM.sub("", found[-1]).strip() if found else ""


class _Impatient(psycopg.AsyncConnection[TupleRow]):
    """A connection that is given up when its server stands still: frozen, or its disk hangs.

    Its kernel goes on acknowledging, so neither probes nor the user timeout notice, and no limit of the server's own holds.
    """

    patience = PATIENCE_SECONDS
    server = ""

    async def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:  # noqa: ASYNC109 — the library's
        """Wait for an answer, for so long.

        Raises:
            psycopg.OperationalError: None came.
        """
        try:
            return await super().wait(gen, interval, timeout or self.patience)
        except _WaitTimeout:
            self.pgconn.finish()
            message = f"the server has not answered for {timeout or self.patience:g} s"
            raise NoAnswerError(message, server=self.server) from None

    async def _try_cancel(self, *, timeout: float = CANCEL_SECONDS) -> None:  # noqa: ASYNC109 — the library's
        """Ask the server to stop; one that does not even hear that stands still, and is not waited for."""
        try:
            await self.cancel_safe(timeout=min(timeout, CANCEL_SECONDS))
        except psycopg.Error:
            self.pgconn.finish()


class _EagerPool(AsyncConnectionPool[Connection]):
    """A pool that is back soon after its store is, however long that was away.

    The library doubles its pauses without a limit: after a minute's outage it comes back up to a minute late.
    """

    async def schedule_task(self, task: MaintenanceTask, delay: float) -> None:
        """Do something later; connect no later than soon."""
        await super().schedule_task(task, min(delay, RECONNECT_SECONDS) if isinstance(task, AddConnection) else delay)


async def connect_once(url: str, *, name: str, patience: float = PATIENCE_SECONDS) -> Connection:
    """Connect to a server, in autocommit mode, for who needs no pool; a server that does not answer is given up, also in the midst of a statement.

    Args:
        url: A `postgresql://` URL; what it says goes before `LIMITS`.
        name: Shown by the server as application name.
        patience: Seconds after which a server that does not answer is given up; see `as_long_as_it_takes`.

    Raises:
        NoAnswerError: It cannot be reached.
    """
    said = conninfo_to_dict(url)
    limits = {setting: value for setting, value in LIMITS.items() if setting not in said}
    try:
        made = await _Impatient.connect(url, autocommit=True, application_name=name, **limits)  # type: ignore[arg-type]  # strings and numbers, as libpq takes them
    except psycopg.OperationalError as error:
        if error.sqlstate is not None:
            raise
        raise NoAnswerError(str(error), server=server_of(url)) from error
    made.patience, made.server = patience, server_of(url)
    return made


def server_of(url: str) -> str:
    """Return where a URL leads to, for people: host, port and database, and nothing by which one logs in."""
    said = conninfo_to_dict(url)
    host, port = said.get("host") or said.get("hostaddr") or "localhost", said.get("port") or 5432
    return f"{host}:{port}, database {said.get('dbname') or 'postgres'}"


@contextlib.contextmanager
def as_long_as_it_takes(connection: Connection) -> Iterator[None]:
    """Let a statement take as long as it needs, such as one that reads all that there is; that the server stands still is to be seen otherwise meanwhile."""
    if not isinstance(connection, _Impatient):
        yield
        return
    usual, connection.patience = connection.patience, FOR_EVER_SECONDS
    try:
        yield
    finally:
        connection.patience = usual


def elsewhere(url: str, database: str) -> str:
    """Return the URL of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


async def _check(connection: Connection) -> None:
    """Ask the server whether it is there, if it has said anything since it was last asked something, such as its farewell.

    One that has said nothing is believed: to ask it each time cost a tenth of a gateway's work, and whoever uses the connection
    finds out as soon as this would. What probes find shows as an error of the socket.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN | select.POLLPRI)
    if poll.poll(0):
        await AsyncConnectionPool.check_connection(connection)


def make_pool(url: str, *, size: int, name: str, patience: float = PATIENCE_SECONDS, options: str = "") -> Pool:
    """Return a pool that is not opened yet; connections are in autocommit mode, transactions are explicit.

    Args:
        url: A `postgresql://` URL; what it says goes before `LIMITS`.
        size: The most connections it opens.
        name: Shown by the server as application name.
        patience: Seconds after which a server that does not answer is given up.
        options: Settings of the server that go before those of `LIMITS`, as `-c NAME=VALUE`.
    """

    async def configure(connection: Connection) -> None:
        cast("_Impatient", connection).patience = patience
        await connection.execute(_BOUND, (str(TRANSACTION_MS),))

    said = conninfo_to_dict(url)
    wanted = LIMITS | ({"options": options} if options else {})
    limits = {setting: value for setting, value in wanted.items() if setting not in said}
    return _EagerPool(
        url,
        connection_class=_Impatient,
        configure=configure,
        min_size=1,
        max_size=size,
        open=False,
        name=name,
        timeout=5,
        reconnect_timeout=1e9,
        kwargs=limits | {"autocommit": True, "application_name": name},
        check=_check,
    )
