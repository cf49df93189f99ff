"""SQL reads of who is found in this region; each reads a bounded number of rows, however many there are."""

from collections.abc import Iterable
from dataclasses import dataclass

from infra.postgres import Connection
from region.gateway.people.ranking import Place, Range
from region.store.arrays import Texts
from region.store.names import LONGEST


@dataclass(frozen=True, slots=True)
class Named:
    """A user as searches see them.

    Attributes:
        user_id: The user.
        handle: As its owner spells it.
        display_name: What others see.
        status_text: What the user says of the moment.
        created_at: Microseconds since the epoch.
        findable: Whether searches find the user by more than the exact handle.
        picture: What stands for the user, encoded; empty for nothing.
    """

    user_id: str
    handle: str
    display_name: str
    status_text: str
    created_at: int
    findable: bool
    picture: bytes


_NAMED = "SELECT user_id, handle, display_name, status_text, created_at, findable, picture FROM users"


async def named(connection: Connection, user_ids: Iterable[str]) -> dict[str, Named]:
    """Return those of the users who are confirmed."""
    cursor = await connection.execute(f"{_NAMED} WHERE user_id = ANY(%s::text[]) AND confirmed", (Texts(user_ids),))
    return {row[0]: Named(*row) for row in await cursor.fetchall()}


async def with_handle(connection: Connection, folded: str) -> Named | None:
    """Return who has that handle."""
    cursor = await connection.execute(
        f"{_NAMED} WHERE folded_handle = %s AND confirmed ORDER BY user_id LIMIT 1", (folded,)
    )
    row = await cursor.fetchone()
    return None if row is None else Named(*row)


async def starts_after(
    connection: Connection, wanted: Range, *, rank: int, after: Place | None, most: int
) -> list[Place]:
    """Return where users of that rank stand, in order, that many at most.

    For each length of a name there is one range of the key to be read, and no more than `most` rows of it are.

    Args:
        connection: To the store.
        wanted: Where those of the rank are found.
        rank: What the places are given as rank.
        after: Begin behind that place; None for the first.
        most: How many.
    """
    length, text, user_id = (after.length, after.text, after.user_id) if after else (1, wanted.first, "")
    cursor = await connection.execute(
        "SELECT s.length, s.text, s.user_id FROM generate_series(%(length)s::int, %(longest)s::int) AS l (length)"
        " CROSS JOIN LATERAL (SELECT x.length, x.text, x.user_id FROM user_starts x"
        "  WHERE x.kind = %(kind)s AND x.length = l.length AND x.text >= %(first)s AND x.text < %(end)s"
        "  AND (x.text, x.user_id) > (CASE WHEN l.length = %(length)s THEN %(text)s::bytea ELSE %(first)s::bytea END,"
        "   CASE WHEN l.length = %(length)s THEN %(user)s::bytea ELSE ''::bytea END)"
        "  ORDER BY x.text, x.user_id LIMIT %(most)s) s"
        " ORDER BY s.length, s.text, s.user_id LIMIT %(most)s",
        {
            "length": length,
            "longest": LONGEST,
            "kind": wanted.kind,
            "first": wanted.first.encode(),
            "end": wanted.end.encode(),
            "text": text.encode(),
            "user": user_id.encode(),
            "most": most,
        },
    )
    return [Place(rank, row[0], row[1].decode(), row[2].decode()) for row in await cursor.fetchall()]
