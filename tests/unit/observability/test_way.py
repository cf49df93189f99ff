"""The way of a message, put together from what gateways tell."""

import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from infra.observability.places import UnreadableAdminError, read_admins
from infra.observability.trace.answers import Asked, Trace
from infra.observability.trace.show import drawn
from infra.observability.trace.way import Way, way_of

MESSAGE = "m" + "0" * 35 + "-eu"
CONVERSATION = "d" + "0" * 32 + "-eu"
HERE = Trace(
    region="us",
    instance="us/front",
    state="entry",
    conversation_id=CONVERSATION,
    seq=4,
    hops=(("us.gateway", 1_000_000), ("us.projector", 1_004_000)),
    accepted_at=1_002_000,
    published_at=1_007_000,
    delivered_at=1_008_000,
    devices=2,
    received=True,
)
THERE = Trace(
    region="eu",
    instance="eu/front",
    state="entry",
    conversation_id=CONVERSATION,
    seq=4,
    hops=(
        *(("us.gateway", 1_000_000), ("us.projector", 1_004_000), ("us.forwarder", 1_006_000)),
        *(("eu.ingester", 1_026_000), ("eu.projector", 1_030_000)),
    ),
    published_at=1_032_000,
    delivered_at=1_033_000,
    devices=1,
    had_at=1_040_000,
    received=True,
)
BACK = Trace(
    region="us",
    instance="us/front",
    state="entry",
    conversation_id=CONVERSATION,
    seq=4,
    hops=(*THERE.hops, ("eu.forwarder", 1_031_000), ("us.ingester", 1_050_000), ("us.projector", 1_053_000)),
    accepted_at=1_002_000,
)


def stretches(way: Way) -> list[tuple[str, str, float]]:
    """From, to and milliseconds of each step that somebody knows."""
    return [(step.source, step.target, step.milliseconds) for step in way.steps if step.milliseconds is not None]


def unknown(way: Way) -> list[tuple[str, str]]:
    """From and to of each step that nobody knows."""
    return [(step.source, step.target) for step in way.steps if step.milliseconds is None]


def shown(way: Way) -> str:
    """What a terminal shows."""
    console = Console(file=io.StringIO(), width=160, highlight=False)
    console.print(drawn(way))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_inside_one_region() -> None:
    """From the gateway over journal, projector and fan-out to the devices."""
    way = way_of(MESSAGE, Asked((HERE,)))

    assert stretches(way) == [
        ("us.gateway", "us.journal", 2.0),
        ("us.gateway", "us.projector", 4.0),
        ("us.projector", "us.fanout", 3.0),
        ("us.fanout", "us.delivery", 1.0),
    ]
    assert (way.state, way.warnings) == ("delivered", ())
    assert "us after 8.0 ms" in shown(way)
    assert unknown(way) == [("author.device", "us.gateway"), ("us.delivery", "us.device")]
    assert all(
        text in shown(way) for text in ("?", "unknown: no mark of a device was seen", "2 of 6 steps are unknown")
    )


def test_steps_that_run_side_by_side_are_said_to() -> None:
    """A gateway may see the journal's acknowledgement long after the projector has judged."""
    late = replace(HERE, accepted_at=1_102_700)
    never = replace(HERE, accepted_at=0, published_at=0)

    assert stretches(way_of(MESSAGE, Asked((late,))))[:2] == [
        ("us.gateway", "us.journal", 102.7),
        ("us.gateway", "us.projector", 4.0),
    ]
    assert "run beside the others" in shown(way_of(MESSAGE, Asked((late,))))
    assert "beside the next" in shown(way_of(MESSAGE, Asked((late,))))
    assert "run beside" not in shown(way_of(MESSAGE, Asked((never,))))


def test_who_tells_what_is_said() -> None:
    """Hops stand in a store; what gateways saw they remember; of devices nobody tells."""
    way = way_of(MESSAGE, Asked((HERE,)))

    assert [step.told_by for step in way.steps] == [
        *("nobody", "gateways of us", "store of us", "gateways of us", "gateways of us", "nobody")
    ]
    assert "store of us" in shown(way)


def test_a_message_of_a_group_goes_to_the_devices_of_each_region() -> None:
    """Ways part where the owner's forwarder begins; how many have it is told of all members."""
    owner = (("us.gateway", 1_000_000), ("us.projector", 1_004_000))
    to_eu = (*owner, ("us.forwarder", 1_006_000), ("eu.ingester", 1_026_000), ("eu.projector", 1_030_000))
    to_ap = (*owner, ("us.forwarder", 1_007_000), ("ap.ingester", 1_090_000), ("ap.projector", 1_095_000))
    group = "g" + "0" * 32 + "-us"
    us = replace(HERE, conversation_id=group, hops=owner, devices=0, members=2, received_by=2, read_by=1)
    eu = replace(THERE, conversation_id=group, hops=to_eu, members=2, received_by=1)
    ap = Trace(region="ap", instance="ap/front", state="entry", conversation_id=group, seq=4, hops=to_ap, members=2)

    way = way_of(MESSAGE, Asked((us, eu, ap)))

    assert ("eu.delivery", "eu.device", 7.0) in stretches(way)
    assert stretches(way)[-3:] == [
        ("us.projector", "us.forwarder", 3.0),
        ("us.forwarder", "ap.ingester", 83.0),
        ("ap.ingester", "ap.projector", 5.0),
    ]
    assert unknown(way) == [
        ("author.device", "us.gateway"),
        ("us.projector", "us.device"),
        ("ap.projector", "ap.device"),
    ]
    assert (way.state, "of 2 other members 2 have it on a device, 1 have read it" in way.sentence) == (
        "delivered",
        True,
    )


def test_through_two_regions_and_back() -> None:
    """The owner's devices are a branch; the way goes on to the author's home, which is told the number."""
    way = way_of(MESSAGE, Asked((BACK, THERE)))

    assert stretches(way)[2:] == [
        ("us.projector", "us.forwarder", 2.0),
        ("us.forwarder", "eu.ingester", 20.0),
        ("eu.ingester", "eu.projector", 4.0),
        ("eu.projector", "eu.fanout", 2.0),
        ("eu.fanout", "eu.delivery", 1.0),
        ("eu.delivery", "eu.device", 7.0),
        ("eu.projector", "eu.forwarder", 1.0),
        ("eu.forwarder", "us.ingester", 19.0),
        ("us.ingester", "us.projector", 3.0),
    ]
    assert [step.branch for step in way.steps if step.is_known].count(True) == 4
    assert unknown(way) == [("author.device", "us.gateway"), ("us.projector", "us.device")]
    assert all(step.meaning for step in way.steps)


def test_clocks_that_disagree_are_told() -> None:
    """A hop that ends before it begins shows by how much, at least; times are not bent to hide it."""
    early = tuple((stage, at - 50_000 if stage.startswith("eu.") else at) for stage, at in THERE.hops)

    way = way_of(MESSAGE, Asked((Trace(region="eu", instance="eu/front", state="entry", seq=4, hops=early),)))

    assert ("us.forwarder", "eu.ingester", -30.0) in stretches(way)
    assert any("clock of eu is behind the clock of us by 30.0 ms" in warning for warning in way.warnings)
    assert "-30.0" in shown(way)


def test_gateways_of_one_region_are_put_together() -> None:
    """One accepted it, another has the device."""
    other = Trace(
        region="us", instance="us/b", published_at=1_007_000, delivered_at=1_009_000, devices=1, had_at=1_020_000
    )
    accepted = Trace(
        region="us", instance="us/a", state="entry", seq=4, hops=HERE.hops, accepted_at=1_002_000, conversation_id="d"
    )

    way = way_of(MESSAGE, Asked((other, accepted)))

    assert [step.target for step in way.steps] == [
        *("us.gateway", "us.journal", "us.projector", "us.fanout", "us.delivery", "us.device"),
    ]


def test_a_pending_message_says_what_it_waits_for() -> None:
    """And shows how far it came."""
    pending = Trace(region="us", instance="us/front", state="pending", waits_for="eu", hops=HERE.hops)

    way = way_of(MESSAGE, Asked((pending, Trace(region="eu", instance="eu/front"))))

    assert way.state == "pending"
    assert "waits for eu" in way.sentence
    assert ("us.gateway", "us.projector", 4.0) in stretches(way)


def test_a_refused_message_says_why() -> None:
    """By its stable code."""
    refused = Trace(region="us", instance="us/front", state="refused", code="recipient-unknown", hops=HERE.hops)

    way = way_of(MESSAGE, Asked((refused,)))

    assert (way.state, "recipient-unknown" in way.sentence) == ("refused", True)


def test_an_unknown_message_says_who_was_asked_and_who_was_not() -> None:
    """A region that is away may know it."""
    way = way_of(MESSAGE, Asked((Trace(region="us", instance="us/front"),), {"eu": "port 1 does not answer"}))

    assert way.state == "unknown"
    assert "eu could not be asked" in way.sentence
    assert way.warnings == ("eu was not asked: port 1 does not answer",)
    assert MESSAGE in shown(way)


def test_a_message_that_was_accepted_and_not_judged_is_not_called_unknown() -> None:
    """That is when one asks: the projector is behind, and the author waits."""
    accepted = Trace(region="us", instance="us/front", accepted_at=1_002_000)

    way = way_of(MESSAGE, Asked((accepted, Trace(region="eu", instance="eu/front"))))

    assert way.state == "accepted"
    assert "us has accepted it" in way.sentence
    assert "never" not in way.sentence


def test_regions_that_contradict_each_other_are_warned_of() -> None:
    """A message is an entry or refused, everywhere alike."""
    refused = Trace(region="us", instance="us/front", state="refused", code="recipient-unknown", hops=HERE.hops)

    way = way_of(MESSAGE, Asked((refused, THERE)))

    assert [warning for warning in way.warnings if "us: refused, eu: entry" in warning]


def test_a_held_entry_says_where() -> None:
    """An entry before it is missing in that region alone."""
    held = Trace(region="us", instance="us/front", state="held", conversation_id=CONVERSATION, seq=4)

    way = way_of(MESSAGE, Asked((held, THERE)))

    assert way.state == "held"
    assert "held in us" in way.sentence


def test_pruned_hops_are_told_of() -> None:
    """The message is known, its way is not."""
    old = Trace(region="us", instance="us/front", state="entry", conversation_id=CONVERSATION, seq=4, read=True)

    way = way_of(MESSAGE, Asked((old,)))

    assert way.steps == ()
    assert "has read it" in way.sentence
    assert any("CAUSEWAY_RETENTION_DAYS" in warning for warning in way.warnings)


def test_admin_ports_can_be_named() -> None:
    """Several of a region; what is written otherwise is refused with a sentence."""
    assert read_admins(["us=http://a:1/", "us=http://b:1", "eu=https://c"]) == {
        "us": ["http://a:1", "http://b:1"],
        "eu": ["https://c"],
    }
    with pytest.raises(UnreadableAdminError, match="REGION=URL"):
        read_admins(["us:9090"])
