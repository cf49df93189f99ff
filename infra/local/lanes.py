"""The tests, cut into lanes that run side by side, each of one pytest after another; what the tests of a run share is its own.

The first lane is shown while it runs, the others when they have ended, so that either can be read. How they are cut, and why, is told in CONTRIBUTING.md.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from infra.local.toolchain import ROOT

SETTINGS: Final = (
    "tests/acceptance/test_backups.py",
    "tests/acceptance/test_leases.py",
    "tests/acceptance/test_lost_broker.py",
    "tests/acceptance/test_planted.py",
    "tests/acceptance/test_replicated.py",
    "tests/acceptance/test_roll.py",
    "tests/acceptance/test_standby.py",
    "tests/acceptance/test_incarnation.py",
)
"""Acceptance tests with smaller federations than the others have, whose settings are others, too; they use four, one after another."""

LOST: Final = (
    "tests/acceptance/test_evacuation.py",
    "tests/acceptance/test_failover.py",
    "tests/acceptance/test_web_evacuation.py",
)
"""Acceptance tests with federations of their own, since a region of it is evacuated, or dies; they use two, one after the other."""

ALONE: Final = ("tests/acceptance/test_drill.py",)
"""Tests that take all of two cores: what is slow beside others would be put down to the faults of theirs."""

Lane = Mapping[str, Sequence[str]]
"""By the name of a run, in their order: what is run."""

Lanes = Sequence[Lane]
"""What runs side by side."""

STAGES: Final[Sequence[Lanes]] = (
    (
        {
            "federation": ("tests/acceptance", *(f"--ignore={path}" for path in (*SETTINGS, *LOST, *ALONE))),
            "lost regions": LOST,
        },
        {"parts": ("tests/unit", "tests/integration"), "settings": SETTINGS},
    ),
    ({"drills": ALONE},),
)
"""What pytest is told, one stage after another. No lane has two federations at a time, since each takes half a core by being there. A test asks whether each test is in one run."""

POLL_SECONDS: Final = 0.2
FAILURES: Final = "CAUSEWAY_TEST_FAILURES"
"""Names the file in which each pytest notes what failed, so that it can be told at the very end, where it is looked for."""


def run(stages: Sequence[Lanes], say: Callable[[str], None], program: Sequence[str] = ()) -> int:
    """Run the lanes of each stage side by side, and the commands of a lane one after another, whatever becomes of those before; return the first status that is not 0.

    Args:
        stages: Commands that clean up after themselves when they are interrupted; the output of the first lane is shown as it comes, that of the others when all have ended.
        say: Told which command has ended, after how long, and whose output follows; nothing when there is but one.
        program: What each command begins with.
    """
    if sum(len(lane) for lanes in stages for lane in lanes) == 1:
        say = _say_nothing
    statuses: list[int] = []
    with tempfile.TemporaryDirectory() as directory:
        failures = Path(directory, "failures")
        for lanes in stages:
            with contextlib.ExitStack() as stack:
                logs = [Path(directory) / f"log-{number}" for number in range(1, len(lanes))]
                going = [
                    _Lane(lane, program, None if log is None else stack.enter_context(log.open("wb")), failures, say)
                    for lane, log in zip(lanes, [None, *logs], strict=True)
                ]
                uninterrupted = _run(going)
                for lane, log in zip(lanes[1:], logs, strict=True):
                    say(f"\nThe tests of {' and '.join(lane)}:")
                    _show(log)
            statuses += [status for lane in going for status in lane.statuses]
            if not uninterrupted:
                break
        if failures.exists():
            say("\nWhat failed:")
            if say is not _say_nothing:
                _show(failures)
    return next((status for status in statuses if status), 0)


def _show(text: Path) -> None:
    sys.stdout.flush()
    print(text.read_text(errors="replace"), flush=True)  # noqa: T201 — it is pytest's


def _say_nothing(_: str) -> None:
    pass


def _run(lanes: Sequence["_Lane"]) -> bool:
    """Run lanes to their ends, or, once interrupted, what runs of them; return whether they were not interrupted."""
    uninterrupted = True
    while True:
        try:
            if not uninterrupted:
                print("Interrupted; stopping what the tests have started …", file=sys.stderr)  # noqa: T201 — for whoever pressed Ctrl-C
                for lane in lanes:
                    lane.interrupt()
            while sum(lane.goes_on() for lane in lanes):  # each is looked at
                time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            uninterrupted = False
        else:
            return uninterrupted


class _Lane:
    """Commands, of which one runs at a time."""

    def __init__(
        self, commands: Lane, program: Sequence[str], log: IO[bytes] | None, failures: Path, say: Callable[[str], None]
    ) -> None:
        self.statuses: list[int] = []
        self._running: subprocess.Popen[bytes] | None = None
        self._commands = iter(commands.items())
        self._program = program
        self._name = ""
        self._began = 0.0
        self._log = log
        self._environment = {**os.environ, FAILURES: str(failures)}
        self._say = say

    def goes_on(self) -> bool:
        """See whether a command has ended, and start the next; return whether one runs."""
        if self._running is not None and (status := self._running.poll()) is not None:
            self._running = None
            self.statuses.append(status)
            took = time.monotonic() - self._began
            self._say(f"\nThe tests of {self._name} have ended after {took:.0f} s, status {status}.")
        if self._running is None and (following := next(self._commands, None)) is not None:
            self._name, command = following
            self._began = time.monotonic()
            self._running = subprocess.Popen(
                [*self._program, *command],
                cwd=ROOT,
                env=self._environment,
                start_new_session=True,
                stdout=self._log,
                stderr=None if self._log is None else subprocess.STDOUT,
            )
        return self._running is not None

    def interrupt(self) -> None:
        """Have the command that runs end, and start none after it."""
        self._commands = iter(())
        if self._running is not None:
            self._running.send_signal(signal.SIGINT)
