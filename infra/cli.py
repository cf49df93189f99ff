"""The command line: `causeway up`, `down`, `status`, `local …`, `test`, and what components bring by entry points."""

import contextlib
import errno
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console

from infra.errors import CausewayError
from infra.interrupting import terminable
from infra.local import cli as local
from infra.local import control, guests, homes, locking, promtool, toolchain, up, view, webcli
from infra.local.bootstrap import still
from infra.local.checks import check
from infra.local.control import Status
from infra.local.errors import LocalError, NotRunningError, SupervisorGoneError
from infra.local.federation import (
    REGIONS,
    Federation,
    read_brokers,
    read_projectors,
    read_regions,
    read_standbys,
    read_takeover,
    read_zones,
)
from infra.local.lanes import STAGES, run
from infra.local.services import PROCESSES
from infra.local.up import StoppedMeanwhileError
from infra.printing import print_json

GROUP = "causeway.commands"
STOPPING_SECONDS = 4.0
HELP = """Causeway, a federated multi-region messenger.

First steps:

  causeway up                       # three regions on this machine, and a demonstration

  causeway status                   # what runs, and where

  causeway local cut us-eu          # now disturb it (see `causeway local --help`)

  causeway down                     # stop; `down --wipe` throws the data away too

CAUSEWAY_HOME and CAUSEWAY_BASE_PORT choose where a federation's data and ports are, so that several can run.
"""
PLACE_ERRORS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS),
    *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP),
}

app = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(local.app, name="local")
app.add_typer(webcli.app, name="web")
console = Console(highlight=False)


class UnknownProcessesError(LocalError):
    """{text} is no way to share processes; there are {known}."""

    code = "unknown-processes"


@app.command("up")
def bring_up(
    regions: Annotated[str, typer.Option(help="Which regions, comma-separated.")] = ",".join(REGIONS),
    *,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return when all is well; `causeway down` stops it.")
    ] = False,
    processes: Annotated[
        str,
        typer.Option(
            help="default: edge and gateway share one; separate: each service its own; paired: one that devices meet and one behind it; together: one a region; none: servers only."
        ),
    ] = "default",
    brokers: Annotated[
        str, typer.Option(help="Regions whose Kafka has three brokers, such as us=3; the others have one.")
    ] = "",
    projectors: Annotated[
        str,
        typer.Option(
            help="Regions in which two projectors share the work, such as us=2, and each takes over from the other; the others have one."
        ),
    ] = "",
    standby: Annotated[
        str, typer.Option(help="Which region may take over whose duties, such as us=eu; nobody may by default.")
    ] = "",
    zones: Annotated[
        str,
        typer.Option(
            envvar="CAUSEWAY_ZONES",
            help="The legal zone of each region, such as us=americas,eu=europe,ap=asia: nobody stands by beyond it; one for all by default.",
        ),
    ] = "",
    takeover: Annotated[
        str,
        typer.Option(
            help="What follows when regions take another one for down: propose, or automatic: its standby takes over by itself."
        ),
    ] = "propose",
    tls: Annotated[
        bool, typer.Option("--tls/--no-tls", help="Mutual TLS between regions, and Kafka access lists.")
    ] = True,
    demo: Annotated[bool, typer.Option(help="Show the demonstration when all is well.")] = True,
) -> None:
    """Install what is missing, start the federation, wait until it is well, and show it at work.

    Stays until Ctrl-C, which stops everything; data is kept between runs. Safe to repeat: a federation that is up is only shown again.

    Examples: causeway up; causeway up --detach; causeway up --regions us,eu; causeway up --brokers us=3; CAUSEWAY_BASE_PORT=17000 causeway up
    """
    if processes not in PROCESSES:
        raise UnknownProcessesError(text=processes, known=", ".join(PROCESSES))
    home, named = homes.home(), read_regions(regions)
    legal_zones = read_zones(zones, named)
    standbys = read_standbys(standby, named, legal_zones)
    federation = Federation(
        str(home),
        named,
        homes.base_port(),
        processes=processes,  # type: ignore[arg-type]  # checked above
        brokers=read_brokers(brokers),
        projectors=read_projectors(projectors),
        standbys=standbys,
        zones=legal_zones,
        takeover=read_takeover(takeover, standbys),
        build=homes.build(),
        tls=tls,
    )
    ours = False
    try:
        ours, status = _start(federation)
        if demo and not detach:
            _show(federation)
        _explain(status, detached=detach, ours=ours)
        if not detach:
            _stay(home)
    except KeyboardInterrupt:
        if ours:
            console.print("\nStopping …")
            _stop(home)
            console.print("Stopped; the data is kept.")
        else:
            console.print("\nStill up; `causeway down` stops it.")


@app.command()
def down(
    *,
    wipe: Annotated[bool, typer.Option("--wipe", help="Throw away all of its data, too.")] = False,
) -> None:
    """Stop the federation; its data is kept unless --wipe.

    Examples: causeway down; causeway down --wipe
    """
    home = homes.home()
    ran = _stop(home, discards=wipe)
    console.print("Stopped." if ran else "Nothing was running.")
    if wipe:
        with still("throwing its data away", _say):
            homes.wipe(home)
        console.print("Its data is gone.")


@app.command()
def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Tell what runs and where; also when nothing does.

    Examples: causeway status; causeway status --json
    """
    now = up.current(homes.home())
    if as_json:
        print_json(now)
        return
    console.print(f"The federation in {now.home} is {now.state}.", soft_wrap=True)
    console.print(view.grid(now))
    for region, there in now.regions.items():
        console.print(f"{region}: {there.public_url}")


@app.command("test", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run_tests(context: typer.Context) -> None:
    """Check style, types, layers, our code and our packages, then run all tests, in two lanes and the drills after them; what follows goes to one pytest.

    Examples: causeway test; causeway test tests/unit -x
    """
    programs = Path(sys.executable).parent
    whole = not context.args
    with promtool.ahead() if whole else contextlib.nullcontext():
        failed, audited = check(programs, console)
        toolchain.ensure(_say)
        tested = run(STAGES if whole else [[{"all": context.args}]], _say, [str(programs / "pytest")])
    if audited.result == "unknown":
        console.print(f"NOT AUDITED: the locked packages; {audited.words}.", style="yellow")
    if failed:  # said last, too: what pytest prints in the end may be all green
        console.print(f"FAILED: {', '.join(failed)}; see above, before the tests.", style="red")
    raise typer.Exit(tested or (1 if failed else 0))


@app.command("lock")
def lock_packages(
    *, upgrade: Annotated[bool, typer.Option("--upgrade", help="Take the newest versions that fit.")] = False
) -> None:
    """Resolve the packages that pyproject.toml names into the lock files, with their hashes.

    Examples: causeway lock; causeway lock --upgrade
    """
    for name in locking.lock(upgrade=upgrade):
        console.print(f"{name} is written.")


def add_components(to: typer.Typer, arguments: Sequence[str]) -> None:
    """Add the commands that installed components bring, each a typer app or a function.

    Args:
        to: The app that gets them.
        arguments: The command line; when it names a command, only that one is loaded, since loading takes time.
    """
    entries = {entry.name: entry for entry in entry_points(group=GROUP)}
    own = {command.name or command.callback.__name__ for command in to.registered_commands if command.callback}
    own |= {group.name for group in to.registered_groups if group.name}
    named = arguments[0] if arguments else None
    for name in [named] if named in entries else [] if named in own else sorted(entries):
        entry = entries[name]
        try:
            brought = entry.load()
        except ModuleNotFoundError as error:
            if error.name and entry.module.startswith(error.name):
                continue  # declared, but not part of this installation
            raise
        if not isinstance(brought, typer.Typer):
            to.command(name)(brought)
        elif (
            len(brought.registered_commands) == 1 and not brought.registered_groups and not brought.registered_callback
        ):
            only = brought.registered_commands[0]
            assert only.callback
            to.command(name, help=only.help, context_settings=only.context_settings)(only.callback)
        else:
            to.add_typer(brought, name=name)


def main() -> None:
    """Run the command line; what goes wrong foreseeably is one sentence and status 1.

    What is logged meanwhile is for people, so it goes to where a script does not read. Whoever ends the process, or closes its
    terminal, interrupts it as Ctrl-C does, so that what it has begun is told and left in order.
    """
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        add_components(app, sys.argv[1:])
        with terminable():
            app()
    except CausewayError as error:
        print(f"causeway: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.errno not in PLACE_ERRORS:
            raise
        print(f"causeway: {error.strerror}: {error.filename or homes.home()}", file=sys.stderr)
        sys.exit(1)


def _say(line: str) -> None:
    console.print(line, soft_wrap=True)


def _start(federation: Federation) -> tuple[bool, Status]:
    home, began = Path(federation.home), time.monotonic()
    webcli.build_if_possible(_say)
    ours = up.start(federation, _say)
    if ours:
        console.print(f"Starting {', '.join(federation.regions)} in {home}", soft_wrap=True)
    try:
        with view.Progress(console, lambda: time.monotonic() - began) as progress:
            status = up.wait_until_well(home, progress.watch)
    except StoppedMeanwhileError:
        raise
    except (CausewayError, KeyboardInterrupt):
        if ours:
            console.print("Stopping what was started …")
            _stop(home)
        raise
    if not ours:
        console.print("The federation is already up.")
    else:
        console.print(f"All {len(status.parts())} parts are well after {time.monotonic() - began:.1f} s.")
    return ours, status


def _stop(home: Path, *, discards: bool = False) -> bool:
    """Stop it, at once if its data is thrown away next, and tell meanwhile what still runs; return whether anything ran."""
    with still("stopping", _say, more=lambda: up.glance(home, view.remaining), every=STOPPING_SECONDS):
        return up.stop(home, discards=discards)


def _show(federation: Federation) -> None:
    if entry_points(group=GROUP, name="demo"):
        done = subprocess.run(
            [sys.executable, "-m", "infra.cli", "demo", "--no-invite"], env=up.environment(federation), check=False
        )
        if done.returncode != 0:
            console.print(f"The demonstration failed (status {done.returncode}).", style="red")


def _explain(status: Status, *, detached: bool, ours: bool) -> None:
    console.print()
    for region, there in status.regions.items():
        console.print(f"  {region}: {there.public_url}")
    if webcli.is_built():
        urls = {region: there.public_url for region, there in status.regions.items()}
        lines = guests.invitation(guests.read(Path(status.home)), urls)
        console.print(
            "\n  use it:     open these in two tabs of a browser:"
            if lines
            else "\n  use it:     open two of these in a browser, and make an account in each; ./causeway demo makes two for you",
            soft_wrap=True,
        )
        for line in lines:
            console.print(f"              {line}", soft_wrap=True, markup=False)
    console.print("\n  see it:     ./causeway status      disturb it: ./causeway local --help")
    stop = "./causeway down" if detached or not ours else "Ctrl-C or ./causeway down"
    console.print(f"  stop it:    {stop}      wipe it:    ./causeway down --wipe")
    if os.environ.get("CAUSEWAY_HOME"):
        console.print(f"  each with:  CAUSEWAY_HOME={shlex.quote(status.home)}", soft_wrap=True)
    console.print()


def _stay(home: Path) -> None:
    while True:
        threading.Event().wait(2)
        try:
            control.ask(home, control.Ask())
        except SupervisorGoneError as error:
            console.print(str(error), soft_wrap=True)
            return
        except NotRunningError:
            console.print("It was stopped.")
            return


if __name__ == "__main__":
    main()
