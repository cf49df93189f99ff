"""What `causeway drill run` ends with: a status of its own for each verdict, and another when there is none since the drill broke."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from chaos.drill import cli
from chaos.judge.verdict import Verdict
from infra.errors import CausewayError, UnavailableError
from infra.local.control import Status


def status_of_a_drill_that_ends_with(error: Exception, monkeypatch: pytest.MonkeyPatch, home: Path) -> int:
    """Run a drill in which something fails; return its exit status."""

    async def fail(*_: object) -> tuple[object, ...]:
        raise error

    monkeypatch.setattr(cli, "look", lambda _: (Status("healthy", str(home), None, {}, {}), {}))
    monkeypatch.setattr(cli, "planned", lambda *_: ())
    monkeypatch.setattr("chaos.drill.watching.drill", fail)
    monkeypatch.setenv("CAUSEWAY_HOME", str(home))
    return CliRunner().invoke(cli.app, ["run", "parts"]).exit_code


@pytest.mark.parametrize("error", [ZeroDivisionError(), OSError(28, "No space left on device")])
def test_a_drill_that_breaks_is_no_false_verdict(
    error: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A false verdict says that the federation broke an invariant; a bug in the drill, or a full disk here, says nothing of it."""
    assert status_of_a_drill_that_ends_with(error, monkeypatch, tmp_path) == cli.BROKE
    assert cli.BROKE not in cli.EXITS.values()


def test_a_drill_without_a_federation_is_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What can be foreseen, such as that nothing is up, is no bug, and no verdict."""
    error: CausewayError = UnavailableError(what="The federation")
    assert status_of_a_drill_that_ends_with(error, monkeypatch, tmp_path) == cli.EXITS[Verdict.UNKNOWN]
