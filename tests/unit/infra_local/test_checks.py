"""What goes before the tests: each check is told of, and none that fails is overlooked."""

from pathlib import Path

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


def test_packages_that_are_known_to_be_bad_count_as_a_check_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of which nothing could be asked do not, and are told of when all is over."""
    monkeypatch.setattr(checks, "CHECKS", {})
    found = [Audit("failed", "one has a hole"), Audit("unknown", "nobody answers")]
    monkeypatch.setattr(checks, "audit", lambda *_, **__: found.pop(0))

    assert checks.check(Path("/bin"), Console())[0] == ["pip-audit"]
    assert checks.check(Path("/bin"), Console())[0] == []
