"""What is told while a federation comes up, and below the table of parts."""

import io

from rich.console import Console

from infra.local.control import LinkStatus, PartStatus, Status
from infra.local.view import Progress, awaited, notes, remaining, some

OPEN, CUT, SLOW = LinkStatus(0, 0, 0, False), LinkStatus(0, 0, 0, True), LinkStatus(40, 0, 10e6, False)  # noqa: FBT003 — one of four figures


def status(part: PartStatus, **links: LinkStatus) -> Status:
    """A federation of one part."""
    named = {name.replace("_", ">"): link for name, link in links.items()}
    return Status("healthy", "/home", 1, {}, {"directory": part}, named)


def part(state: str, reason: str = "", pid: int | None = 1) -> PartStatus:
    """A part that is so."""
    return PartStatus(state, pid, 0.0, 0, {}, "/log", reason)


def test_nothing_is_told_when_all_is_well() -> None:
    """No line at all."""
    assert notes(status(part("healthy"), eu_us=OPEN, us_eu=OPEN)) == []


def test_a_disturbed_link_is_told_once_with_its_cure() -> None:
    """Both directions alike are one line; others have one each."""
    both = notes(status(part("healthy"), eu_us=CUT, us_eu=CUT))
    one = notes(status(part("healthy"), eu_us=OPEN, us_eu=SLOW))

    assert both == ["eu ↔ us: cut; ./causeway local heal us-eu"]
    assert one == ["us → eu: latency 40 ms, jitter 0 ms, bandwidth 10 Mbit/s; ./causeway local heal us-eu"]


def test_a_part_that_is_not_well_says_why() -> None:
    """As far as it is known."""
    assert notes(status(part("unhealthy", "kafka: away"))) == ["directory is unhealthy: kafka: away"]


def test_a_part_that_gets_well_is_told_by_the_clock_of_the_command() -> None:
    """Which began before the parts did, with what had to be installed."""
    written = io.StringIO()

    with Progress(Console(file=written), lambda: 169.04) as progress:
        progress.watch(status(part("starting")))
        progress.watch(status(part("healthy")))
        progress.watch(status(part("healthy")))

    assert written.getvalue() == "  169.0 s  directory is healthy\n"


def test_who_is_waited_for_is_told_when_nothing_else_was_for_a_while() -> None:
    """Again and again, but not with every look at how it is."""
    written, times = io.StringIO(), iter([0.0, 9.0, 10.0, 19.0, 20.0])

    with Progress(Console(file=written), lambda: next(times)) as progress:
        for _ in range(4):
            progress.watch(status(part("starting")))

    assert written.getvalue().splitlines() == [
        "   10.0 s  waiting for directory (starting)",
        "   20.0 s  waiting for directory (starting)",
    ]


def test_those_that_wait_for_others_are_named_last() -> None:
    """And few of many."""
    parts = {"a": part("waiting"), "b": part("healthy"), "c": part("starting")}

    assert awaited(Status("starting", "/home", 1, {}, parts)) == "waiting for c (starting), a (waiting)"
    assert awaited(status(part("healthy"))) == "all parts are well"
    assert some(["a", "b", "c", "d", "e", "f"]) == "a, b, c, d and 2 more"


def test_whoever_stops_them_is_told_which_parts_still_run() -> None:
    """A part that has ended has no process."""
    ended = part("down", pid=None)

    both = remaining(Status("stopping", "/home", 1, {}, {"a": part("healthy"), "b": ended}))

    assert both == ": 1 of 2 parts still run: a"
    assert remaining(status(ended)) == ": all parts have ended"
