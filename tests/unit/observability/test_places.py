"""Where admin ports are, and whose processes answer there."""

from infra.local.control import PartStatus, RegionStatus, Status
from infra.observability.places import admins_of


def part(**ports: int) -> PartStatus:
    """Return a healthy part."""
    return PartStatus("healthy", 1, 0.0, 0, dict(ports), "")


def test_what_may_hold_a_regions_duties_elsewhere_is_that_regions() -> None:
    """A broker's number is no region."""
    us = RegionStatus("http://us", {"front": part(public=1, admin=2), "kafka-1": part(kafka=3)})
    eu = RegionStatus("http://eu", {"front": part(public=4, admin=5), "us-gateway": part(gateway=6, admin=7)})
    status = Status("healthy", "/home", 1, {"us": us, "eu": eu}, {})

    assert admins_of(status) == {
        "us": ["http://127.0.0.1:2", "http://127.0.0.1:7"],
        "eu": ["http://127.0.0.1:5"],
    }
