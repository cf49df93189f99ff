"""The figures of a drill come from its ledger alone."""

from math import isnan

from chaos.drill.figures import count
from chaos.judge import events as e
from chaos.judge.ledger import numbered
from chaos.judge.waits import percentile


def told(*events: e.Event) -> list[e.Event]:
    """Return a ledger in which a and b are connected."""
    return [
        e.Run(0, 1),
        e.Opened(0, "ca", "da", "a", "us"),
        e.Opened(0, "cb", "db", "b", "eu"),
        *events,
    ]


def entry(number: int) -> e.Sighting:
    """Return the entry of a's message of that number."""
    return e.Sighting(1, number, f"m{number}", "a", f"text {number}")


def send(op: int, at: float) -> e.Invoke:
    """Return a's send."""
    return e.Invoke(at, op, "send", "da", "a", "us", "c", f"text {op}")


def test_latency_counts_from_the_first_send_to_the_recipients_screen() -> None:
    """The sender's own screen does not count, nor does a second showing."""
    figures = count(
        numbered(
            told(
                send(1, 1.0),
                e.Ok(1.25, 1, "c", "m1"),
                e.Live(1.3, "ca", "c", entry(1)),
                e.Live(1.5, "cb", "c", entry(1)),
                e.Live(9.0, "cb", "c", entry(1)),
            )
        )
    )

    assert (figures.invoked, figures.accepted, figures.shown, figures.unanswered) == (1, 1, 1, 0)
    assert (figures.ack.p50, figures.calm.p50) == (250, 500)
    assert [(second.at, second.invoked, second.accepted, second.shown) for second in figures.seconds] == [(1, 1, 1, 1)]


def test_what_was_sent_during_a_fault_counts_apart() -> None:
    """And the fault tells what was accepted meanwhile, and what was slowest."""
    figures = count(
        numbered(
            told(
                e.FaultBegun(2.0, "f1", "kill", "us/kafka"),
                e.FaultSeen(2.1, "f1", "process 7 is gone"),
                send(1, 2.5),
                e.Ok(3.0, 1, "c", "m1"),
                e.FaultEnded(4.0, "f1"),
                e.Live(4.5, "cb", "c", entry(1)),
                send(2, 5.0),
                e.Refused(5.5, 2, "da", "recipient-unknown"),
                send(3, 6.0),
                e.Info(9.0, 3, "not-answered"),
            )
        )
    )
    (fault,) = figures.faults

    assert (figures.struck.count, figures.struck.max, figures.calm.count) == (1, 2000, 0)
    assert (fault.seen, fault.by, fault.ended, fault.accepted, fault.slowest) == (2.1, "process 7 is gone", 4, 1, 2000)
    assert (figures.refused, figures.unanswered) == (1, 1)


def test_an_empty_ledger_has_empty_figures() -> None:
    """Nothing was measured, which is not zero."""
    figures = count(numbered([e.Run(0, 1)]))

    assert figures.seconds == ()
    assert isnan(figures.calm.p50)


def test_percentiles_are_values_that_occurred() -> None:
    """Nearest rank."""
    values = [float(value) for value in range(1, 101)]

    assert [percentile(values, share) for share in (0.5, 0.99, 1.0)] == [50, 99, 100]


def test_groups_are_counted_apart() -> None:
    """A post that was accepted, then refused, is neither unanswered nor taken off anything else; changes count by kind."""
    remove = e.Change("member_removed", ("b",))
    post = e.Invoke(1.0, 1, "send", "db", "b", "eu", "g1-us", "text 1")
    figures = count(
        numbered(
            told(
                post,
                e.Ok(1.5, 1, "g1-us", "m1"),
                e.Invoke(1.1, 2, "change", "da", "a", "us", "g1-us", change=remove),
                e.Ok(1.6, 2, "g1-us", "m2"),
                e.Live(1.7, "ca", "g1-us", e.Sighting(1, 2, "m2", "a", "removed", change=remove)),
                e.Live(1.7, "cb", "g1-us", e.Sighting(1, 2, "m2", "a", "removed", change=remove)),
                e.Refused(2.0, 1, "db", "not-a-member"),
                e.Invoke(3.0, 3, "change", "da", "a", "us", "g1-us", change=remove),
                e.Fail(3.1, 3, "no-such-member"),
            )
        )
    )
    crowds = figures.crowds

    assert (figures.accepted, figures.refused, figures.unanswered) == (1, 1, 0)
    assert (crowds.groups, crowds.posts, crowds.accepted, crowds.refused) == (1, 1, 1, 1)
    assert [(x.kind, x.invoked, x.accepted, x.refused, x.numbered) for x in crowds.changes] == [
        ("member_removed", 2, 1, 1, 1)
    ]


def test_channels_are_counted_apart_from_groups() -> None:
    """Who subscribes is known by what was looked up; it counts once, whoever was told besides."""
    join, made = e.Change("member_joined"), e.Change("channel_created")
    joined = e.Sighting(1, 2, "m2", "b", "joined", change=join)
    figures = count(
        numbered(
            told(
                e.Invoke(1.0, 1, "change", "da", "a", "us", None, change=made),
                e.Ok(1.1, 1, "c1-us"),
                e.Invoke(1.2, 2, "change", "db", "b", "eu", "c1-us", change=join),
                e.Ok(1.3, 2, "c1-us", "m2"),
                e.Invoke(1.3, 3, "history", "db", "b", "eu", "c1-us"),
                e.Page(1.4, 3, "c1-us", [joined]),
                e.Ok(1.4, 3),
                e.Live(1.5, "cb", "c1-us", joined),
                e.Invoke(1.6, 4, "send", "da", "a", "us", "c1-us", "text 1"),
                e.Ok(1.7, 4, "c1-us", "m3"),
            )
        )
    )
    channels = figures.channels

    assert figures.crowds.groups == figures.crowds.posts == len(figures.crowds.changes) == 0
    assert (channels.groups, channels.posts, channels.accepted, channels.refused) == (1, 1, 1, 0)
    assert [(one.kind, one.invoked, one.accepted, one.numbered) for one in channels.changes] == [
        ("channel_created", 1, 1, 0),
        ("member_joined", 1, 1, 1),
    ]


def test_alterations_are_counted_apart_and_what_is_edited_counts_as_shown() -> None:
    """Whoever is shown a message only after it was edited was shown it."""
    edit = e.Change("message_edited", target="m1", text="text 2", of="text 1")
    told = e.Sighting(1, 2, "m2", "a", "edit", change=e.Change("message_edited", target="m1", text="text 2"))
    figures = count(
        numbered(
            [
                e.Opened(0, "cb", "db", "b", "eu"),
                send(1, 1.0),
                e.Ok(1.25, 1, "c", "m1"),
                e.Invoke(1.3, 2, "change", "da", "a", "us", "c", change=edit),
                e.Ok(1.4, 2, "c", "m2"),
                e.Live(1.5, "cb", "c", e.Sighting(1, 1, "m1", "a", "text 2", aftermath=e.Aftermath(2))),
                e.Live(1.5, "cb", "c", told),
            ]
        )
    )

    assert (figures.shown, figures.crowds.groups, figures.crowds.changes) == (1, 0, ())
    assert [(x.kind, x.invoked, x.accepted, x.refused, x.numbered) for x in figures.altered] == [
        ("message_edited", 1, 1, 0, 1)
    ]
