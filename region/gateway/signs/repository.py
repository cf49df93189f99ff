"""SQL reads of who may see whether a user is there, and who is told that somebody types."""

from collections.abc import Collection

from infra.postgres import Connection
from region.store.arrays import Texts
from region.store.repository.restraints import restraints_of
from replication.codec import UndecodableRecordError, decode_details
from replication.groups import RANKS
from replication.ids import direct_conversation_id


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
