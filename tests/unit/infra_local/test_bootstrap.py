"""What the installation says while it works."""

import queue
import re
import threading

from infra.local.bootstrap import aloud, still

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
