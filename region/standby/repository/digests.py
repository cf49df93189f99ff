"""SQL that sums up what each table holds, so that a store and its copy can be compared without carrying either across."""

from psycopg import sql

from infra.postgres import Connection, as_long_as_it_takes
from region.standby.repository.publishing import OWN

PULSE = ("store_life", "beat_at")
"""What changes every second, and says nothing."""


async def digests(connection: Connection) -> dict[str, tuple[int, int]]:
    """Return table to (rows, sum of their hashes), of one moment; rows may lie in any order, columns are taken by name."""
    found: dict[str, tuple[int, int]] = {}
    with as_long_as_it_takes(connection):
        async with connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            await connection.execute("SET LOCAL statement_timeout = 0")
            columns = await (
                await connection.execute(
                    "SELECT c.relname, array_agg(a.attname::text ORDER BY a.attname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
                    " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> ALL(%s)"
                    " AND a.attnum > 0 AND NOT a.attisdropped GROUP BY c.relname",
                    (list(OWN),),
                )
            ).fetchall()
            for table, names in sorted(columns):
                told = sql.SQL(", ").join(sql.Identifier(name) for name in names if (table, name) != PULSE)
                row = await (
                    await connection.execute(
                        sql.SQL("SELECT count(*), coalesce(sum(hashtextextended(ROW({})::text, 0)), 0) FROM {}").format(
                            told, sql.Identifier(table)
                        )
                    )
                ).fetchone()
                assert row is not None
                found[table] = (int(row[0]), int(row[1]))
    return found
