"""Take out outputs and relay rows that are old, and that everybody who follows them has passed; and devices that ended long ago."""

from collections.abc import Iterable

from infra.postgres import Connection
from region.store.arrays import Texts

FANOUT = "fanout"
"""Under which name fan-out keeps its place."""


async def prune(
    connection: Connection, *, partition: int, destinations: Iterable[str], before: int, most: int
) -> tuple[int, int]:
    """Take out old outputs of a partition, and relay rows that refer to them; return how many of each.

    The newest relay row of each stream stays for good: it is what the stream's next sequence is known by.

    Args:
        connection: Where.
        partition: The journal partition.
        destinations: The regions that are forwarded to; rows for another are followed by nobody, and hold nothing back.
        before: Microseconds since the epoch; what was committed later stays.
        most: How many outputs to take out at most; called again, it goes on.
    """
    async with connection.transaction():
        cursor = await connection.execute(
            "SELECT least("
            " (SELECT position FROM followers WHERE name = %(fanout)s AND partition = %(partition)s),"
            " (SELECT min(r.batch_first) - 1 FROM ("
            "    SELECT DISTINCT destination, incarnation, epoch FROM relay_rows"
            "    WHERE partition = %(partition)s AND destination = ANY(%(destinations)s::text[])) s"
            "  CROSS JOIN LATERAL ("
            "    SELECT x.batch_first FROM relay_rows x WHERE x.destination = s.destination AND x.partition = %(partition)s"
            "    AND x.incarnation = s.incarnation AND x.epoch = s.epoch AND x.first > coalesce(("
            "      SELECT f.position FROM followers f WHERE f.partition = %(partition)s"
            "      AND f.name = concat('forwarder/', s.destination, '/', s.incarnation, '/', s.epoch)), 0)"
            "    ORDER BY x.first LIMIT 1) r)),"
            " (SELECT position FROM followers WHERE name = %(fanout)s AND partition = %(partition)s)",
            {"fanout": FANOUT, "partition": partition, "destinations": Texts(destinations)},
        )
        row = await cursor.fetchone()
        if row is None or row[1] is None:
            return 0, 0
        cursor = await connection.execute(
            "WITH old AS (SELECT first, last FROM outputs WHERE partition = %(partition)s ORDER BY first LIMIT %(most)s),"
            " gone AS (DELETE FROM outputs o USING old WHERE o.partition = %(partition)s AND o.first = old.first"
            "  AND o.last <= %(passed)s AND o.committed_at < %(before)s RETURNING o.first)"
            " SELECT count(*), max(first) FROM gone",
            {"partition": partition, "most": most, "passed": row[0], "before": before},
        )
        counted = await cursor.fetchone()
        if counted is None or not counted[0]:
            return 0, 0
        cursor = await connection.execute(
            "DELETE FROM relay_rows r WHERE r.partition = %(partition)s AND r.batch_first <= %(gone)s AND EXISTS ("
            " SELECT 1 FROM relay_rows n WHERE n.destination = r.destination AND n.partition = r.partition"
            " AND n.incarnation = r.incarnation AND n.epoch = r.epoch AND n.first > r.first)",
            {"partition": partition, "gone": counted[1]},
        )
        return counted[0], cursor.rowcount


async def prune_devices(connection: Connection, *, before: int, most: int) -> int:
    """Take out devices that were logged out; return how many.

    Args:
        connection: Where.
        before: Microseconds since the epoch; what was logged out later stays.
        most: How many to take out at most; called again, it goes on.
    """
    cursor = await connection.execute(
        "WITH old AS (SELECT user_id, device_id FROM devices WHERE revoked_at < %s ORDER BY revoked_at LIMIT %s)"
        " DELETE FROM devices d USING old WHERE d.user_id = old.user_id AND d.device_id = old.device_id"
        " AND d.revoked_at IS NOT NULL",
        (before, most),
    )
    return cursor.rowcount
