"""What a projector put out: one batch a transaction, densely numbered by position within a journal partition.

Fan-out follows the batches to tell devices; the forwarder follows the relay rows, which refer to positions in them. So
what crosses the sea is written once, whatever the number of destinations.
"""

from typing import Final

import msgspec

from replication.codec import DAMAGE, VERSION, UndecodableRecordError
from replication.records import Stream

NUDGES: Final = "outputs"
"""Redis channel on which a projector says, after each commit, how far its partitions have come; a hint, never relied upon."""


class Output(msgspec.Struct, frozen=True, array_like=True):
    """One outcome of a batch.

    Attributes:
        position: Its number in the output of the partition; dense, from 1.
        record: The encoded record: an entry, a refusal, a mark, an opening, an outcome, or a submission that is pending.
        users: Users at home here whose devices are told.
        reply_to: The gateway instance that waits for it; empty if none does.
        known: Whether it repeats the outcome of an earlier submission.
        version: Of the codec that encoded the record.
        trace: The `traceparent` by which its trace goes on; empty if it is not traced.
    """

    position: int
    record: msgspec.Raw
    users: tuple[str, ...] = ()
    reply_to: str = ""
    known: bool = False
    version: int = VERSION
    trace: str = ""


class Batch(msgspec.Struct, frozen=True):
    """What one transaction put out in one partition.

    Attributes:
        partition: The journal partition.
        first: Position of the first output.
        last: Position of the last output.
        outputs: The outputs, in order; (first, last) covers them exactly. Of one that is damaged there are none.
        committed_at: When the projector wrote it, microseconds since the epoch.
        damaged: Whether its stored bytes cannot be read.
    """

    partition: int
    first: int
    last: int
    outputs: tuple[Output, ...]
    committed_at: int
    damaged: bool = False


class RelayRow(msgspec.Struct, frozen=True):
    """A run of sequences in a stream, and the positions of what they carry.

    Attributes:
        stream: The stream.
        first: The first sequence of the run.
        positions: The output position of each sequence of the run, in order, all of one batch.
        batch_first: Position of the first output of that batch.
    """

    stream: Stream
    first: int
    positions: tuple[int, ...]
    batch_first: int


class StoredRun(msgspec.Struct, frozen=True):
    """A relay row as the store has it, and what of it can still be read.

    Attributes:
        first: The first sequence.
        last: The last sequence.
        outputs: What each sequence carries, in order; none if their batch is gone or damaged.
    """

    first: int
    last: int
    outputs: tuple[Output, ...]


class Nudge(msgspec.Struct, frozen=True):
    """What a projector tells on `NUDGES`, as MessagePack, after a commit.

    Attributes:
        positions: Partition to its last output position.
        destinations: Regions that were given relay rows by this commit; forwarders of others sleep on.
    """

    positions: dict[int, int]
    destinations: tuple[str, ...] = ()


_outputs_encoder = msgspec.msgpack.Encoder()
_outputs_decoder = msgspec.msgpack.Decoder(tuple[Output, ...])


def encode_outputs(outputs: tuple[Output, ...]) -> bytes:
    """Return the bytes that the store keeps of a batch's outputs."""
    return _outputs_encoder.encode(outputs)


def decode_outputs(data: bytes) -> tuple[Output, ...]:
    """Read the outputs of a stored batch; their records stay encoded.

    Raises:
        UndecodableRecordError: The stored bytes are damaged.
    """
    try:
        return _outputs_decoder.decode(data)
    except DAMAGE as error:
        raise UndecodableRecordError(reason=str(error)) from error
