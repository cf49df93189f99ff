"""What a connection to the store brings along for the case that the other side falls silent."""

import asyncio
import contextlib
import os
import select
import signal
import socket
from collections.abc import Callable, Iterator

import psycopg
import pytest

from infra import postgres
from infra.postgres import (
    STORE_FAILURES,
    NoAnswerError,
    as_long_as_it_takes,
    connect_once,
    make_pool,
    server_of,
)

pytestmark = pytest.mark.integration
LOCKED = "SELECT FROM pg_locks WHERE relation = 'places'::regclass AND mode = 'RowExclusiveLock'"


async def test_a_store_that_vanished_is_noticed(postgres_url: str) -> None:
    """A connection whose other side lost power is given up in seconds, whether it is idle or waits for an answer."""
    over_tcp = postgres_url.replace("localhost", "127.0.0.1")
    async with make_pool(over_tcp, size=1, name="test") as pool, pool.connection() as connection:
        with socket.socket(fileno=os.dup(connection.fileno())) as wire:
            assert wire.family == socket.AF_INET
            assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            probing = [
                wire.getsockopt(socket.IPPROTO_TCP, option)
                for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            ]
            assert probing[0] + probing[1] * probing[2] <= 12
            assert 0 < wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 10_000


async def test_the_store_ends_what_nobody_waits_for_any_more(postgres_url: str) -> None:
    """A statement has a limit, and a transaction whose client fell silent lets go of what it locked."""
    async with make_pool(postgres_url, size=1, name="test") as pool, pool.connection() as connection:
        for setting in ("statement_timeout", "idle_in_transaction_session_timeout", "transaction_timeout"):
            cursor = await connection.execute("SELECT current_setting(%s)", (setting,))
            assert await cursor.fetchone() not in {None, ("0",)}, setting


async def test_a_url_may_say_otherwise(postgres_url: str) -> None:
    """Who runs a region has the last word."""
    url = f"{postgres_url}?options=-c%20statement_timeout%3D50"
    async with make_pool(url, size=1, name="test") as pool, pool.connection() as connection:
        with pytest.raises(psycopg.errors.QueryCanceled):
            await connection.execute("SELECT pg_sleep(60)")


async def test_a_transaction_that_was_ended_for_its_silence_is_the_stores_failure(postgres_url: str) -> None:
    """Whoever was paused in one is told that the store is away for a moment, not that the software is at fault."""
    url = f"{postgres_url}?options=-c%20idle_in_transaction_session_timeout%3D20"
    async with make_pool(url, size=1, name="test") as pool, pool.connection() as connection:
        await connection.execute("BEGIN")
        async with asyncio.timeout(30):
            while not select.select([connection.fileno()], [], [], 0)[0]:  # noqa: ASYNC110 — until the server has said so
                await asyncio.sleep(0.01)

        with pytest.raises(STORE_FAILURES):
            await connection.execute("SELECT 1")


async def test_who_is_paused_amid_a_pipeline_lets_go_of_what_it_locked(make_database: Callable[[], str]) -> None:
    """To the server it is not idle: it has said something, and not that this is all."""
    url = make_database()
    paused = f"{url}?options=-c%20transaction_timeout%3D500"
    async with make_pool(url, size=1, name="test") as pool, make_pool(paused, size=1, name="paused") as other:
        async with pool.connection() as connection:
            await connection.execute("CREATE TABLE places (name text PRIMARY KEY, place int)")
            await connection.execute("INSERT INTO places VALUES ('us', 0)")
        async with other.connection() as connection, pool.connection() as successor:
            with pytest.raises(STORE_FAILURES):  # noqa: PT012 — it is the end of the pipeline that raises
                async with connection.pipeline():
                    await connection.execute("UPDATE places SET place = 1")
                    connection.pgconn.flush()
                    async with asyncio.timeout(30):
                        while not await (await successor.execute(LOCKED)).fetchall():  # noqa: ASYNC110 — another's lock
                            await asyncio.sleep(0.01)
                    await successor.execute("UPDATE places SET place = 2")
            cursor = await successor.execute("SELECT place FROM places")
            assert await cursor.fetchone() == (2,)


@contextlib.contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process of the server's that stands still."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_a_store_that_stands_still_is_given_up(postgres_url: str) -> None:
    """Its kernel acknowledges for it, so only the missing answer tells; whoever asks next gets another connection."""
    async with asyncio.timeout(60), make_pool(postgres_url, size=1, name="test", patience=1) as pool:
        async with pool.connection() as connection:
            first = connection.info.backend_pid
            with frozen(first), pytest.raises(STORE_FAILURES, match="not answered for 1 s"):
                await connection.execute("SELECT 1")
        async with pool.connection() as connection:
            assert connection.info.backend_pid != first
            await connection.execute("SELECT 1")


async def test_a_single_connection_is_given_up_as_well_and_names_its_server(postgres_url: str) -> None:
    """Commands have no pool: which server stands still is told, and nothing by which one logs in; what takes long is waited for."""
    async with await connect_once(postgres_url, name="test", patience=1) as connection:
        cursor = await connection.execute("SELECT current_setting('statement_timeout')")
        assert await cursor.fetchone() != ("0",)
        with as_long_as_it_takes(connection):
            await connection.execute("SELECT pg_sleep(1.5)")
        with frozen(connection.info.backend_pid), pytest.raises(NoAnswerError, match="not answered for 1 s") as raised:
            await connection.execute("SELECT 1")
    assert raised.value.server == server_of(postgres_url)
    assert server_of("postgresql://us:secret@10.0.0.5:5433/held_us") == "10.0.0.5:5433, database held_us"


async def test_who_connects_does_not_wait_for_a_server_that_says_nothing(postgres_url: str) -> None:
    """Its kernel takes the connection; that a database is not there is told apart by what the server says."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(NoAnswerError) as raised:
            await connect_once(f"postgresql://us@127.0.0.1:{port}/us?connect_timeout=2", name="test")
    assert raised.value.server == f"127.0.0.1:{port}, database us"
    assert raised.value.refusal == ""
    with pytest.raises(NoAnswerError, match='"absent" does not exist') as raised:
        await connect_once(postgres.elsewhere(postgres_url, "absent"), name="test")
    assert raised.value.refusal == 'database "absent" does not exist'


async def test_who_is_cancelled_while_the_store_stands_still_ends(postgres_url: str) -> None:
    """A service that is told to stop does not wait for a store that is frozen."""
    pool = make_pool(postgres_url, size=1, name="test", patience=1)
    async with asyncio.timeout(60), pool, pool.connection() as connection:
        with frozen(connection.info.backend_pid):
            asking = asyncio.create_task(connection.execute("SELECT 1"))
            await asyncio.sleep(0)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking


async def test_who_is_cancelled_waits_no_longer_than_a_server_needs_to_hear_it(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server of which no part answers is given a moment; a query of one that does is stopped there, and its connection is kept."""
    parts = psycopg.conninfo.conninfo_to_dict(postgres_url)
    silent = asyncio.Event()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65536):
                if silent.is_set():
                    await asyncio.Event().wait()
                writer.write(piece)
        finally:
            writer.close()

    carrying: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner = await asyncio.open_connection("127.0.0.1", int(str(parts["port"])))
        carrying.update(asyncio.create_task(carry(*way)) for way in ((reader, inner[1]), (inner[0], writer)))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    through = psycopg.conninfo.make_conninfo(
        postgres_url, host="127.0.0.1", port=server.sockets[0].getsockname()[1], sslmode="disable"
    )
    monkeypatch.setattr(postgres, "CANCEL_SECONDS", 60.0)
    async with server, make_pool(through, size=1, name="test", patience=60) as pool:
        async with pool.connection() as connection:
            asking = asyncio.create_task(connection.execute("SELECT pg_sleep(25)"))
            await started(asking)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            assert not connection.closed
        monkeypatch.setattr(postgres, "CANCEL_SECONDS", 0.05)
        with contextlib.suppress(*STORE_FAILURES):
            async with pool.connection() as connection:
                silent.set()
                asking = asyncio.create_task(connection.execute("SELECT 1"))
                await started(asking)
                asking.cancel()
                async with asyncio.timeout(8):  # psycopg itself waits for ten
                    with pytest.raises(asyncio.CancelledError):
                        await asking
                assert connection.closed
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)


async def started(asking: "asyncio.Task[psycopg.AsyncCursor[tuple[object, ...]]]") -> None:
    """Let a query be sent."""
    for _ in range(10):
        await asyncio.sleep(0)
    assert not asking.done()


async def test_whoever_takes_a_connection_asks_the_store_nothing(postgres_url: str) -> None:
    """A connection whose server has said nothing is handed over as it is: also when the server stands still just then."""
    async with make_pool(postgres_url, size=1, name="test") as pool:
        async with pool.connection() as connection:
            backend = connection.info.backend_pid
        with frozen(backend):
            async with asyncio.timeout(20), pool.connection() as connection:
                assert connection.info.backend_pid == backend


async def test_a_connection_that_the_store_has_ended_is_given_to_nobody(postgres_url: str) -> None:
    """Its farewell is there to be read: whoever asks next has another one, and notices nothing."""
    async with make_pool(postgres_url, size=1, name="test") as pool:
        async with pool.connection() as connection:
            backend, wire = connection.info.backend_pid, connection.fileno()
        async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as other:
            await other.execute("SELECT pg_terminate_backend(%s)", (backend,))
        async with asyncio.timeout(30):
            while not select.select([wire], [], [], 0)[0]:  # noqa: ASYNC110 — until it has said so
                await asyncio.sleep(0.01)
            async with pool.connection() as connection:
                assert connection.info.backend_pid != backend
                await connection.execute("SELECT 1")
