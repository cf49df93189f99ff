"""SQL that reads outputs and relay rows, and keeps the progress of those who follow them, in the caller's transaction.

A region's store has the tables, and writes them in the one statement of each batch.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from infra.postgres import Connection
from replication.codec import UndecodableRecordError
from replication.outputs import Batch, Output, StoredRun, decode_outputs
from replication.records import Stream


@dataclass(frozen=True, slots=True)
class StreamHead:
    """How many sequences a stream has been given.

    Attributes:
        stream: The stream.
        last: Its last sequence; 0 before the first.
    """

    stream: Stream
    last: int


@dataclass(frozen=True, slots=True)
class Place:
    """How far a forwarder has come with what goes to a destination from a partition.

    Attributes:
        destination: The destination.
        partition: The journal partition.
        incarnation: Of the stream that it is in.
        epoch: Of the stream that it is in.
        sequence: The last sequence that the relay topic has; always the last of a relay row's run, or 0.
    """

    destination: str
    partition: int
    incarnation: int = 0
    epoch: int = 0
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """A relay row, and what its sequences carry.

    Attributes:
        stream: The stream.
        first: The first sequence.
        last: The last sequence.
        outputs: What each sequence carries, in order; none if their batch is gone or damaged.
        batch_first: Position of the first output of that batch.
    """

    stream: Stream
    first: int
    last: int
    outputs: tuple[Output, ...]
    batch_first: int = 0


async def stream_heads(connection: Connection, *, origin: str, incarnation: int, epoch: int) -> list[StreamHead]:
    """Return the heads of all streams of that incarnation and epoch that have any sequence."""
    cursor = await connection.execute(
        "SELECT destination, partition, max(last) FROM relay_rows WHERE incarnation = %s AND epoch = %s GROUP BY destination, partition",
        (incarnation, epoch),
    )
    return [
        StreamHead(Stream(origin, incarnation, epoch, destination, partition), last)
        for destination, partition, last in await cursor.fetchall()
    ]


async def batches_following(
    connection: Connection, positions: Mapping[int, int], *, most: int, size: int
) -> tuple[list[Batch], bool]:
    """Return the batches above each partition's position, in order, and whether these are all; one query serves all partitions.

    A batch that is damaged is returned as such, without outputs: it must not hold up those after it.

    Args:
        connection: Where.
        positions: Partition to position.
        most: How many batches of each partition at most.
        size: Bytes of each partition: with so many, no further batch of it is read.
    """
    cursor = await connection.execute(
        "SELECT o.partition, o.first, o.last, o.committed_at, o.payload"
        " FROM unnest(%s::int[], %s::bigint[]) AS place (partition, position)"
        " CROSS JOIN LATERAL (SELECT *, sum(octet_length(payload)) OVER (ORDER BY first) - octet_length(payload) AS before FROM ("
        "   SELECT partition, first, last, committed_at, payload FROM outputs"
        "   WHERE outputs.partition = place.partition AND outputs.first > place.position ORDER BY first LIMIT %s) x) o"
        " WHERE o.before < %s ORDER BY o.partition, o.first",
        (list(positions), list(positions.values()), most, size),
        binary=True,
    )
    rows = await cursor.fetchall()
    read = Counter[int]()
    for partition, *_, payload in rows:
        read[partition] += len(payload)
    whole = len(rows) < most and all(bytes_ < size for bytes_ in read.values())
    return [_batch(*row) for row in rows], whole


def _batch(partition: int, first: int, last: int, committed_at: int, payload: bytes) -> Batch:
    try:
        return Batch(partition, first, last, decode_outputs(payload), committed_at)
    except UndecodableRecordError:
        return Batch(partition, first, last, (), committed_at, damaged=True)


async def runs_after(
    connection: Connection, places: Sequence[Place], *, origin: str, most: int, size: int
) -> tuple[list[Run], bool]:
    """Return what follows each place, and whether that is all: the rest of its stream, then the streams of later terms.

    Runs of a destination and partition are in order; one query serves all places, and reads nothing before them. What a
    damaged batch carried is returned as a run without outputs: it must not hold up those after it.

    Args:
        connection: Where.
        places: How far each has come.
        origin: This region.
        most: How many runs of each at most.
        size: Bytes of the batches that the runs of each refer to: with so many, no further run of it is read.
    """
    cursor = await connection.execute(
        "SELECT r.destination, r.partition, r.incarnation, r.epoch, r.first, r.last, r.positions, r.batch_first, r.payload"
        " FROM unnest(%s::text[], %s::int[], %s::int[], %s::int[], %s::bigint[])"
        "   AS place (destination, partition, incarnation, epoch, sequence)"
        " CROSS JOIN LATERAL (SELECT x.*, o.payload,"
        "    coalesce(sum(octet_length(o.payload)) OVER (ORDER BY x.incarnation, x.epoch, x.first), 0)"
        "    - coalesce(octet_length(o.payload), 0) AS before FROM ("
        "   SELECT destination, partition, incarnation, epoch, first, last, positions, batch_first FROM relay_rows"
        "   WHERE relay_rows.destination = place.destination AND relay_rows.partition = place.partition"
        "   AND (relay_rows.incarnation, relay_rows.epoch, relay_rows.first) > (place.incarnation, place.epoch, place.sequence)"
        "   ORDER BY incarnation, epoch, first LIMIT %s) x"
        "   LEFT JOIN outputs o ON o.partition = x.partition AND o.first = x.batch_first) r"
        " WHERE r.before < %s ORDER BY r.destination, r.partition, r.incarnation, r.epoch, r.first",
        (
            [place.destination for place in places],
            [place.partition for place in places],
            [place.incarnation for place in places],
            [place.epoch for place in places],
            [place.sequence for place in places],
            most,
            size,
        ),
        binary=True,
    )
    found: list[Run] = []
    read = Counter[tuple[str, int]]()
    for (
        destination,
        partition,
        incarnation,
        epoch,
        first,
        last,
        positions,
        batch_first,
        payload,
    ) in await cursor.fetchall():
        read[destination, partition] += len(payload or b"")
        stream = Stream(origin, incarnation, epoch, destination, partition)
        found.append(Run(stream, first, last, _carried(positions, payload), batch_first))
    return found, len(found) < most and all(bytes_ < size for bytes_ in read.values())


async def runs_within(
    connection: Connection, stream: Stream, *, first: int, last: int, most: int, bytes_: int
) -> tuple[list[StoredRun], bool]:
    """Return the relay rows of a stream that overlap a range of sequences, in order, and whether these are all of them.

    Args:
        connection: Where.
        stream: The stream.
        first: The first sequence of the range.
        last: The last.
        most: How many rows at most.
        bytes_: Of the batches that the rows refer to: once there are so many, no further row is read.
    """
    cursor = await connection.execute(
        "SELECT first, last, positions, payload, number FROM ("
        "  SELECT r.first, r.last, r.positions, o.payload, count(*) OVER () AS number,"
        "   sum(octet_length(o.payload)) OVER (ORDER BY r.first) - octet_length(o.payload) AS before FROM ("
        "    SELECT partition, first, last, positions, batch_first FROM relay_rows"
        "    WHERE destination = %(destination)s AND partition = %(partition)s"
        "     AND incarnation = %(incarnation)s AND epoch = %(epoch)s AND first >= coalesce(("
        "       SELECT max(first) FROM relay_rows WHERE destination = %(destination)s AND partition = %(partition)s"
        "       AND incarnation = %(incarnation)s AND epoch = %(epoch)s AND first <= %(first)s), 0)"
        "     AND first <= %(last)s AND last >= %(first)s ORDER BY first LIMIT %(most)s) r"
        "   LEFT JOIN outputs o ON o.partition = r.partition AND o.first = r.batch_first) x"
        " WHERE coalesce(before, 0) < %(bytes)s ORDER BY first",
        {**msgspec.structs.asdict(stream), "first": first, "last": last, "most": most, "bytes": bytes_},
        binary=True,
    )
    rows = await cursor.fetchall()
    runs = [StoredRun(first_, last_, _carried(positions, payload)) for first_, last_, positions, payload, _ in rows]
    return runs, not rows or len(rows) == rows[0][4] < most


def _carried(positions: Sequence[int], payload: bytes | None) -> tuple[Output, ...]:
    """Return what a relay row refers to; nothing if that is gone or damaged."""
    if payload is None:
        return ()
    try:
        by_position = {output.position: output for output in decode_outputs(payload)}
        return tuple(by_position[position] for position in positions)
    except (UndecodableRecordError, KeyError):
        return ()


async def forwarder_places(connection: Connection) -> list[Place]:
    """Return how far forwarders have come: for each destination and partition, in the latest term."""
    cursor = await connection.execute("SELECT name, partition, position FROM followers WHERE name LIKE 'forwarder/%'")
    latest: dict[tuple[str, int], Place] = {}
    for name, partition, position in await cursor.fetchall():
        _, destination, incarnation, epoch = name.split("/")
        place = Place(destination, partition, int(incarnation), int(epoch), position)
        known = latest.setdefault((destination, partition), place)
        if (known.incarnation, known.epoch) < (place.incarnation, place.epoch):
            latest[destination, partition] = place
    return list(latest.values())


async def save_forwarder(connection: Connection, places: Sequence[Place], *, now: int) -> None:
    """Keep how far a forwarder has come; now in microseconds since the epoch."""
    reached = {
        (f"forwarder/{one.destination}/{one.incarnation}/{one.epoch}", one.partition): one.sequence for one in places
    }
    await _save(connection, reached, now=now)


async def follower_positions(connection: Connection, name: str) -> dict[int, int]:
    """Return how far a follower has come, by partition."""
    cursor = await connection.execute("SELECT partition, position FROM followers WHERE name = %s", (name,))
    return dict(await cursor.fetchall())


async def save_follower(connection: Connection, name: str, positions: dict[int, int], *, now: int) -> None:
    """Keep how far a follower has come; positions never go back.

    Args:
        connection: Where.
        name: The follower.
        positions: Partition to position (or, for a forwarder, to stream sequence).
        now: Microseconds since the epoch.
    """
    await _save(connection, {(name, partition): position for partition, position in positions.items()}, now=now)


async def _save(connection: Connection, reached: Mapping[tuple[str, int], int], *, now: int) -> None:
    """One statement: whoever is paused has told all of it or nothing, and keeps no row from who goes on meanwhile."""
    places = sorted(reached)
    await connection.execute(
        "INSERT INTO followers (name, partition, position, updated_at)"
        " SELECT name, partition, position, %s FROM unnest(%s::text[], %s::int[], %s::bigint[]) AS place (name, partition, position)"
        " ON CONFLICT (name, partition) DO UPDATE SET position = greatest(followers.position, excluded.position), updated_at = excluded.updated_at",
        (
            now,
            [name for name, _ in places],
            [partition for _, partition in places],
            [reached[place] for place in places],
        ),
    )
