"""SQL of blobs: what a region's blob store has, who may see it, and what somebody is to do about it."""

# ruff: noqa: S608 — only constants of this module are put into statements

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from infra.postgres import Connection
from region.store.arrays import Texts
from region.store.repository import entries, members
from region.store.repository.entries import entry_of
from region.store.repository.members import member_of
from replication import runs
from replication.attachments import Attachment
from replication.codec import decode_details
from replication.records import attachments_of

_COLUMNS: Final = (
    "blob_id, owner, kind, name, size, content_type, checksum, width, height, blur, state, problem, upload_id, received,"
    " created_at, updated_at"
)

_ENTRY: Final = entries.COLUMNS
_MEMBER: Final = members.COLUMNS
_REFERRING: Final = (
    f"SELECT {_ENTRY}, {_MEMBER} FROM attachments a"
    " JOIN conversations c ON c.conversation_id = a.conversation_id AND a.seq <= c.head"
    " JOIN entries e ON e.conversation_id = a.conversation_id AND e.seq = a.seq"
    " JOIN members m ON m.conversation_id = a.conversation_id AND m.since > 0 WHERE a.blob_id = %s"
)
_SEEING: Final = (
    " FROM attachments a JOIN conversations c ON c.conversation_id = a.conversation_id AND a.seq <= c.head"
    " JOIN members m ON m.conversation_id = a.conversation_id AND m.since BETWEEN 1 AND a.seq"
    " AND (m.until_seq = 0 OR m.until_seq >= a.seq) WHERE a.blob_id = %s AND m.home = %s"
)
"""Members within whose range an entry is that refers to a blob; nothing of what it says."""
_PLAINLY: Final = f"SELECT 1{_SEEING} AND m.hidden = '' LIMIT 1"
_PARTLY: Final = (
    f"SELECT a.conversation_id, a.seq, m.user_id, m.hidden{_SEEING} AND m.hidden <> ''"
    " AND (a.conversation_id, a.seq, m.user_id) > (%s, %s, %s) ORDER BY a.conversation_id, a.seq, m.user_id LIMIT %s"
)
"""Those of whom the database cannot tell whether they see it."""
_AT_ONCE: Final = 200
_CHANNELS: Final = (
    "SELECT c.details FROM conversations c WHERE c.kind = 'channel' AND EXISTS"
    " (SELECT 1 FROM attachments a WHERE a.blob_id = %s AND a.conversation_id = c.conversation_id AND a.seq <= c.head)"
)
_WIDTH: Final = _ENTRY.count(",") + 1
"""Columns of an entry; those of a member follow."""


@dataclass(frozen=True, slots=True)
class Blob:
    """An image or a file, as far as this region has it.

    Attributes:
        blob_id: Its id.
        owner: Who brought it; empty if it was fetched from another region.
        kind: `image` or `file`.
        name: What its owner calls it.
        size: Bytes; as announced until it is ready.
        content_type: What it is; likewise.
        checksum: SHA-256, hexadecimal digits; likewise.
        width: Of an image, pixels; 0 until it is ready.
        height: Likewise.
        blur: BlurHash of an image.
        state: uploading, checking, fetching, ready, refused or removing.
        problem: Why it was refused, a code.
        upload_id: The blob store's, of a multipart upload; empty if it goes as a whole.
        received: Bytes that were fetched.
        created_at: Microseconds since the epoch.
        updated_at: Likewise.
    """

    blob_id: str
    owner: str
    kind: str
    name: str
    size: int
    content_type: str
    checksum: str
    width: int
    height: int
    blur: str
    state: str
    problem: str
    upload_id: str
    received: int
    created_at: int
    updated_at: int

    @property
    def attachment(self) -> Attachment:
        """The reference to it."""
        return Attachment(
            blob_id=self.blob_id,
            kind=self.kind,
            name=self.name,
            size=self.size,
            content_type=self.content_type,
            checksum=self.checksum,
            width=self.width,
            height=self.height,
            blur=self.blur,
        )


@dataclass(frozen=True, slots=True)
class Held:
    """What somebody has: bytes of all blobs, and how many uploads are not completed."""

    used: int
    open: int


async def held_by(connection: Connection, owner: str) -> Held:
    """Return what somebody has, and keep others from changing that until the transaction ends."""
    await connection.execute("SELECT 1 FROM users WHERE user_id = %s FOR UPDATE", (owner,))
    cursor = await connection.execute(
        "SELECT coalesce(sum(size), 0)::bigint, count(*) FILTER (WHERE state = 'uploading') FROM blobs"
        " WHERE owner = %s AND state NOT IN ('refused', 'removing')",
        (owner,),
    )
    row = await cursor.fetchone()
    assert row is not None
    return Held(int(row[0]), int(row[1]))


async def add(connection: Connection, blob: Blob) -> None:
    """Keep a new blob; one that is there stays as it is."""
    await connection.execute(
        "INSERT INTO blobs (blob_id, owner, kind, name, size, content_type, checksum, width, height, blur, state, upload_id,"
        " created_at, updated_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            blob.blob_id,
            blob.owner,
            blob.kind,
            blob.name,
            blob.size,
            blob.content_type,
            blob.checksum,
            blob.width,
            blob.height,
            blob.blur,
            blob.state,
            blob.upload_id,
            blob.created_at,
            blob.updated_at,
        ),
    )


async def blob(connection: Connection, blob_id: str) -> Blob | None:
    """Return a blob."""
    cursor = await connection.execute(f"SELECT {_COLUMNS} FROM blobs WHERE blob_id = %s", (blob_id,))
    row = await cursor.fetchone()
    return None if row is None else Blob(*row)


async def move(connection: Connection, blob_id: str, *, states: Sequence[str], to: str, now: int) -> bool:
    """Bring a blob from one of those states to another; return whether it was in one of them."""
    cursor = await connection.execute(
        "UPDATE blobs SET state = %s, updated_at = %s, claimed_until = 0 WHERE blob_id = %s AND state = ANY(%s::text[])",
        (to, now, blob_id, Texts(states)),
    )
    return cursor.rowcount > 0


async def note_upload(connection: Connection, blob_id: str, upload_id: str, *, anew: bool = False) -> str:
    """Keep the blob store's name of a multipart upload, unless there is one already or this is one anew; return the one that is kept."""
    cursor = await connection.execute(
        "UPDATE blobs SET upload_id = CASE WHEN upload_id = '' OR %s THEN %s ELSE upload_id END"
        " WHERE blob_id = %s AND state IN ('uploading', 'fetching') RETURNING upload_id",
        (anew, upload_id, blob_id),
    )
    row = await cursor.fetchone()
    return "" if row is None else str(row[0])


async def note_received(connection: Connection, blob_id: str, received: int, *, now: int) -> None:
    """Keep how many bytes were fetched."""
    await connection.execute(
        "UPDATE blobs SET received = %s, updated_at = %s WHERE blob_id = %s", (received, now, blob_id)
    )


async def finish(connection: Connection, found: Attachment, *, now: int) -> None:
    """Make a blob ready, as what it was found to be."""
    await connection.execute(
        "UPDATE blobs SET state = 'ready', size = %s, content_type = %s, checksum = %s, width = %s, height = %s, blur = %s,"
        " upload_id = '', updated_at = %s, claimed_until = 0 WHERE blob_id = %s AND state IN ('checking', 'fetching')",
        (
            found.size,
            found.content_type,
            found.checksum,
            found.width,
            found.height,
            found.blur,
            now,
            found.blob_id,
        ),
    )


async def refuse(connection: Connection, blob_id: str, code: str, *, now: int) -> None:
    """Keep why a blob is not taken."""
    await connection.execute(
        "UPDATE blobs SET state = 'refused', problem = %s, updated_at = %s, claimed_until = 0 WHERE blob_id = %s",
        (code, now, blob_id),
    )


async def claim(connection: Connection, who: str, *, states: Sequence[str], now: int, until: int) -> Blob | None:
    """Take up a blob that somebody is to do something about, until then; None if there is none."""
    cursor = await connection.execute(
        "UPDATE blobs SET claimed_by = %s, claimed_until = %s WHERE blob_id ="
        " (SELECT blob_id FROM blobs WHERE state = ANY(%s::text[]) AND claimed_until < %s"
        f"  ORDER BY size, updated_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING {_COLUMNS}",
        (who, until, Texts(states), now),
    )
    row = await cursor.fetchone()
    return None if row is None else Blob(*row)


async def keep_claim(connection: Connection, blob_id: str, who: str, *, until: int) -> bool:
    """Keep a claim up until then, or let it go then; return whether it is still held."""
    cursor = await connection.execute(
        "UPDATE blobs SET claimed_until = %s WHERE blob_id = %s AND claimed_by = %s", (until, blob_id, who)
    )
    return cursor.rowcount > 0


async def pin(connection: Connection, owner: str, blob_ids: Sequence[str], *, now: int) -> dict[str, Blob]:
    """Note that a message is going to refer to blobs; return those that their owner may refer to, by id."""
    cursor = await connection.execute(
        "UPDATE blobs SET pinned_at = %s WHERE blob_id = ANY(%s::text[]) AND owner = %s AND state = 'ready'"
        f" RETURNING {_COLUMNS}",
        (now, Texts(blob_ids), owner),
    )
    return {row[0]: Blob(*row) for row in await cursor.fetchall()}


async def pin_any(connection: Connection, blob_ids: Sequence[str], *, now: int) -> set[str]:
    """Note that a message is going to refer to blobs, whoever brought them; return those that are there."""
    cursor = await connection.execute(
        "UPDATE blobs SET pinned_at = %s WHERE blob_id = ANY(%s::text[]) AND state = 'ready' RETURNING blob_id",
        (now, Texts(blob_ids)),
    )
    return {row[0] for row in await cursor.fetchall()}


async def seen_by(connection: Connection, blob_id: str, reader: str) -> Attachment | None:
    """Return the reference to a blob from an entry that the reader may see; None if there is none."""
    cursor = await connection.execute(f"{_REFERRING} AND m.user_id = %s", (blob_id, reader))
    for row in await cursor.fetchall():
        entry = entry_of(row[:_WIDTH])
        if member_of(row[_WIDTH:]).may_see(entry.seq):
            return next(one for one in attachments_of(entry.body) if one.blob_id == blob_id)
    return None


async def seen_in(connection: Connection, blob_id: str, region: str) -> bool:
    """Whether somebody who lives in that region may see a blob; of a channel's posts every region with a subscriber may.

    A region knows a channel's subscribers of its own alone, unless it owns the channel; the state says where there are any.
    """
    cursor = await connection.execute(_PLAINLY, (blob_id, region))
    if await cursor.fetchone() is not None:
        return True
    cursor = await connection.execute(_CHANNELS, (blob_id,))
    for (encoded,) in await cursor.fetchall():
        channel = decode_details(encoded).channel
        if channel is not None and any(presence.region == region for presence in channel.regions):
            return True
    after = ("", 0, "")
    while True:
        cursor = await connection.execute(_PARTLY, (blob_id, region, *after, _AT_ONCE))
        rows = await cursor.fetchall()
        if any(not runs.holds(runs.read(hidden), seq) for _, seq, _, hidden in rows):
            return True
        if len(rows) < _AT_ONCE:
            return False
        after = rows[-1][:3]


async def orphans(connection: Connection, *, begun: int, pinned: int, most: int) -> list[Blob]:
    """Return blobs that nobody can ever see: begun before then and not completed, refused, or neither referred to by any message nor anybody's picture.

    A copy of another region's that is neither here goes as well; it was somebody's picture there, and is fetched anew if it still is.

    Args:
        connection: Where.
        begun: Microseconds since the epoch; what was changed after that is left alone.
        pinned: Likewise; a message was sent after that which may not have been numbered yet. One that still waits keeps all of its author's.
        most: How many to return.
    """
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM blobs b WHERE state = 'removing'"
        " OR (state IN ('uploading', 'refused') AND updated_at < %s)"
        " OR (state = 'ready' AND updated_at < %s AND pinned_at < %s"
        "     AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.blob_id = b.blob_id)"
        "     AND NOT EXISTS (SELECT 1 FROM pictures i WHERE i.blob_id = b.blob_id)"
        "     AND (pinned_at = 0 OR NOT EXISTS (SELECT 1 FROM pendings p WHERE p.author = b.owner)))"
        " ORDER BY updated_at LIMIT %s",
        (begun, begun, pinned, most),
    )
    return [Blob(*row) for row in await cursor.fetchall()]


async def condemn(connection: Connection, blob_id: str, *, pinned: int) -> bool:
    """Mark an orphan as to be removed, unless a message refers to it by now; return whether it is."""
    cursor = await connection.execute(
        "UPDATE blobs SET state = 'removing' WHERE blob_id = %s AND state IN ('uploading', 'refused', 'ready', 'removing')"
        " AND (state <> 'ready' OR pinned_at < %s)",
        (blob_id, pinned),
    )
    return cursor.rowcount > 0


async def forget(connection: Connection, blob_id: str) -> None:
    """Forget a blob whose objects are gone."""
    await connection.execute("DELETE FROM blobs WHERE blob_id = %s AND state = 'removing'", (blob_id,))
