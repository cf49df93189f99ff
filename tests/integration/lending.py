"""Databases of a PostgreSQL of the session's, lent to one test after another: emptied when they come back, which takes a tenth of what a new one takes.

A test finds a database that nobody can tell from a new one, under a name that no test before it had: whoever still writes to what an
earlier test had fails. One whose tables are not what they were, or that has grown, is thrown away.
"""

import uuid
from typing import Final

import psycopg
from psycopg import sql

from infra.local import postgres

MOST_GROWTH: Final = 4_000_000
"""A database that is larger by so many bytes is not emptied: that would take longer than a new one."""

CATALOGS: Final = {
    "pg_attrdef": "true",
    "pg_attribute": "attrelid >= 16384",
    "pg_class": "oid >= 16384",
    "pg_constraint": "oid >= 16384",
    "pg_default_acl": "true",
    "pg_depend": "objid >= 16384",
    "pg_extension": "true",
    "pg_index": "indexrelid >= 16384",
    "pg_inherits": "true",
    "pg_largeobject_metadata": "true",
    "pg_namespace": "true",
    "pg_policy": "true",
    "pg_proc": "oid >= 16384",
    "pg_publication": "true",
    "pg_publication_rel": "true",
    "pg_rewrite": "ev_class >= 16384",
    "pg_sequence": "true",
    "pg_statistic_ext": "true",
    "pg_subscription_rel": "true",
    "pg_trigger": "true",
    "pg_type": "oid >= 16384",
}
"""Where PostgreSQL keeps what a database consists of, and which rows may be a test's: the system's own begin below."""

SHAPE: Final = (
    "SELECT "
    + ", ".join(
        f"(SELECT (count(*), max(xmin::text::bigint))::text FROM {name} WHERE {which})"
        for name, which in CATALOGS.items()
    )
    + ", (SELECT (datallowconn, datconnlimit, datacl)::text FROM pg_database WHERE datname = current_database())"
    ", (SELECT count(*)::text FROM pg_db_role_setting s, pg_database d WHERE d.datname = current_database() AND s.setdatabase = d.oid)"
)
"""Of each how many rows there are, and which transaction wrote the last: whatever is made, changed or taken away shows. Copies have it of what they were copied from."""

_TABLES: Final = (
    "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
)
_OTHERS: Final = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
"""Cuts off whoever else is there, and waits until they are gone: nothing of theirs comes after what is emptied."""


class Lender:
    """Lends databases that are like one."""

    def __init__(self, port: int, like: str) -> None:
        """Lend copies of a database.

        Args:
            port: Of the PostgreSQL.
            like: Name of the database; nobody changes it from now on.
        """
        self._port = port
        self._like = like
        self._ready: list[str] = []
        with psycopg.connect(postgres.url(port, like), autocommit=True) as connection:
            self._shape = connection.execute(SHAPE).fetchall()
            self._size = _size(connection)
            assert not connection.execute("SELECT 1 FROM pg_sequence").fetchall(), "sequences are not set back"
            self._tables = [sql.Identifier(*names) for names in connection.execute(_TABLES).fetchall()]
            self._rows = {at: _rows(connection, self._tables[at]) for at in self._filled(connection)}

    def lend(self) -> str:
        """Return the URL of a database that is like the first."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(postgres.url(self._port), autocommit=True) as connection:
            if self._ready:
                rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                connection.execute(rename.format(sql.Identifier(self._ready.pop()), sql.Identifier(name)))
            else:
                make = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
                connection.execute(make.format(sql.Identifier(name), sql.Identifier(self._like)))
        return postgres.url(self._port, name)

    def give_back(self, url: str) -> None:
        """Take a database back from its test, as it is: cut off whoever is in it, and empty it, or throw it away."""
        name = url.rpartition("/")[2]
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                good = self._empty(connection)
        except psycopg.Error:  # the test has shut it, or thrown it away
            good = False
        if good:
            self._ready.append(name)
            return
        self._throw_away(name)

    def close(self) -> None:
        """Throw away what came back."""
        while self._ready:
            self._throw_away(self._ready.pop())

    def _throw_away(self, name: str) -> None:
        with psycopg.connect(postgres.url(self._port), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _empty(self, connection: psycopg.Connection) -> bool:
        """Make a database again what it was; return False if that cannot be."""
        connection.execute(_OTHERS)
        if connection.execute(SHAPE).fetchall() != self._shape or _size(connection) > self._size + MOST_GROWTH:
            return False
        filled = self._filled(connection)
        if any(_rows(connection, self._tables[at]) != rows for at, rows in self._rows.items()):
            return False
        doomed = [self._tables[at] for at in filled if at not in self._rows]
        connection.execute("SET session_replication_role = replica")  # whatever refers to what
        for table in doomed:
            connection.execute(sql.SQL("DELETE FROM {}").format(table))
        return True

    def _filled(self, connection: psycopg.Connection) -> list[int]:
        """Return which tables have rows."""
        if not self._tables:
            return []
        one = sql.SQL("EXISTS (SELECT FROM {})")
        statement = sql.SQL("SELECT ") + sql.SQL(", ").join(one.format(table) for table in self._tables)
        answers = connection.execute(statement).fetchone()
        assert answers is not None
        return [at for at, answer in enumerate(answers) if answer]


def _size(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])


def _rows(connection: psycopg.Connection, table: sql.Identifier) -> list[str]:
    return sorted(row for (row,) in connection.execute(sql.SQL("SELECT t::text FROM {} t").format(table)).fetchall())
