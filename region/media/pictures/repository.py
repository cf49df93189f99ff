"""SQL of pictures: what may become one, and who may see which."""

# ruff: noqa: S608 — only constants of this module are put into statements

from typing import Final

from infra.postgres import Connection
from replication.codec import decode_details
from replication.groups import RANKS, Details
from replication.ids import region_of
from replication.pictures import Picture, decode_picture

_ACTIVE: Final = ", ".join(repr(role) for role in RANKS)
_OF_USERS: Final = (
    "SELECT u.picture FROM pictures p JOIN users u ON u.user_id = p.holder AND u.confirmed WHERE p.blob_id = %s LIMIT 1"
)
_OF_CONVERSATIONS: Final = (
    f"SELECT c.conversation_id, c.details, EXISTS (SELECT 1 FROM members m WHERE m.conversation_id = c.conversation_id AND m.role IN ({_ACTIVE})"
    " AND (m.user_id = %s OR m.home = %s))"
    " FROM pictures p JOIN conversations c ON c.conversation_id = p.holder WHERE p.blob_id = %s"
)


async def take(connection: Connection, owner: str, blob_id: str, *, now: int) -> Picture | None:
    """Note that an image is going to stand for somebody, so that it is kept; None if it is no image of that owner that is ready."""
    cursor = await connection.execute(
        "UPDATE blobs SET pinned_at = %s WHERE blob_id = %s AND owner = %s AND state = 'ready' AND kind = 'image'"
        " RETURNING blob_id, size, content_type, checksum, width, height, blur",
        (now, blob_id, owner),
    )
    row = await cursor.fetchone()
    return None if row is None else Picture(*row)


async def shown_to(connection: Connection, blob_id: str, reader: str, *, here: str) -> Picture | None:
    """Return a picture that somebody who lives here may see, as far as is known here; None if there is none.

    A user's and a public channel's are for everybody, a group's and a private channel's for who belongs to it. Of a channel in which
    nobody here is a subscriber any more, nothing is known.
    """
    return await _shown(connection, blob_id, user=reader, region="", here=here)


async def shown_to_anybody(connection: Connection, blob_id: str, *, here: str) -> Picture | None:
    """Return a picture that is for everybody, as far as is known here; None if there is none."""
    return await _shown(connection, blob_id, user="", region="", here=here)


async def shown_in(connection: Connection, blob_id: str, region: str, *, here: str) -> bool:
    """Whether somebody who lives in that region may see a picture."""
    return await _shown(connection, blob_id, user="", region=region, here=here) is not None


async def _shown(connection: Connection, blob_id: str, *, user: str, region: str, here: str) -> Picture | None:
    cursor = await connection.execute(_OF_USERS, (blob_id,))
    row = await cursor.fetchone()
    if row is not None and (picture := decode_picture(row[0])).blob_id == blob_id:
        return picture
    cursor = await connection.execute(_OF_CONVERSATIONS, (user, region, blob_id))
    for conversation_id, encoded, belongs in await cursor.fetchall():
        details = decode_details(encoded)
        found = details.picture
        if (
            found is not None
            and found.blob_id == blob_id
            and (belongs or _is_open(conversation_id, details, region, here))
        ):
            return found
    return None


def _is_open(conversation_id: str, details: Details, region: str, here: str) -> bool:
    """Whether a channel is for everybody; or for that region, in which somebody subscribes, of whom its owner's region may know alone.

    Where nobody subscribes any more, it is not known whether it is for everybody; the owner's region does, and may have what was brought here.
    """
    channel = details.channel
    if channel is None:
        return False
    told = channel.is_told_in(here, conversation_id)
    public = channel.public and (told or region == region_of(conversation_id))
    return public or any(presence.region == region for presence in channel.regions)
