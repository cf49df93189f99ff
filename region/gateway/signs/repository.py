"""SQL reads of who may see whether a user is there, and who is told that somebody types or has changed their profile."""

# ruff: noqa: S608 — only constants of this module are put into statements

from collections.abc import Collection
from typing import Final

from infra.postgres import Connection
from region.store.arrays import Texts
from region.store.repository.restraints import restraints_of
from replication.codec import UndecodableRecordError, decode_details
from replication.groups import RANKS
from replication.ids import direct_conversation_id

_RANKS: Final = ", ".join(repr(role) for role in RANKS)


async def friends_among(connection: Connection, viewer: str, users: Collection[str]) -> set[str]:
    """Return which of these users are friends of a viewer, less those of whom one blocks the other, as far as that is known here."""
    pairs = {direct_conversation_id(viewer, user): user for user in users if user != viewer}
    cursor = await connection.execute(
        "SELECT conversation_id, details FROM conversations WHERE conversation_id = ANY(%s::text[]) AND details <> ''",
        (Texts(pairs),),
        binary=True,
    )
    friends = {pairs[conversation] for conversation, details in await cursor.fetchall() if _are_friends(details)}
    both = [pair for user in friends for pair in ((user, viewer), (viewer, user))]
    blocks = (await restraints_of(connection, both, ())).blocked if both else frozenset()
    return {user for user in friends if (user, viewer) not in blocks and (viewer, user) not in blocks}


def _are_friends(details: bytes) -> bool:
    try:
        standing = decode_details(details).friendship
    except UndecodableRecordError:
        return False  # of two of whom nothing can be read, neither is shown
    return standing is not None and standing.state == "friends"


async def homes_of(connection: Connection, conversations: Collection[str]) -> dict[str, dict[str, str]]:
    """Return conversation to its members now, with where they live."""
    cursor = await connection.execute(
        "SELECT conversation_id, user_id, home, role FROM members WHERE conversation_id = ANY(%s::text[])",
        (Texts(conversations),),
    )
    found: dict[str, dict[str, str]] = {}
    for conversation, user, home, role in await cursor.fetchall():
        if role in RANKS:
            found.setdefault(conversation, {})[user] = home
    return found


async def fellows_of(connection: Connection, user_id: str, *, most: int) -> dict[str, str]:
    """Return who shares a 1:1 conversation or a group with a user now, with where they live, the user among them; so many others at most."""
    cursor = await connection.execute(
        "SELECT DISTINCT m.user_id, m.home FROM members o JOIN members m ON m.conversation_id = o.conversation_id"
        f" WHERE o.user_id = %s AND o.role IN ({_RANKS}) AND m.role IN ({_RANKS}) AND left(o.conversation_id, 1) <> 'c'"
        " ORDER BY m.user_id LIMIT %s",
        (user_id, most + 1),
    )
    found = {user: home for user, home in await cursor.fetchall() if user != user_id}
    cursor = await connection.execute("SELECT home FROM members WHERE user_id = %s LIMIT 1", (user_id,))
    row = await cursor.fetchone()
    return {} if row is None else {**dict(list(found.items())[:most]), user_id: row[0]}
