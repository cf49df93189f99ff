"""In which order services are rolled, and when one has caught up: pure rules."""

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from infra.local import rolling
from infra.local.federation import Federation, Processes
from infra.local.java import Java
from infra.local.rolling import NoVersionError, behind, check_version, plan
from infra.local.tools import Tools
from infra.local.topology import lay_out
from infra.serve import GROUP

TOOLS = Tools(
    python=Path("/bin/python"),
    java=Java(Path("/bin/java"), (), Path("/caches")),
    postgres=Path("/pg/bin"),
    template=Path("/pg/template"),
    stage=None,
    valkey=Path("/bin/valkey-server"),
    weed=Path("/bin/weed"),
)


def order(processes: Processes, places: tuple[str, ...]) -> list[str]:
    """What is rolled in a federation of two regions."""
    topology = lay_out(Federation("/home", ("us", "eu"), processes=processes), TOOLS)
    return plan(topology.parts.values(), places)


def test_readers_before_writers_and_regions_one_after_the_other() -> None:
    """What a gateway or an ingester of the next version writes, the projector can read by then."""
    region = ["projector", "ingester", "fanout", "forwarder", "media", "front"]

    assert order("default", ("directory", "us", "eu")) == [
        "directory",
        *(f"us/{n}" for n in region),
        *(f"eu/{n}" for n in region),
    ]
    assert order("default", ("eu",)) == [f"eu/{name}" for name in region]


def test_every_service_that_can_be_started_has_its_place() -> None:
    """Whatever an installed component brings."""
    assert {entry.name for entry in entry_points(group=GROUP)} == set(rolling.ORDER)


def test_a_process_of_several_services_goes_by_the_first_of_them() -> None:
    """What reads and writes in one process is rolled before what only writes."""
    assert order("paired", ("us",)) == ["us/back", "us/front"]
    assert order("together", ("us",)) == ["us/services"]


def test_a_projector_has_caught_up_when_little_of_the_journal_waits() -> None:
    """And when no partition waits for a version that is newer still."""
    page = 'causeway_projector_lag_records{{partition="0"}} {}\ncauseway_projector_waiting_partitions {}\n'

    assert "300 records" in behind(["projector"], page.format(300.0, 0), since=0)
    assert "newer version" in behind(["projector"], page.format(1.0, 1), since=0)
    assert behind(["projector"], page.format(1.0, 0), since=0) == ""
    assert behind(["gateway"], page.format(300.0, 1), since=0) == ""


@pytest.mark.parametrize(
    ("service", "metric"),
    [
        ("fanout", "causeway_fanout_caught_up_timestamp_seconds"),
        ("forwarder", "causeway_forwarder_drained_timestamp_seconds"),
    ],
)
def test_a_follower_has_caught_up_when_it_came_to_the_end_since_its_start(service: str, metric: str) -> None:
    """For every destination."""
    assert service in behind([service], f'{metric}{{to="eu"}} 90\n{metric}{{to="ap"}} 110\n', since=100)
    assert behind([service], f'{metric}{{to="eu"}} 101\n{metric}{{to="ap"}} 110\n', since=100) == ""


def test_what_stands_by_has_nothing_to_catch_up_with() -> None:
    """Nothing of it serves; what shares its process may."""
    idle = 'causeway_turn_stands_by{{service="fanout"}} {}\ncauseway_fanout_caught_up_timestamp_seconds 0\n'
    assert behind(["fanout"], idle.format(1), since=100) == ""
    assert "fanout" in behind(["fanout"], idle.format(0), since=100)
    both = idle.format(1) + 'causeway_forwarder_drained_timestamp_seconds{destination="eu"} 90\n'
    assert "forwarder" in behind(["fanout", "forwarder"], both, since=100)


def test_a_version_is_a_file_or_a_checkout_with_its_environment(tmp_path: Path) -> None:
    """Said before the first service is stopped."""
    with pytest.raises(NoVersionError, match="checkout of Causeway"):
        check_version(tmp_path)

    python = tmp_path / ".causeway" / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    assert check_version(tmp_path) == str(tmp_path)
    assert check_version(python) == str(python)
