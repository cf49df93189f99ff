"""When as much of an origin is aside as may be, nothing more is read of it that would have to wait, whatever for; the rest goes on."""

from types import SimpleNamespace
from typing import cast

from infra.health import Health
from infra.kafka import Consumer, Record
from relay.ingester import shelf as shelves
from relay.ingester.asking import Asking
from relay.ingester.intake import Append, Intake
from relay.ingester.lane import Lane
from relay.ingester.reader import Reader
from relay.ingester.repairer import Repairer
from replication.codec import encode, encode_record
from replication.ids import direct_conversation_id, message_id
from replication.poison.records import Kind
from replication.progress import Taken
from replication.records import MessageSent, Relayed, Stream, Submission, Via
from replication.repair.pages import Page, Want

AUTHOR, FRIEND = "u" + "1" * 24 + "-us", "u" + "0" * 24 + "-eu"
CONVERSATION = direct_conversation_id(AUTHOR, FRIEND)
STREAM = Stream("us", 1, 1, "eu", 2)


def record(sequence: int, *, home_epoch: int = 1) -> bytes:
    """Return a relayed submission; of a home epoch that nobody here knows, if it is above 1: any origin can make one up."""
    submission = Submission(
        id=message_id(AUTHOR, CONVERSATION, str(sequence)),
        author=AUTHOR,
        home="us",
        home_epoch=home_epoch,
        body=MessageSent(recipient_id=FRIEND, client_message_id=str(sequence), text="hello"),
        submitted_at=5,
        conversation_id=CONVERSATION,
    )
    return encode(Relayed(via=Via(STREAM, sequence, sequence), record=encode_record(submission), forwarded_at=7))


def lane() -> Lane:
    """Return a lane that has had nothing yet."""
    return Lane(Intake("us", "eu", partitions=8), 2, Taken(), 0)


async def test_a_partition_stands_at_what_would_have_to_wait() -> None:
    """It is neither taken in nor put aside, and the partition is read again from there."""
    told: list[tuple[str, int]] = []
    consumer = SimpleNamespace(
        seek=lambda _, offset: told.append(("seek", offset)), pause=lambda partition: told.append(("pause", partition))
    )
    reader = Reader(
        Intake("us", "eu", 8),
        kafka="",
        health=Health(),
        repairer=Repairer("us", "", here="eu"),
        asking=Asking(patience=1, retry=1),
        shelf=cast("shelves.Shelf", SimpleNamespace(full=True)),
    )
    here = reader._lanes[2] = lane()  # noqa: SLF001 — as it makes them of what was committed
    values = [record(1), record(2, home_epoch=2), record(3)]
    batch = [Record(2, offset, 0, None, value) for offset, value in enumerate(values)]
    appends: list[Append] = []

    reader._take_partition(cast("Consumer", consumer), 2, batch, appends)  # noqa: SLF001 — what it does with a batch of Kafka's

    assert len(appends) == 1
    assert told == [("seek", 1), ("pause", 2)]
    assert here.next == 1
    assert reader._standing == {2}  # noqa: SLF001 — which health and metrics tell
    assert reader._poison == []  # noqa: SLF001 — nothing more is put aside


def test_what_would_have_to_wait_stays_a_hole_when_it_comes_in_an_answer() -> None:
    """An origin cannot fill the store by its answers either; the hole is asked for again, when there may be room."""
    here = lane()
    here.take(record(3), 0, now=9, clock=0.0)

    page = Page(2, (record(1, home_epoch=2), record(2)))
    came = here.answered(Want(STREAM, 1, 2), page, now=9, clock=1.0, full=True)

    assert came.poison == []
    assert sum(isinstance(judged.step, Append) for judged in came.judged) == 2
    assert [holes for _, holes in here.holes()] == [((1, 1),)]
    page = Page(1, (record(1, home_epoch=2),))
    came = here.answered(Want(STREAM, 1, 1), page, now=9, clock=2.0)
    assert [poison.kind for poison in came.poison] == [Kind.NEWER]
    assert not list(here.holes())
