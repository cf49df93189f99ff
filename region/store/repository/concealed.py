"""What users have taken away from themselves alone, as rows."""

from collections.abc import Collection, Sequence
from typing import Final

from infra.postgres import Connection
from region.store.arrays import Int8s, Texts
from region.store.rows import Concealed
from replication import runs

JOIN: Final = " LEFT JOIN concealed o ON o.user_id = m.user_id AND o.conversation_id = m.conversation_id"
"""For statements that read members `m`; `COLUMN` has its runs then."""
COLUMN: Final = "coalesce(o.runs, '')"


async def load(connection: Connection, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], Concealed]:
    """Return those of (user, conversation) of which anything is concealed."""
    cursor = await connection.execute(
        "SELECT o.user_id, o.conversation_id, o.runs, o.position FROM unnest(%s::text[], %s::text[]) AS w(user_id, conversation_id)"
        " JOIN concealed o ON o.user_id = w.user_id AND o.conversation_id = w.conversation_id",
        (Texts(user_id for user_id, _ in wanted), Texts(conversation_id for _, conversation_id in wanted)),
    )
    return {(row[0], row[1]): _concealed(row) for row in await cursor.fetchall()}


async def since(connection: Connection, user_id: str, position: int, *, most: int) -> list[Concealed]:
    """Return those of a user that grew above that position of the user's partition, the last that grew first."""
    cursor = await connection.execute(
        "SELECT o.user_id, o.conversation_id, o.runs, o.position FROM concealed o WHERE o.user_id = %s AND o.position > %s"
        " ORDER BY o.position DESC LIMIT %s",
        (user_id, position, most),
    )
    return [_concealed(row) for row in await cursor.fetchall()]


async def last_told(connection: Connection, users: Sequence[str]) -> dict[str, int]:
    """Return, for those of the users who have concealed anything, the position at which they did last."""
    cursor = await connection.execute(
        "SELECT o.user_id, max(o.position) FROM concealed o WHERE o.user_id = ANY(%s::text[]) GROUP BY o.user_id",
        (Texts(users),),
    )
    return dict(await cursor.fetchall())


async def write_concealed(connection: Connection, grown: Collection[Concealed]) -> None:
    """Write those that grew."""
    if grown:
        await connection.execute(
            "INSERT INTO concealed (user_id, conversation_id, runs, position)"
            " SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[])"
            " ON CONFLICT (user_id, conversation_id) DO UPDATE SET runs = excluded.runs, position = excluded.position",
            (
                Texts(one.user_id for one in grown),
                Texts(one.conversation_id for one in grown),
                Texts(runs.write(one.runs) for one in grown),
                Int8s(one.position for one in grown),
            ),
        )


def _concealed(row: Sequence[object]) -> Concealed:
    user_id, conversation_id, text, position = row
    assert isinstance(position, int)
    return Concealed(str(user_id), str(conversation_id), runs.read(str(text)), position)
