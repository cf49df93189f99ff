"""`causeway fuzz`: thousands of malformed requests and frames against the federation that is up; exit 0 if nothing was found, 1 if something was."""

import asyncio
import sys
import time
from importlib.util import find_spec
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.live import Live
from rich.table import Table

from chaos.federation import Federation, Status
from chaos.fuzz.order import Order, Progress
from chaos.fuzz.tally import Tally
from chaos.fuzz.vitals import MEGABYTE, Moment
from infra.errors import CausewayError
from infra.local import homes

REFRESH_SECONDS = 0.5
QUIET_REFRESH_SECONDS = 10.0


class FuzzerMissingError(CausewayError):
    """The fuzzer needs {package}, which is not installed here. `./causeway fuzz` installs what the tests need."""

    code = "fuzzer-missing"
    definite = True


def fuzz(
    *,
    requests: Annotated[int, typer.Option(min=100, help="How many requests and frames.")] = 10_000,
    seed: Annotated[int, typer.Option(help="What is sent follows from it, and from what the region answers.")] = 1,
    rounds: Annotated[int, typer.Option(min=1, help="In how many rounds, with a rest after each.")] = 4,
) -> None:
    """Send malformed requests and frames to every port of the federation that is up, and say what is wrong with what it does.

    Nothing may be answered 500, hang, or leak memory, descriptors or tasks; every answer must be as the region describes itself; afterwards real users must be served.

    Example: causeway fuzz --requests 10000 --seed 7
    """
    if find_spec("schemathesis") is None:
        raise FuzzerMissingError(package="schemathesis")
    console = Console(width=None if sys.stdout.isatty() else 140)
    status = Federation({"CAUSEWAY_HOME": str(homes.home())}).status()
    order, progress, began = Order(requests, seed, rounds), Progress(), time.monotonic()
    uvloop.run(_watched(order, status, progress, console))
    console.print(_answers(progress.tally))
    console.print(_vitals(progress.moments))
    console.print(
        f"{progress.tally.total:,} requests and frames in {time.monotonic() - began:.0f} s, seed {seed}.",
        highlight=False,
    )
    for found in progress.tally.findings.values():
        times = progress.tally.repeated[found.where, found.what]
        console.print(f"[red]{times} times[/red]", end=" ")
        console.print(f"{found.where}: {found.what}\n    {found.how}", markup=False, highlight=False)
    if progress.tally.findings:
        raise typer.Exit(1)
    console.print("Nothing was found.", style="green")


async def _watched(order: Order, status: Status, progress: Progress, console: Console) -> None:
    """Run it and tell every now and then how it goes: in place on a terminal, else line by line."""
    from chaos.fuzz.run import run  # noqa: PLC0415 — schemathesis is there for tests alone

    work = asyncio.create_task(run(order, status, progress))
    try:
        if not console.is_terminal:
            while not (await asyncio.wait({work}, timeout=QUIET_REFRESH_SECONDS))[0]:
                console.print(_line(order, progress), highlight=False)
            return await work
        with Live(_line(order, progress), console=console, auto_refresh=False) as live:
            while not (await asyncio.wait({work}, timeout=REFRESH_SECONDS))[0]:
                live.update(_line(order, progress), refresh=True)
            return await work
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


def _line(order: Order, progress: Progress) -> str:
    found = len(progress.tally.findings)
    return f"{progress.doing} · sent {progress.tally.total:,} of {order.requests:,} · found {found or 'nothing'}"


def _answers(tally: Tally) -> Table:
    table = Table(title="what was sent, and what came back")
    for column in ("where", "sent", "what came back, and how often"):
        table.add_column(column, overflow="fold")
    for target, sent in sorted(tally.sent.items()):
        back = sorted(
            ((what, times) for (where, what), times in tally.answers.items() if where == target),
            key=lambda pair: -pair[1],
        )
        table.add_row(target, f"{sent:,}", " · ".join(f"{what} {times:,}" for what, times in back))
    return table


def _vitals(moments: list[Moment]) -> Table:
    table = Table(title="at rest: before, and after each round")
    for column in ("process", "memory, MB", "descriptors", "tasks"):
        table.add_column(column)
    for part in moments[0] if moments else ():
        told = [moment[part] for moment in moments if part in moment]
        table.add_row(
            part,
            " ".join(str(vitals.memory // MEGABYTE) for vitals in told),
            " ".join(str(vitals.descriptors) for vitals in told),
            " ".join(str(vitals.tasks) for vitals in told),
        )
    return table
