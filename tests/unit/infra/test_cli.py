"""What commands print, and where."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
import typer

from infra import cli
from infra.local.federation import Federation, ZonesError


@pytest.fixture(autouse=True)
def logged_as_before() -> Iterator[None]:
    """How logs are written is for the whole process."""
    yield
    structlog.reset_defaults()


def test_what_is_logged_does_not_get_into_what_a_script_reads(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a schema is laid down on the way: `--json` prints one document."""

    def command() -> None:
        structlog.get_logger().info("revision carried out")
        sys.stdout.write("{}\n")

    monkeypatch.setattr(cli, "app", command)
    monkeypatch.setattr(cli, "add_components", lambda *_: None)

    cli.main()

    out, err = capsys.readouterr()
    assert out == "{}\n"
    assert "revision carried out" in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_whoever_ends_a_command_or_closes_its_terminal_interrupts_it(number: signal.Signals) -> None:
    """So that an operation that it has begun is ended in the trace."""
    script = """
import time
from infra import cli

def command():
    try:
        print("begun", flush=True)
        time.sleep(600)
    except KeyboardInterrupt:
        print("tidied up", flush=True)

cli.app, cli.add_components = command, lambda *_: None
cli.main()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "begun\n"
        child.send_signal(number)
        assert child.stdout.readline() == "tidied up\n"
        assert child.wait(60) == 0


def names_of(app: typer.Typer, path: str = "causeway") -> Iterator[str]:
    """Return what each command is called, with the groups that it is in; one that shares its name with another comes twice."""
    for command in app.registered_commands:
        assert command.callback
        yield f"{path} {command.name or command.callback.__name__.replace('_', '-')}"
    for group in app.registered_groups:
        assert group.typer_instance
        yield from names_of(group.typer_instance, f"{path} {group.name or group.typer_instance.info.name}")


def test_no_two_commands_have_the_same_name() -> None:
    """The later one would take the place of the earlier one, and nobody would be told: parts of a system add to groups of others."""
    app = typer.Typer()
    cli.add_components(app, [])
    names = list(names_of(app))

    assert {"causeway region renew", "causeway region reincarnate"} <= set(names)
    assert sorted(names) == sorted(set(names))


def test_a_federation_whose_standby_is_in_another_legal_zone_is_not_begun(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Before anything is installed or started; one whose standby is in the same zone is."""
    asked: list[Federation] = []

    class BegunError(Exception):
        """It would have been begun."""

    def start(federation: Federation) -> None:
        asked.append(federation)
        raise BegunError

    monkeypatch.setenv("CAUSEWAY_HOME", str(tmp_path))
    monkeypatch.setattr(cli, "_start", start)
    zones = "us=americas,eu=americas,ap=asia"
    with pytest.raises(ZonesError, match=r"ap \(asia\) may not stand by for us \(americas\)"):
        cli.bring_up(standby="us=ap", zones=zones)
    assert asked == []

    with pytest.raises(BegunError):
        cli.bring_up(standby="us=eu", zones=zones)
    assert asked[0].zones == {"us": "americas", "eu": "americas", "ap": "asia"}
