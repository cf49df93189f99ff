"""What a forwarder sends for relay rows, and where that leaves it."""

import msgspec

from relay.forwarder.plan import HEARTBEAT_SECONDS, LARGEST, plan_heartbeats, plan_runs
from replication.codec import decode_relayed
from replication.outputs import Output
from replication.records import Stream, Via
from replication.repository import Place, Run

STREAM = Stream("us", 1, 1, "eu", 2)
LANE = ("eu", 2)


def run(first: int, count: int, stream: Stream = STREAM) -> Run:
    """Return a run whose outputs have ten times the sequence as position."""
    outputs = tuple(Output((first + n) * 10, msgspec.Raw(b"\x01")) for n in range(count))
    return Run(stream, first, first + count - 1, outputs)


def test_runs_become_numbered_records_in_order() -> None:
    """Sequence and output position travel with the record, which itself is not touched."""
    plan = plan_runs({LANE: Place("eu", 2, 1, 1, 3)}, [run(4, 2), run(6, 1)], now=99)

    relayed = [decode_relayed(sending.value) for sending in plan.sendings]
    assert [message.via for message in relayed] == [Via(STREAM, n, n * 10) for n in (4, 5, 6)]
    assert {message.forwarded_at for message in relayed} == {99}
    assert plan.places == {LANE: Place("eu", 2, 1, 1, 6)}
    assert plan.gaps == ()


def test_a_record_goes_out_with_the_version_that_it_was_put_out_with() -> None:
    """Rows that were written before an upgrade are forwarded after it."""
    outputs = tuple(Output(n, msgspec.Raw(b"\x01"), version=version) for n, version in ((1, 0), (2, 1)))
    plan = plan_runs({LANE: Place("eu", 2, 1, 1, 0)}, [Run(STREAM, 1, 2, outputs)], now=99)

    assert [msgspec.msgpack.decode(sending.value[1:])["version"] for sending in plan.sendings] == [0, 1]


def test_a_new_term_begins_at_one() -> None:
    """An older stream is drained first, then the next begins; that is no gap."""
    later = msgspec.structs.replace(STREAM, epoch=2)

    plan = plan_runs({LANE: Place("eu", 2, 1, 1, 3)}, [run(4, 1), run(1, 2, later)], now=99)

    assert plan.places == {LANE: Place("eu", 2, 1, 2, 2)}
    assert plan.gaps == ()


def test_missing_rows_are_noticed_and_passed() -> None:
    """The ingester will see the gap too; nothing that is there is held back."""
    plan = plan_runs({LANE: Place("eu", 2, 1, 1, 3)}, [run(7, 1)], now=99)

    assert plan.gaps == (LANE,)
    assert len(plan.sendings) == 1


def test_a_record_that_no_topic_takes_is_passed_over() -> None:
    """It would fail, for ever, all that is sent with it; the ingester sees a gap, and what follows it goes on."""
    outputs = (Output(10, msgspec.Raw(b"\x01")), Output(20, msgspec.Raw(msgspec.msgpack.encode(b"x" * LARGEST))))
    plan = plan_runs({LANE: Place("eu", 2, 1, 1, 3)}, [Run(STREAM, 4, 5, outputs), run(6, 1)], now=99)

    assert [decode_relayed(sending.value).via.sequence for sending in plan.sendings] == [4, 6]
    assert plan.oversized == (Via(STREAM, 5, 20),)
    assert plan.places == {LANE: Place("eu", 2, 1, 1, 6)}


def test_lanes_do_not_mix() -> None:
    """Each destination and partition has a place of its own."""
    other = msgspec.structs.replace(STREAM, destination="ap")

    plan = plan_runs({LANE: Place("eu", 2), ("ap", 2): Place("ap", 2)}, [run(1, 1, other), run(1, 2)], now=99)

    assert plan.places == {LANE: Place("eu", 2, 1, 1, 2), ("ap", 2): Place("ap", 2, 1, 1, 1)}


def test_idle_streams_send_heartbeats_with_their_last_sequence() -> None:
    """A stream that never began has nothing to tell, and a busy one needs none."""
    places = [Place("eu", 0, 1, 1, 9), Place("eu", 1, 1, 1, 5), Place("eu", 2)]

    beats = plan_heartbeats("us", places, {("eu", 1): 98.0}, clock=100.0, now=7)

    assert [(beat.destination, beat.partition) for beat in beats] == [("eu", 0)]
    beat = decode_relayed(beats[0].value)
    assert beat.is_heartbeat
    assert beat.via == Via(Stream("us", 1, 1, "eu", 0), 9, 0)
    assert plan_heartbeats("us", places[:1], {("eu", 0): 100.0 - HEARTBEAT_SECONDS}, clock=100.0, now=7)


def test_a_batch_that_cannot_be_read_is_passed_over_and_told() -> None:
    """What follows goes on with its own sequences, so that the destination sees what is missing."""
    damaged = Run(STREAM, 4, 6, ())

    plan = plan_runs({LANE: Place("eu", 2, 1, 1, 3)}, [damaged, run(7, 1)], now=99)

    assert [decode_relayed(sending.value).via.sequence for sending in plan.sendings] == [7]
    assert plan.places == {LANE: Place("eu", 2, 1, 1, 7)}
    assert plan.damaged == (damaged,)
    assert plan.gaps == ()


def test_a_damaged_batch_at_the_end_is_revealed_by_the_heartbeat() -> None:
    """Nothing may follow for long."""
    plan = plan_runs({LANE: Place("eu", 2, 1, 1, 3)}, [Run(STREAM, 4, 6, ())], now=99)

    [beat] = plan_heartbeats("us", plan.places.values(), {}, clock=HEARTBEAT_SECONDS, now=99)
    assert decode_relayed(beat.value).via.sequence == 6
