"""What all tests share: which come last, and that Ctrl-C ends them, whatever loop has run before."""

import signal
from collections.abc import Generator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAST = ROOT / "tests/integration/observability/test_alerts.py"
"""Who waits for promtool, which is built meanwhile."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let those come last, whatever the order is otherwise."""
    items.sort(key=lambda item: item.path == LAST)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Put the handlers of signals back after each test: a loop of uvloop leaves its own behind, which hear nothing any more."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return (yield)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
