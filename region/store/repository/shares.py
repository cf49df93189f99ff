"""SQL of which projector is alive, and which partitions it has; of this database alone: a schema of its own keeps it out of copies and counts."""

from collections.abc import Collection
from dataclasses import dataclass

from infra.errors import CausewayError
from infra.postgres import Connection


class SameNameError(CausewayError):
    """Another projector is called {instance} and lives: names tell them apart, so this one waits for its end. Give each its own CAUSEWAY_INSTANCE."""

    code = "same-name"
    definite = True


@dataclass(frozen=True, slots=True)
class Shares:
    """Who is there, and who has what.

    Attributes:
        alive: Projectors that came by lately, and whose connection stands.
        held: Partition to the projector that has it.
    """

    alive: frozenset[str]
    held: dict[int, str]


async def come_by(connection: Connection, instance: str, *, seconds: float) -> Shares:
    """Say that a projector lives, for so long unless its connection ends before; and return who else does.

    A killed process loses its connection at once; one that stands still, or cannot be reached, is dead when its time is up. That is all that counts where
    the role may not see when others' connections began.

    Raises:
        SameNameError: Another process of that name lives.
        psycopg.Error: The store failed, or has no such tables yet.
    """
    async with connection.pipeline(), connection.transaction():
        own = await connection.execute(
            "INSERT INTO sharing.projectors AS p (instance, until, backend, begun)"
            " SELECT %s, clock_timestamp() + %s * interval '1 second', a.pid, a.backend_start"
            " FROM pg_stat_activity a WHERE a.pid = pg_backend_pid()"
            " ON CONFLICT (instance) DO UPDATE SET until = excluded.until, backend = excluded.backend, begun = excluded.begun"
            " WHERE p.backend = pg_backend_pid() OR p.instance NOT IN (SELECT instance FROM sharing.alive)"
            " RETURNING 1",
            (instance, seconds),
        )
        await connection.execute("DELETE FROM sharing.projectors WHERE until < clock_timestamp() - interval '1 hour'")
        there = await connection.execute("SELECT instance FROM sharing.alive")
        held = await connection.execute("SELECT partition, instance FROM sharing.partitions")
    if await own.fetchone() is None:
        raise SameNameError(instance=instance)
    return Shares(frozenset([name for (name,) in await there.fetchall()]), dict(await held.fetchall()))


async def claim(connection: Connection, instance: str, known: Shares, wanted: Collection[int]) -> frozenset[int]:
    """Take partitions that still belong to whom they were seen to belong, and return which those were.

    Raises:
        psycopg.Error: The store failed.
    """
    if not wanted:
        return frozenset()
    partitions = sorted(wanted)
    cursor = await connection.execute(
        "INSERT INTO sharing.partitions AS p (partition, instance)"
        " SELECT w.partition, %s FROM unnest(%s::int[]) AS w(partition)"
        " ON CONFLICT (partition) DO UPDATE SET instance = excluded.instance"
        " WHERE (p.partition, p.instance) IN (SELECT * FROM unnest(%s::int[], %s::text[]))"
        " RETURNING partition",
        (instance, partitions, partitions, [known.held.get(partition, "") for partition in partitions]),
    )
    return frozenset([partition for (partition,) in await cursor.fetchall()])


async def give(connection: Connection, instance: str, partitions: Collection[int]) -> None:
    """Let others have partitions.

    Raises:
        psycopg.Error: The store failed.
    """
    await connection.execute(
        "DELETE FROM sharing.partitions WHERE instance = %s AND partition = ANY(%s::int[])",
        (instance, sorted(partitions)),
    )


async def leave(connection: Connection, instance: str) -> None:
    """Say that a projector ends.

    Raises:
        psycopg.Error: The store failed.
    """
    await connection.execute("DELETE FROM sharing.projectors WHERE instance = %s", (instance,))
