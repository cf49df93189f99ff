"""What all tests share: which come last, and that Ctrl-C ends them, whatever loop has run before."""

import signal
from collections.abc import Generator
from pathlib import Path

import pytest

from infra.local.lanes import APART

ROOT = Path(__file__).parents[1]
LAST = [*APART, "tests/acceptance/test_drill.py", "tests/integration/observability/test_alerts.py"]
"""Who starts a federation apart; the drill, which waits until it has the machine alone; who waits for promtool, which is built meanwhile."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let those come last, whatever the order is otherwise."""
    turns = {ROOT / path: turn for turn, path in enumerate(LAST, 1)}
    items.sort(key=lambda item: turns.get(item.path, 0))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Put the handlers of signals back after each test: a loop of uvloop leaves its own behind, which hear nothing any more."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return (yield)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
