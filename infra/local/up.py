"""Bringing a home's federation up and down from a terminal: install, start the supervisor, wait until all is well, stop."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from infra.local import control, homes, toolchain
from infra.local.control import Ask, Status, Stop
from infra.local.errors import LocalError, NotRunningError, PartFailedError
from infra.local.process import Identity
from infra.local.report import report_down
from infra.local.topology import Federation, lay_out

START_SECONDS = 180.0
STOP_SECONDS = 90.0
CRASHES_UNTIL_GIVEN_UP = 4
POLL_SECONDS = 0.25
Watch = Callable[[Status], None]


class OtherFederationError(LocalError):
    """The federation in {home} is up with other settings ({difference}). Stop it first: `causeway down`."""

    code = "other-federation"


class SupervisorSaysError(LocalError):
    """{sentence}"""  # noqa: D415 — the supervisor's own

    code = "supervisor-says"


class StillRunningError(LocalError):
    """The supervisor (process {pid}) did not end within {seconds} s; its log is {log}."""

    code = "still-running"


def current(home: Path) -> Status:
    """Tell how the home's federation is, also when it is down.

    Raises:
        StaleHomeError: The home cannot be read.
    """
    try:
        return control.ask(home, Ask())
    except NotRunningError:
        known = (home / homes.DESCRIPTION).exists()
        federation = homes.read_federation(home) if known else Federation(str(home), base_port=homes.base_port())
        return report_down(lay_out(federation, toolchain.find()))


def start(federation: Federation, progress: toolchain.Progress) -> bool:
    """Install what is missing and start the supervisor, unless it runs; return whether it was started.

    Raises:
        OtherFederationError: It runs, but not as asked for.
        LocalError: Something is missing or in the way; the message says what.
    """
    home = Path(federation.home)
    try:
        control.ask(home, Ask())
    except NotRunningError:
        pass
    else:
        _compare(homes.read_federation(home), federation)
        return False
    toolchain.ensure(progress)
    homes.describe(federation)
    with homes.alone(home):
        pass  # otherwise one that starts or stops right now has the home; this says so at once
    with (home / "logs" / "supervisor.log").open("wb") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "infra.local.supervisor", str(home)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _wait_for_answer(home, running)
    return True


def wait_until_well(home: Path, watch: Watch) -> Status:
    """Wait until every part is well.

    Args:
        home: Whose.
        watch: Told how everything is, several times a second.

    Raises:
        PartFailedError: A part cannot be started, or crashes again and again.
    """
    until = time.monotonic() + START_SECONDS
    while True:
        status = control.ask(home, Ask())
        watch(status)
        if status.state == "healthy":
            return status
        for name, part in status.parts().items():
            given_up = part.restarts >= CRASHES_UNTIL_GIVEN_UP or time.monotonic() > until
            if part.state == "failed":
                raise SupervisorSaysError(sentence=part.reason)
            if part.state != "healthy" and given_up:
                raise PartFailedError(
                    part=name, reason=part.reason or f"it is {part.state} after {START_SECONDS:.0f} s", log=part.log
                )
        time.sleep(POLL_SECONDS)


def stop(home: Path) -> bool:
    """Stop the home's federation, and what a supervisor that died left behind; return whether anything ran.

    Raises:
        StillRunningError: It did not stop in time.
    """
    leftovers = any(identity.alive() for identity in homes.recorded(home).values())
    try:
        identity = Identity.of(control.ask(home, Ask()).supervisor or 0)
    except NotRunningError:
        homes.end_leftovers(home)
        return leftovers
    with contextlib.suppress(NotRunningError):  # it may end before it answers
        control.ask(home, Stop(), patience=STOP_SECONDS)
    until = time.monotonic() + STOP_SECONDS
    while identity is not None and identity.alive():
        if time.monotonic() > until:
            raise StillRunningError(
                pid=identity.pid, seconds=f"{STOP_SECONDS:.0f}", log=home / "logs" / "supervisor.log"
            )
        time.sleep(0.05)
    return True


def environment(federation: Federation) -> dict[str, str]:
    """Return the environment in which other `causeway` commands are about this federation."""
    return os.environ | {"CAUSEWAY_HOME": federation.home, "CAUSEWAY_BASE_PORT": str(federation.base_port)}


def _compare(running: Federation, asked: Federation) -> None:
    for name in ("regions", "base_port", "partitions", "processes"):
        if getattr(running, name) != getattr(asked, name):
            raise OtherFederationError(
                home=asked.home, difference=f"{name} {getattr(running, name)}, not {getattr(asked, name)}"
            )


def _wait_for_answer(home: Path, running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            control.ask(home, Ask())
        except NotRunningError:
            if running.poll() is not None:
                raise SupervisorSaysError(sentence=_last_words(home / "logs" / "supervisor.log")) from None
            time.sleep(0.05)
        else:
            return


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    if lines and lines[-1].startswith("causeway: "):
        return lines[-1].removeprefix("causeway: ")
    return f"The supervisor ended unexpectedly; its log is {log}"
