"""What an ingester tells of regions that were expelled."""

from prometheus_client import REGISTRY

from infra.health import Health
from relay.ingester.service import tell_expelled


def expelled(origin: str) -> float | None:
    """Return what the metric says."""
    return REGISTRY.get_sample_value("causeway_ingester_expelled_origins", {"origin": origin})


def test_the_metric_tells_who_is_out_and_who_is_back() -> None:
    """So that nobody is woken because nothing comes from there; of others it says 0."""
    health = Health()

    tell_expelled(health, ["eu", "ap"], frozenset({"ap", "us"}))
    assert (expelled("eu"), expelled("ap"), expelled("us")) == (0.0, 1.0, None)

    tell_expelled(health, ["eu", "ap"], frozenset())
    assert (expelled("eu"), expelled("ap")) == (0.0, 0.0)
