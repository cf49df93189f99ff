"""What a test is lent nobody can tell from what is new."""

from collections.abc import Iterator

import psycopg
import pytest

from infra.local import postgres
from tests.integration.lending import SHAPE, Lender

pytestmark = pytest.mark.integration


def run(url: str, statement: str) -> list[tuple[object, ...]]:
    """Run a statement; return its rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def lender(postgres_server: int, postgres_url: str) -> Iterator[Lender]:
    """Who lends two tables, of which one refers to the other, and one has a row; and one in a schema of its own."""
    run(postgres_url, "CREATE TABLE kinds (k INT PRIMARY KEY)")
    run(postgres_url, "INSERT INTO kinds VALUES (1)")
    run(postgres_url, "CREATE TABLE things (t INT PRIMARY KEY, k INT REFERENCES kinds, of INT REFERENCES things)")
    run(postgres_url, "CREATE SCHEMA apart")
    run(postgres_url, "CREATE TABLE apart.others (o INT)")
    made = Lender(postgres_server, like=postgres_url.rpartition("/")[2])
    yield made
    made.close()


def numbers(url: str) -> list[tuple[object, ...]]:
    """Return the number of the database, which no other ever has."""
    return run(url, "SELECT oid FROM pg_database WHERE datname = current_database()")


def test_what_comes_back_is_lent_again_empty_and_under_another_name(lender: Lender) -> None:
    """Whoever was in it is cut off, and finds it no more."""
    first = lender.lend()
    number = numbers(first)
    with psycopg.connect(first, autocommit=True) as stays:
        stays.execute("INSERT INTO things VALUES (1, 1, NULL), (2, 1, 1)")
        stays.execute("INSERT INTO apart.others VALUES (1)")
        lender.give_back(first)
        second = lender.lend()
        with pytest.raises(psycopg.OperationalError):
            stays.execute("SELECT 1")

    assert numbers(second) == number
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        run(first, "SELECT 1")
    assert run(second, "SELECT * FROM things") == []
    assert run(second, "SELECT * FROM apart.others") == []
    assert run(second, "SELECT * FROM kinds") == [(1,)]
    lender.give_back(second)


CHANGES = (
    "CREATE TABLE more (m INT)",
    "DROP TABLE things",
    "ALTER TABLE things DROP COLUMN of",
    "ALTER TABLE things ALTER COLUMN t SET DEFAULT 4",
    "CREATE INDEX slow ON things (of)",
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'things_pkey'::regclass",
    "GRANT SELECT ON things TO PUBLIC",
    "CREATE FUNCTION one() RETURNS INT LANGUAGE SQL AS 'SELECT 1'",
    "CREATE SCHEMA other",
    "CREATE PUBLICATION told FOR TABLE things",
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 64', current_database()); END $$",
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 9', current_database()); END $$",
    "SELECT lo_create(0)",
)


def test_whatever_is_changed_but_rows_shows(lender: Lender) -> None:
    """Tables, indexes, rights, settings: each alone, and nothing when nothing is."""
    url = lender.lend()
    with psycopg.connect(url) as connection:
        before = connection.execute(SHAPE).fetchall()
        for change in CHANGES:
            connection.rollback()
            assert connection.execute(SHAPE).fetchall() == before
            connection.execute(change.encode())
            assert connection.execute(SHAPE).fetchall() != before, change
        connection.rollback()
    lender.give_back(url)


def test_what_was_changed_is_lent_no_more(lender: Lender) -> None:
    """Tables, the rows that a new one has, and what has grown large: the next is a new one."""
    for change in (
        "ALTER TABLE things DROP COLUMN of",
        "UPDATE kinds SET k = 2",
        "INSERT INTO things SELECT generate_series(2, 100000)",
    ):
        first = lender.lend()
        number = numbers(first)
        run(first, change)
        lender.give_back(first)
        second = lender.lend()
        assert numbers(second) != number, change
        assert run(second, "SELECT * FROM kinds") == [(1,)]
        lender.give_back(second)


def test_what_a_test_has_thrown_away_is_missed_by_nobody(lender: Lender, postgres_server: int) -> None:
    """Another one is lent."""
    first = lender.lend()
    run(postgres.url(postgres_server), f"DROP DATABASE {first.rpartition('/')[2]}")
    lender.give_back(first)

    assert run(lender.lend(), "SELECT * FROM things") == []
