"""A drill begins only where nothing is the matter, says what it may touch, and stops by itself when it should."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from chaos.drill import safety
from chaos.drill.course import NotReadyError
from chaos.drill.safety import DEAF_SECONDS, DOWN_SECONDS, Guard, blast_radius, check, places
from chaos.drill.schedule import Fault, Kind
from chaos.judge.events import Expectation
from infra.local.control import LinkStatus, PartStatus, RegionStatus, Status


def part(state: str = "healthy", reason: str = "") -> PartStatus:
    """Return a part in that state."""
    return PartStatus(state, 1, 0.0, 0, {}, "/log", reason)


def status(*regions: str, state: str = "healthy", **parts: PartStatus) -> Status:
    """Return a federation of these regions; `parts` are those of the first."""
    of = {region: {"kafka": part()} | (parts if region == regions[0] else {}) for region in regions}
    there = {region: RegionStatus("http://here", of[region]) for region in regions}
    return Status(state, "/home", 1, there, {"links": part(), "directory": part()})


WELL = status("us", "eu")


def fault(kind: Kind, target: str) -> Fault:
    """Return a fault."""
    return Fault(1, 1, 0.0, kind, target, 5.0)


def test_a_federation_that_is_well_will_do() -> None:
    """Also with a plan that strikes what is there."""
    check(WELL, [fault(Kind.KILL, "us/kafka"), fault(Kind.SPLIT, "us|eu,directory"), fault(Kind.FREEZE, "directory")])


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (
            status("us", "eu", state="degraded", kafka=part("unhealthy", "no disk")),
            r"us/kafka is unhealthy \(no disk\).*local heal",
        ),
        (status("us", "eu", kafka=part("paused")), "us/kafka is paused"),
        (status("us", "eu", state="down", kafka=part("down")), "causeway up"),
        (replace(WELL, links={"us>eu": LinkStatus(0.0, 0.0, 0.0, cut=True)}), "us>eu.*local heal"),
        (status("us"), "2 regions"),
        (replace(WELL, federal={"directory": part()}), "no link"),
    ],
)
def test_another_is_refused_with_the_reason_and_what_to_do(how: Status, said: str) -> None:
    """Whoever strikes what is ill already learns nothing."""
    with pytest.raises(NotReadyError, match=said):
        check(how)


@pytest.mark.parametrize("target", ["ap/kafka", "us/back"])
def test_a_plan_for_another_federation_is_refused(target: str) -> None:
    """A replay names what is not here."""
    with pytest.raises(NotReadyError, match=target):
        check(WELL, [fault(Kind.KILL, target)])
    with pytest.raises(NotReadyError, match="ap-us"):
        check(WELL, [fault(Kind.SPLIT, "us|ap")])


def test_the_blast_radius_is_what_the_plan_names() -> None:
    """Links once, whichever end they are seen from; a region that stands still as a whole."""
    plan = [fault(Kind.FREEZE, "us"), fault(Kind.CUT, "us-eu"), fault(Kind.SLOW, "eu-us"), fault(Kind.KILL, "eu/kafka")]

    assert blast_radius(plan) == "everything of us, eu/kafka, the link eu-us"
    for kind in (Kind.DEATH, Kind.LOSS):
        assert blast_radius([fault(kind, "us>eu")]) == "everything of us, the duties that go us>eu"
    assert blast_radius([]) == "nothing"


def test_a_drill_stops_when_nobody_accepts_anything(tmp_path: Path) -> None:
    """Counted from the last send that was accepted anywhere."""
    guard = Guard(tmp_path)

    assert not guard.look(0.0, WELL, 0, ())
    assert not guard.look(50.0, WELL, 7, ())
    assert not guard.look(50.0 + DEAF_SECONDS, WELL, 7, ())
    assert "nothing was accepted" in guard.look(51.0 + DEAF_SECONDS, WELL, 7, ())


def test_a_drill_stops_when_something_else_stays_down(tmp_path: Path) -> None:
    """Not what a fault in its region may have taken along, while that lasts; not what came back meanwhile."""
    guard, ill = Guard(tmp_path), status("us", "eu", kafka=part("crashed"))

    assert not guard.look(0.0, ill, 1, {"us"})
    assert not guard.look(DOWN_SECONDS + 5, ill, 2, {"us"})
    assert not guard.look(DOWN_SECONDS + 6, ill, 3, ())
    assert not guard.look(DOWN_SECONDS + 50, WELL, 4, ())
    assert not guard.look(DOWN_SECONDS + 90, ill, 5, ())
    assert "us/kafka was down" in guard.look(2 * DOWN_SECONDS + 91, ill, 6, ())


def test_a_drill_stops_though_faults_follow_one_another_elsewhere(tmp_path: Path) -> None:
    """While one region is struck, and the next, and a link, what stays down in a third is nobody's but its own; also if it is started again and again."""
    guard = Guard(tmp_path)
    states = ["crashed", "starting", "waiting", "unhealthy"]
    said = [
        guard.look(10.0 * number, status("us", "eu", kafka=part(states[number % 4])), number + 1, places([struck]))
        for number, struck in enumerate(
            [fault(Kind.KILL, "eu/kafka"), fault(Kind.CUT, "us-eu"), fault(Kind.FREEZE, "directory")] * 3
        )
    ]

    assert not any(said[:7])
    assert "us/kafka was down" in said[7]


def test_where_faults_strike() -> None:
    """What depends on a struck part is in its region; a link has no parts; of an evacuation both sites are struck."""
    faults = [fault(Kind.KILL, "us/kafka"), fault(Kind.CUT, "eu-directory"), fault(Kind.PAUSE, "directory-postgres")]

    assert places(faults) == {"us", "directory"}
    assert places([fault(Kind.FREEZE, "us>eu")]) == {"us", "eu"}


def test_a_plan_in_which_a_lease_lapses_takes_a_standby() -> None:
    """A replay on a federation without one would show nothing, and says so before it strikes."""
    plan = [Fault(1, 1, 0.0, Kind.CUT, "us-directory", 5.0, expects=Expectation(lapses=("us",)))]

    check(WELL, plan, {"us": "eu"})
    with pytest.raises(NotReadyError, match=r"about the lease of us.*--standby"):
        check(WELL, plan, {"eu": "us"})


def test_a_drill_stops_before_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its ledger grows all the time."""
    monkeypatch.setattr(safety, "LEAST_DISK_BYTES", 1 << 62)

    assert "of disk are left" in Guard(tmp_path).look(0.0, WELL, 1, ())
