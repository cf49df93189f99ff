"""Health is honest: nothing declared, or anything failing, is not healthy."""

import pytest

from infra.health import Health


def test_a_process_without_conditions_is_not_healthy() -> None:
    """A service that has not said what it needs is not ready."""
    assert not Health().ok


def test_every_condition_must_hold() -> None:
    """One failing condition is enough."""
    health = Health()
    health.expect("kafka", "store")
    health.tell("kafka", ok=True)
    assert not health.ok

    health.tell("store", ok=True)
    assert health.ok

    health.tell("kafka", ok=False, detail="no broker")
    assert not health.ok
    assert health.conditions["kafka"].detail == "no broker"


def test_since_changes_only_when_the_verdict_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time says since when it is so, not when it was last said."""
    times = iter([100.0, 200.0, 300.0])
    monkeypatch.setattr("infra.health.time.time", lambda: next(times))
    health = Health()

    health.tell("store", ok=False, detail="down")
    first = health.conditions["store"].since
    health.tell("store", ok=False, detail="still down")
    second = health.conditions["store"].since
    health.tell("store", ok=True)

    assert first == second == 100.0
    assert health.conditions["store"].since == 200.0
