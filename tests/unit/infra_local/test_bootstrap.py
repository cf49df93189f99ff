"""What the installation says while it works, and what it installs for whom."""

import queue
import re
import threading

import pytest

from infra.local.bootstrap import aloud, needs_dev, still

LIMIT_SECONDS = 60.0


def test_silent_work_tells_again_and_again_that_it_lives() -> None:
    """What it does, for how long, and what else is known; and nobody tells it any more once it is done."""
    told: queue.Queue[str] = queue.Queue()
    before = threading.enumerate()

    with still("making caches", told.put, more=lambda: ": of Kafka", every=0.001):
        lines = [told.get(timeout=LIMIT_SECONDS) for _ in range(2)]

    assert all(re.fullmatch(r"  still making caches \(\d+ s\): of Kafka", line) for line in lines)
    assert threading.enumerate() == before


def test_short_work_says_what_it_does_once() -> None:
    """With its reason."""
    told: list[str] = []

    with aloud("making caches", told.append, why=", once"):
        pass

    assert told == ["making caches, once"]


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ("", False),
        ("up", False),
        ("demo test", False),
        ("test", True),
        ("test tests/unit -x", True),
        ("fuzz", True),
        ("bench", False),
        ("bench web --only-seed", True),
        ("bench web --help", False),
        ("test --help", False),
        ("test tests/unit --help", False),
        ("fuzz --help", False),
        ("test -- --help", True),  # pytest's own
    ],
)
def test_who_only_asks_how_tests_are_run_waits_for_none_of_their_packages(line: str, *, needed: bool) -> None:
    """They take minutes to install."""
    assert needs_dev(line.split()) is needed
