"""What goes before the tests: each check is told of, and none that fails is overlooked."""

import _thread
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from infra.local import checks
from infra.local.audit import Audit


def test_a_check_that_fails_is_named_and_what_it_said_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many run at once, they are told in their order."""
    wrong = ["sh", "-c", "echo a line is too long; exit 1"]
    monkeypatch.setattr(checks, "CHECKS", {"first": ["true"], "wrong": wrong, "right": ["true"]})
    monkeypatch.setattr(checks, "audit", lambda *_, **__: Audit("passed", "nothing is known"))

    failed, audited = checks.check(Path("/bin"), Console(highlight=False))

    assert failed == ["wrong"]
    assert audited.result == "passed"
    told = [line.split(" (")[0] for line in capsys.readouterr().out.splitlines() if line]
    assert told == ["first: passed", "wrong: failed", "a line is too long", "right: passed", "pip-audit: passed"]


def test_whoever_interrupts_them_waits_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """They run side by side, and are ended, though nobody interrupts their threads.

    The interruption wakes nobody, as a signal that comes just before a wait begins does not.
    """
    monkeypatch.setattr(checks, "CHECKS", {"one": ["sleep", "600"], "two": ["sleep", "600"]})
    monkeypatch.setattr(checks, "audit", lambda *_, **__: Audit("passed", "nothing is known"))
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    begun: list[list[str]] = []
    both = threading.Event()
    run = checks.Running.run

    def told(running: checks.Running, command: list[str]) -> Any:
        begun.append(command)
        if len(begun) == 2:
            both.set()
        return run(running, command)

    def interrupt() -> None:
        assert both.wait(60), "they run side by side"
        _thread.interrupt_main(signal.SIGINT)

    monkeypatch.setattr(checks.Running, "run", told)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            checks.check(Path("/bin"), Console())
    finally:
        signal.signal(signal.SIGINT, before)


def test_packages_that_are_known_to_be_bad_count_as_a_check_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of which nothing could be asked do not, and are told of when all is over."""
    monkeypatch.setattr(checks, "CHECKS", {})
    found = [Audit("failed", "one has a hole"), Audit("unknown", "nobody answers")]
    monkeypatch.setattr(checks, "audit", lambda *_, **__: found.pop(0))

    assert checks.check(Path("/bin"), Console())[0] == ["pip-audit"]
    assert checks.check(Path("/bin"), Console())[0] == []
