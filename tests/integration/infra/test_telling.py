"""What a real store says of rows that it refuses is told to nobody."""

from collections.abc import AsyncIterator, Callable

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from global_directory.transactions import make_engine
from infra.telling import told, told_traceback

pytestmark = pytest.mark.integration

MARKED = "marked-9d2e51"
Refused = tuple[str, str]
REFUSED: tuple[Refused, ...] = (
    ("23514", f"INSERT INTO kept VALUES (1, '{MARKED}')"),
    ("23505", f"INSERT INTO kept VALUES (2, 'a'); INSERT INTO named VALUES ('{MARKED}'), ('{MARKED}')"),
    ("23502", f"INSERT INTO kept VALUES (NULL, 'a {MARKED}')"),
    ("22P02", f"SELECT '{MARKED}'::int"),
    ("P0001", f"DO $$ BEGIN RAISE EXCEPTION '{MARKED}'; END $$"),
)


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """A store with tables that refuse rows."""
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        await connection.execute("CREATE TABLE kept (n INT NOT NULL, said TEXT CHECK (said NOT LIKE 'marked%'))")
        await connection.execute("CREATE TABLE named (name TEXT PRIMARY KEY)")
        yield connection


@pytest.mark.parametrize(("state", "statement"), REFUSED, ids=[state for state, _ in REFUSED])
async def test_a_refused_row_is_told_without_its_values(
    store: psycopg.AsyncConnection, state: str, statement: str
) -> None:
    """Psycopg's own text has them, so this test can fail; class and SQLSTATE are told."""
    with pytest.raises(psycopg.Error) as error:
        await store.execute(statement.encode())

    assert MARKED in str(error.value)
    assert MARKED not in told(error.value) + told_traceback(error.value)
    assert told(error.value).startswith(f"{type(error.value).__name__} ({state})")


async def test_a_refused_line_of_a_copy_is_told_without_it(store: psycopg.AsyncConnection) -> None:
    """Entries are written by COPY; its context has the whole line."""
    with pytest.raises(psycopg.Error) as error:
        async with store.cursor() as cursor, cursor.copy("COPY kept FROM STDIN") as copy:
            await copy.write_row((1, MARKED))

    assert MARKED in str(error.value)
    assert told(error.value) == (
        'CheckViolation (23514): new row for relation "kept" violates check constraint "kept_said_check"'
    )


async def test_the_directory_tells_no_more(store: psycopg.AsyncConnection, postgres_url: str) -> None:
    """SQLAlchemy would show statement and parameters beside."""
    assert not store.closed
    engine = make_engine(postgres_url)
    try:
        async with engine.connect() as connection:
            with pytest.raises(DBAPIError) as error:
                await connection.execute(text("INSERT INTO kept VALUES (:n, :said)"), {"n": 1, "said": MARKED})
    finally:
        await engine.dispose()

    assert "parameters" in str(error.value)
    assert MARKED not in told(error.value) + told_traceback(error.value)


async def test_the_local_store_writes_no_rows_to_its_own_log(
    store: psycopg.AsyncConnection, postgres_log: Callable[[], str]
) -> None:
    """Neither what it refused nor the statement."""
    for _, statement in REFUSED[:3]:
        with pytest.raises(psycopg.Error):
            await store.execute(statement.encode())

    said = postgres_log()
    assert "violates check constraint" in said
    assert MARKED not in said
