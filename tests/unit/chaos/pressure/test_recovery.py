"""What a recovery may cost clients."""

from math import nan

import pytest

from chaos.pressure.recovery import Recovery, Wait, faults


def recovery(*, ack: float = 6.0, screen: float = 6.0, cross: float = 6.0, lost: int = 0) -> Recovery:
    """Return one whose own restart took five seconds."""
    waited = {"local": Wait(ack, screen), "cross": Wait(ack, cross)}
    return Recovery("us/kafka", "kill", spawn=0.5, own=5.0, waited=waited, lost=lost, refused=0)


@pytest.mark.parametrize(
    ("one", "wrong"),
    [
        (recovery(), []),
        (recovery(ack=8.0, screen=8.0, cross=13.0), []),
        (recovery(ack=0.7), []),
        (recovery(ack=8.2), ["us/kafka: accepted 3.2 s beyond its own restart; the bound is 3 s"]),
        (recovery(screen=9.0), ["us/kafka: shown at home 4.0 s beyond its own restart; the bound is 3 s"]),
        (recovery(cross=13.5), ["us/kafka: shown across regions 8.5 s beyond its own restart; the bound is 8 s"]),
        (recovery(lost=2), ["us/kafka: 2 messages were accepted and lost"]),
    ],
)
def test_each_wait_has_its_bound(one: Recovery, wrong: list[str]) -> None:
    """Beyond the part's own restart: three seconds at home, and what is allowed across regions."""
    assert faults(one, home=3.0, across=8.0) == wrong


def test_nothing_measured_is_no_pass() -> None:
    """At home there is always traffic; without a second region nobody waits across."""
    assert faults(recovery(cross=nan), home=3.0, across=3.0) == []
    assert faults(recovery(ack=nan, screen=nan, cross=nan), home=3.0, across=3.0) == [
        "us/kafka: no message was measured until it was accepted",
        "us/kafka: no message was measured until it was shown at home",
    ]
