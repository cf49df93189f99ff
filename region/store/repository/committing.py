"""A judged batch in one transaction, fenced by the journal offset: who lost its partitions to another writes nothing."""

import time
from collections.abc import Collection, Mapping, Sequence

import psycopg
from psycopg import AsyncRawCursor
from psycopg.rows import TupleRow

from infra.errors import CausewayError
from infra.postgres import Connection
from region.store.arrays import Byteas, Int8s, Texts
from region.store.names import NAME, starts_of
from region.store.repository import preferences
from region.store.repository.aftermaths import write_aftermaths
from region.store.repository.concealed import write_concealed
from region.store.repository.hot import write
from region.store.repository.moderation import write_moderation
from region.store.repository.pictures import write_pictures
from region.store.repository.restraints import write_restraints
from region.store.rows import User
from region.store.writes import Move, Writes
from replication.poison import repository as poison
from replication.poison.keeping import choose
from replication.poison.records import ROOM, Poison, Room
from replication.records import Entry, Refusal, attachments_of


class FencedError(CausewayError):
    """Another projector has moved partition {partition} on; what this one knew is stale. It starts over from the store."""

    code = "fenced"
    definite = True


async def commit(
    connection: Connection, moves: Collection[Move], writes: Writes, *, room: Room = ROOM
) -> tuple[Entry, ...]:
    """Write a batch, all of it or nothing, in one round trip as a rule; return entries that nobody here has submitted, though their authors live here.

    Args:
        connection: To the store, in autocommit mode.
        moves: How far it takes each partition.
        writes: What it came to.
        room: How much of it may be put aside for good; see `replication.poison.keeping`.

    Raises:
        FencedError: A partition is not where the projector believed it to be; nothing was written.
        psycopg.Error: Nothing was written, unless the connection was lost while committing.
    """
    now = time.time_ns() // 1000
    try:
        if not writes.rare:
            return await _made_up(writes, await write(connection, moves, writes, now))
        aside = await choose(connection, writes.poison, room=room) if writes.poison else []
        async with connection.pipeline(), connection.transaction():
            written = await write(connection, moves, writes, now)
            await _write_attachments(connection, writes)
            await write_aftermaths(connection, writes)
            await _write_refusals(connection, writes, now)
            await _write_accounts(connection, writes)
            await preferences.write(connection, writes.preferences.values())
            await write_concealed(connection, writes.concealed.values())
            await _write_listed(connection, writes)
            await write_pictures(connection, writes.pictured)
            await _write_rarities(connection, writes, aside, now)
        return await _made_up(writes, written)
    except psycopg.errors.DivisionByZero as error:
        raise FencedError(partition=", ".join(str(m.before.partition) for m in moves)) from error


async def _made_up(writes: Writes, written: AsyncRawCursor[TupleRow]) -> tuple[Entry, ...]:
    if not writes.claimed:
        return ()
    row = await written.fetchone()
    assert row is not None
    pending = set(row[1])
    return tuple(entry for name, entry in writes.claimed.items() if name not in pending)


async def _write_attachments(connection: Connection, writes: Writes) -> None:
    rows = [
        (one.blob_id, entry.conversation_id, entry.seq)
        for entry, _ in writes.entries
        for one in attachments_of(entry.body)
    ]
    if rows:
        await connection.execute(
            "INSERT INTO attachments (blob_id, conversation_id, seq)"
            " SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[])",
            (Texts(row[0] for row in rows), Texts(row[1] for row in rows), Int8s(row[2] for row in rows)),
        )


async def _write_refusals(connection: Connection, writes: Writes, now: int) -> None:
    if writes.refusals:
        await connection.execute(_INSERT_REFUSALS, _refusal_arrays(writes.refusals, now))


_INSERT_REFUSALS = """
    INSERT INTO refusals (message_id, conversation_id, author, client_message_id, code, detail, content_hash, epoch, position, refused_at)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bytea[], %s::bigint[], %s::bigint[], %s::bigint[])
    ON CONFLICT (message_id) DO NOTHING
"""


def _refusal_arrays(refusals: Mapping[str, tuple[Refusal, int]], now: int) -> tuple[object, ...]:
    rows = [refusal for refusal, _ in refusals.values()]
    return (
        Texts(refusals),
        Texts(r.conversation_id for r in rows),
        Texts(r.author for r in rows),
        Texts(r.client_message_id for r in rows),
        Texts(r.code for r in rows),
        Texts(r.detail for r in rows),
        Byteas(r.content_hash for r in rows),
        Int8s(r.epoch for r in rows),
        Int8s(position for _, position in refusals.values()),
        Int8s([now] * len(rows)),
    )


async def _write_accounts(connection: Connection, writes: Writes) -> None:
    if writes.users:
        await connection.cursor().executemany(
            "INSERT INTO users (user_id, handle, folded_handle, display_name, password_hash, reservation, home_epoch, confirmed, created_at,"
            " status_text, findable, picture) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (user_id) DO UPDATE SET confirmed = users.confirmed OR excluded.confirmed, password_hash = excluded.password_hash,"
            " display_name = excluded.display_name, status_text = excluded.status_text, findable = excluded.findable,"
            " picture = excluded.picture",
            [
                (
                    u.user_id,
                    u.handle,
                    u.handle.casefold(),
                    u.display_name,
                    u.password_hash,
                    u.reservation,
                    u.home_epoch,
                    u.confirmed,
                    u.created_at,
                    u.status_text,
                    u.findable,
                    u.picture,
                )
                for u in writes.users.values()
            ],
        )
    if writes.renamed:
        await _write_starts(connection, [writes.users[user_id] for user_id in sorted(writes.renamed)])
    if writes.devices:
        await connection.cursor().executemany(
            "INSERT INTO devices (user_id, device_id, name, family, generation, created_at, revoked_at, refreshed_at, revoked_why, repeated)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (user_id, device_id) DO UPDATE SET generation = excluded.generation, revoked_at = excluded.revoked_at,"
            " refreshed_at = excluded.refreshed_at, revoked_why = excluded.revoked_why, repeated = excluded.repeated",
            [
                (
                    d.user_id,
                    d.device_id,
                    d.name,
                    d.family,
                    d.generation,
                    d.created_at,
                    d.revoked_at,
                    d.refreshed_at,
                    d.revoked_why,
                    d.repeated,
                )
                for d in writes.devices.values()
            ],
        )


async def _write_listed(connection: Connection, writes: Writes) -> None:
    """Write anew where searches for these channels begin: nowhere for those that are not public, or that everybody has left."""
    if not writes.listed:
        return
    await connection.execute("DELETE FROM channel_starts WHERE channel_id = ANY(%s::text[])", (Texts(writes.listed),))
    rows = [
        (start.text.encode(), channel_id)
        for channel_id, channel in writes.listed.items()
        if channel.details.channel is not None and channel.details.channel.is_open
        for start in starts_of("", channel.details.name)
        if start.kind == NAME
    ]
    if rows:
        await connection.cursor().executemany("INSERT INTO channel_starts (text, channel_id) VALUES (%s, %s)", rows)


async def _write_starts(connection: Connection, users: list[User]) -> None:
    """Write anew where searches for these users begin: nowhere for those who do not want to be found."""
    ids = Byteas(user.user_id.encode() for user in users)
    await connection.execute("DELETE FROM user_starts WHERE user_id = ANY(%s::bytea[])", (ids,))
    rows = [
        (start.kind, start.length, start.text.encode(), user.user_id.encode())
        for user in users
        if user.findable and user.confirmed
        for start in starts_of(user.handle, user.display_name)
    ]
    if rows:
        await connection.cursor().executemany(
            "INSERT INTO user_starts (kind, length, text, user_id) VALUES (%s, %s, %s, %s)", rows
        )


async def _write_rarities(connection: Connection, writes: Writes, aside: Sequence[Poison], now: int) -> None:
    if writes.revealed:
        await connection.execute(
            "UPDATE entries e SET position = r.position"
            " FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS r(conversation_id, seq, position)"
            " WHERE e.conversation_id = r.conversation_id AND e.seq = r.seq",
            (
                Texts(conversation_id for conversation_id, _ in writes.revealed),
                Int8s(seq for _, seq in writes.revealed),
                Int8s(writes.revealed.values()),
            ),
        )
    if writes.removed:
        gone = (Texts(writes.removed),)
        await connection.execute("DELETE FROM members WHERE conversation_id = ANY(%s::text[])", gone)
        await connection.execute("DELETE FROM conversations WHERE conversation_id = ANY(%s::text[])", gone)
    await write_moderation(connection, writes.moderation, now=now)
    await write_restraints(connection, writes.blocks, writes.writers, now=now)
    if aside:
        await poison.put_aside(connection, aside, now=now)
    if writes.replayed:
        await poison.note_replayed(connection, writes.replayed, now=now)
