"""The tests, cut into lanes that run side by side, each a pytest of its own; what the tests of a lane share is its own.

The first lane is shown while it runs, the others when they have ended, so that either can be read. A test of the first that needs the machine
alone waits for the end of the others (`wait_until_alone`). How they are cut is told in CONTRIBUTING.md.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from infra.local.toolchain import ROOT, only_one

APART: Final = (
    "tests/acceptance/test_planted.py",
    "tests/acceptance/test_roll.py",
    "tests/acceptance/test_leases.py",
    "tests/acceptance/test_standby.py",
    "tests/acceptance/test_replicated.py",
)
"""Acceptance tests that start a federation of their own, so that they need not wait for the one that the others share; not all of them, so that both lanes take about as long."""

LANES: Final = {
    "federation": ("tests/acceptance", *(f"--ignore={path}" for path in APART)),
    "parts": ("tests/unit", "tests/integration", *APART),
}
"""By name, what pytest is told; a test asks whether each test is in one of them."""

BESIDE: Final = "CAUSEWAY_TESTS_BESIDE"
"""The setting that names, to the first lane, a file that is locked for as long as another one runs."""

POLL_SECONDS: Final = 0.2


def wait_until_alone() -> None:
    """Wait until no other lane runs any more; at once when there is none."""
    if (path := os.environ.get(BESIDE)) is not None:
        with only_one(Path(path)):
            pass


def run(commands: Mapping[str, Sequence[str]], say: Callable[[str], None]) -> int:
    """Run commands side by side, each of which cleans up after itself when it is interrupted, and wait until all have; return the first status that is not 0.

    Args:
        commands: By name; the output of the first is shown as it comes, that of the others when all have ended.
        say: Told which has ended, after how long, and whose output follows.
    """
    running: dict[str, subprocess.Popen[bytes]] = {}
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack, contextlib.ExitStack() as beside:
        lock = Path(directory) / "beside"
        beside.enter_context(only_one(lock))
        try:
            for name, command in commands.items():
                log = stack.enter_context((Path(directory) / f"log-{name}").open("wb")) if running else None
                running[name] = subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=os.environ if running else os.environ | {BESIDE: str(lock)},
                    start_new_session=True,
                    stdout=log,
                    stderr=None if log is None else subprocess.STDOUT,
                )
        except KeyboardInterrupt:
            _interrupt(running.values())
        statuses = _wait(running, beside.close, say if len(commands) > 1 else lambda _: None)
        for name in list(running)[1:]:
            say(f"\nThe tests of {name}:")
            sys.stdout.flush()
            print((Path(directory) / f"log-{name}").read_text(errors="replace"), flush=True)  # noqa: T201 — it is pytest's
    return next((status for status in statuses.values() if status), 0)


def _wait(
    running: Mapping[str, "subprocess.Popen[bytes]"], alone: Callable[[], None], say: Callable[[str], None]
) -> dict[str, int]:
    """Wait until all have ended; call `alone` as soon as the first is the only one that runs."""
    began, statuses, first = time.monotonic(), dict[str, int](), next(iter(running), None)
    while len(statuses) < len(running):
        try:
            for name, one in running.items():
                if name not in statuses and (status := one.poll()) is not None:
                    statuses[name] = status
                    say(f"\nThe tests of {name} have ended after {time.monotonic() - began:.0f} s, status {status}.")
            if running.keys() - statuses.keys() <= {first}:
                alone()
            time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            _interrupt(one for name, one in running.items() if name not in statuses)
    return statuses


def _interrupt(running: Iterable["subprocess.Popen[bytes]"]) -> None:
    print("Interrupted; stopping what the tests have started …", file=sys.stderr)  # noqa: T201 — for whoever pressed Ctrl-C
    for one in running:
        one.send_signal(signal.SIGINT)
