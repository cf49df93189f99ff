"""What all tests share: which come last, that Ctrl-C ends them, whatever loop has run before, and that what failed is told again when all is over."""

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest

from infra.local.lanes import FAILURES

ROOT = Path(__file__).parents[1]
LAST = ROOT / "tests/integration/observability/test_alerts.py"
"""Who waits for promtool, which is built meanwhile."""


REASON_LINES = 25


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what failed, and the lines that say why, where whoever started this pytest asks for it."""
    noted = os.environ.get(FAILURES)
    if noted and report.failed:
        lines = report.longreprtext.splitlines()
        why = [line for line in lines if line.startswith("E ")][:REASON_LINES] or lines[-REASON_LINES:]
        with Path(noted).open("a") as file:
            file.write("\n".join([f"{report.nodeid} ({report.when})", *why, ""]))


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
