"""What is told while a federation comes up, and below the table of parts."""

import io

from rich.console import Console

from infra.local.control import LinkStatus, PartStatus, Status
from infra.local.view import Progress, notes

OPEN, CUT, SLOW = LinkStatus(0, 0, 0, False), LinkStatus(0, 0, 0, True), LinkStatus(40, 0, 10e6, False)  # noqa: FBT003 — one of four figures


def status(part: PartStatus, **links: LinkStatus) -> Status:
    """A federation of one part."""
    named = {name.replace("_", ">"): link for name, link in links.items()}
    return Status("healthy", "/home", 1, {}, {"directory": part}, named)


def part(state: str, reason: str = "") -> PartStatus:
    """A part that is so."""
    return PartStatus(state, 1, 0.0, 0, {}, "/log", reason)


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
