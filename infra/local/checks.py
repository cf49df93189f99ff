"""The checks that go before the tests: style, types, layers, our code and our packages; as many at once as there are cores."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from rich.console import Console

from infra.local import toolchain
from infra.local.audit import Audit, audit

T = TypeVar("T")

NOTICE_SECONDS: Final = 1.0
"""How soon an interruption is noticed that came just before a wait began: Python wakes no lock for it."""

CHECKS = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "--quiet", "."],
    "mypy": ["mypy"],
    "lint-imports": ["lint-imports"],
    "bandit": [
        "bandit",
        "--quiet",
        "--configfile",
        "pyproject.toml",
        "--recursive",
        "region",
        "relay",
        "global-directory",
        "replication",
        "infra",
        "chaos",
    ],
    "web": ["causeway", "web", "check"],
}


def check(programs: Path, console: Console) -> tuple[list[str], Audit]:
    """Run all checks; return the names of those that failed, whose output is shown, and what is known of the packages.

    Args:
        programs: The directory in which the tools are.
        console: Told of each check, in their order.
    """
    failed = []
    pool, running = ThreadPoolExecutor(os.cpu_count()), Running()
    try:
        auditing = pool.submit(_timed, partial(_audit, programs / "pip-audit"))
        checking = {
            name: pool.submit(_timed, partial(running.run, [str(programs / command[0]), *command[1:]]))
            for name, command in CHECKS.items()
        }
        for name, checked in checking.items():
            done, seconds = _result(checked)
            well = done.returncode == 0
            console.print(f"{name}: {'passed' if well else 'failed'} ({seconds:.0f} s)")
            if not well:
                failed.append(name)
                print(done.stdout + done.stderr)  # noqa: T201 — the tool's own
        audited, seconds = _result(auditing)
    except BaseException:
        running.end()  # in threads of their own, whom nobody interrupts
        raise
    finally:
        pool.shutdown(cancel_futures=True)  # whoever interrupts it wants none begun
    result = "could not be asked" if audited.result == "unknown" else audited.result
    style = {"passed": None, "failed": "red", "unknown": "yellow"}[audited.result]
    console.print(f"pip-audit: {result} ({seconds:.0f} s): {audited.words}", style=style)
    if audited.result == "failed":
        failed.append("pip-audit")
    return failed, audited


def _result(future: Future[T]) -> T:
    while not future.done():
        wait([future], NOTICE_SECONDS)
    return future.result()


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.monotonic()
    return work(), time.monotonic() - started


class Running:
    """The tools that run, so that they can be ended."""

    def __init__(self) -> None:
        """Begin with none."""
        self._processes: set[subprocess.Popen[str]] = set()
        self._ended = False

    def run(self, command: list[str]) -> "subprocess.CompletedProcess[str]":
        """Run a tool to its end."""
        with subprocess.Popen(
            command, cwd=toolchain.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            self._processes.add(process)
            if self._ended:
                process.terminate()
            said, wrong = process.communicate()
            self._processes.discard(process)
        return subprocess.CompletedProcess(command, process.returncode, said, wrong)

    def end(self) -> None:
        """End all that run, and what begins after this."""
        self._ended = True
        for process in list(self._processes):
            process.terminate()


def _audit(program: Path) -> Audit:
    with tempfile.TemporaryDirectory() as directory:
        return audit(program, toolchain.ROOT / "requirements-dev.lock", directory=Path(directory))
