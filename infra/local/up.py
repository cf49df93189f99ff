"""Bringing a home's federation up and down from a terminal: install, start the supervisor, wait until all is well, stop."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from infra.local import control, homes, process, toolchain
from infra.local.control import Ask, Status, Stop
from infra.local.errors import HomeInUseError, LocalError, NotRunningError, PartFailedError, SupervisorGoneError
from infra.local.federation import Federation
from infra.local.report import report_down
from infra.local.topology import lay_out

START_SECONDS = 300.0
STOP_SECONDS = 90.0
GLANCE_SECONDS = 1.0
CRASHES_UNTIL_GIVEN_UP = 4
POLL_SECONDS = 0.25
NEEDED_BYTES = 300_000_000
Watch = Callable[[Status], None]


class OtherFederationError(LocalError):
    """The federation in {home} is up with other settings ({difference}). Stop it first: `causeway down`."""

    code = "other-federation"


class SupervisorSaysError(LocalError):
    """{sentence}"""  # noqa: D415 — the supervisor's own

    code = "supervisor-says"


class StoppedMeanwhileError(LocalError):
    """The federation in {home} was stopped by another command while it started. Start it again with `causeway up`."""

    code = "stopped-meanwhile"


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
        return report_down(lay_out(federation, toolchain.find()), homes.orphans(home))


def glance(home: Path, words: Callable[[Status], str]) -> str:
    """Return what there is to say of how it is at this moment; nothing when it does not answer at once."""
    try:
        return words(control.ask(home, Ask(), patience=GLANCE_SECONDS))
    except LocalError:
        return ""


def start(federation: Federation, progress: toolchain.Progress) -> bool:
    """Install what is missing and start the supervisor, unless it runs; return whether it was started.

    Whoever starts, stops or wipes the home at the same moment is waited for.

    Raises:
        OtherFederationError: It runs, but not as asked for.
        LocalError: Something is missing or in the way; the message says what.
    """
    home, until, told = Path(federation.home), time.monotonic() + START_SECONDS, False
    installed = False
    while True:
        try:
            stopping = control.ask(home, Ask()).state == "stopping"
        except NotRunningError:
            if not installed:
                toolchain.ensure(progress)
                installed = True
            try:
                _start_supervisor(federation)
            except HomeInUseError:
                if time.monotonic() > until:
                    raise
            else:
                return True
        else:
            if not stopping:
                _compare(homes.read_federation(home), federation)
                return False
        if not told:
            progress("Another command starts or stops it just now; waiting for that.")
            told = True
        time.sleep(POLL_SECONDS)


def _start_supervisor(federation: Federation) -> None:
    home = Path(federation.home)
    process.need_room(home, NEEDED_BYTES)
    homes.make(home)
    with homes.alone(home) as lock:
        homes.describe(federation)
        (home / "logs" / "supervisor.log").write_bytes(b"")
        with (home / "logs" / "supervisor.log").open("ab") as log:  # appended to, so that it can be rotated
            running = subprocess.Popen(
                [sys.executable, "-m", "infra.local.supervisor", str(home), str(lock)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock,),
            )
    _wait_for_answer(home, running)


def wait_until_well(home: Path, watch: Watch) -> Status:
    """Wait until every part is well.

    Args:
        home: Whose.
        watch: Told how everything is, several times a second.

    Raises:
        PartFailedError: A part cannot be started, or crashes again and again.
        StoppedMeanwhileError: Somebody else stops it.
    """
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            status = control.ask(home, Ask())
        except SupervisorGoneError:
            raise
        except NotRunningError:
            raise StoppedMeanwhileError(home=home) from None
        if status.state == "stopping":
            raise StoppedMeanwhileError(home=home)
        watch(status)
        if status.state == "healthy":
            return status
        for name, part in status.parts().items():
            given_up = part.crashes >= CRASHES_UNTIL_GIVEN_UP or time.monotonic() > until
            if part.state == "failed":
                raise SupervisorSaysError(sentence=part.reason)
            if part.state != "healthy" and given_up:
                raise PartFailedError(
                    part=name, reason=part.reason or f"it is {part.state} after {START_SECONDS:.0f} s", log=part.log
                )
        time.sleep(POLL_SECONDS)


def stop(home: Path, *, discards: bool = False) -> bool:
    """Stop the home's federation, even one that only just starts, and what a supervisor that died left; return whether anything ran.

    Args:
        home: Whose.
        discards: Its data is thrown away next, so nobody has to put it in order first.

    Raises:
        StillRunningError: It did not stop in time.
    """
    ran, until = False, time.monotonic() + STOP_SECONDS
    while (home / homes.LOCK).exists() or (home / homes.PROCESSES).exists():  # otherwise nothing was ever started there
        with contextlib.suppress(NotRunningError):  # it may not answer yet, and end before it answers
            control.ask(home, Stop(discards), patience=STOP_SECONDS)
            ran = True
        try:
            with homes.alone(home):  # so that none starts while we look
                ran = ran or bool(homes.orphans(home))
                homes.end_leftovers(home)
                return ran
        except HomeInUseError as error:
            if time.monotonic() > until:
                raise StillRunningError(
                    pid=error.details["pid"], seconds=f"{STOP_SECONDS:.0f}", log=home / "logs" / "supervisor.log"
                ) from error
        except FileNotFoundError:  # another wiped it
            break
        time.sleep(0.05)
    return ran


def environment(federation: Federation) -> dict[str, str]:
    """Return the environment in which other `causeway` commands are about this federation."""
    return os.environ | {"CAUSEWAY_HOME": federation.home, "CAUSEWAY_BASE_PORT": str(federation.base_port)}


def _compare(running: Federation, asked: Federation) -> None:
    for name in (
        "regions",
        "base_port",
        "partitions",
        "processes",
        "brokers",
        "projectors",
        "standbys",
        "zones",
        "takeover",
        "build",
        "tls",
    ):
        if getattr(running, name) != getattr(asked, name):
            raise OtherFederationError(
                home=asked.home,
                difference=f"{name} {_written(getattr(running, name))}, not {_written(getattr(asked, name))}",
            )


def _written(setting: int | str | tuple[str, ...] | dict[str, int] | dict[str, str]) -> str:
    if isinstance(setting, bool):
        return "on" if setting else "off"
    if isinstance(setting, dict):
        return ",".join(f"{name}={value}" for name, value in setting.items()) or "as usual"
    return ",".join(setting) if isinstance(setting, tuple) else str(setting)


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
