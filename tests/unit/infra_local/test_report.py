"""What other terminals are told of how parts are."""

from pathlib import Path

import pytest

from infra.local.control import Status
from infra.local.federation import Federation
from infra.local.java import Java
from infra.local.report import report
from infra.local.state import Condition, Phase
from infra.local.tools import Tools
from infra.local.topology import lay_out

TOOLS = Tools(
    python=Path("/bin/python"),
    java=Java(Path("/bin/java"), (), Path("/caches")),
    postgres=Path("/pg/bin"),
    template=Path("/pg/template"),
    stage=None,
    valkey=Path("/bin/valkey-server"),
    weed=Path("/bin/weed"),
)
SILENT = "from eu: nothing has come from eu for 16 s"


def told(mirror: Phase, ingester: str) -> Status:
    """Two regions that are well, but for one region's mirror and an ingester with complaints."""
    topology = lay_out(Federation("/home/f", ("us", "eu")), TOOLS)
    conditions = {name: Condition("healthy") for name in topology.parts}
    conditions |= {"us/mirror": Condition(mirror), "us/ingester": Condition("unhealthy", reason=ingester)}
    return report(topology, {name: (one, 1) for name, one in conditions.items()}, {}, stopping=False)


@pytest.mark.parametrize("mirror", ["waiting", "starting"])
def test_an_ingester_whose_mirror_only_starts_waits_for_it(mirror: Phase) -> None:
    """Nothing is wrong then, and what it misses is told all the same."""
    status = told(mirror, SILENT)
    ingester = status.parts()["us/ingester"]

    assert ingester.state == "waiting"
    assert ingester.reason == f"it waits for us/mirror, which is {mirror}: {SILENT}"
    assert status.state == "starting"


@pytest.mark.parametrize(
    ("mirror", "complaints"),
    [("healthy", SILENT), ("crashed", SILENT), ("starting", "kafka: away"), ("starting", f"{SILENT}; store: away")],
)
def test_an_ingester_with_any_other_trouble_is_unhealthy(mirror: Phase, complaints: str) -> None:
    """A mirror that is well, or that has crashed, is no excuse; nor is one that starts for what it has no part in."""
    status = told(mirror, complaints)
    ingester = status.parts()["us/ingester"]

    assert (ingester.state, ingester.reason) == ("unhealthy", complaints)
    assert status.state == "degraded"
