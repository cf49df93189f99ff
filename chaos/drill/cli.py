"""`causeway drill`: steady traffic, faults one after another, and a verdict: exit 0 if true, 1 if false, 2 if unknown; 3 if the drill itself broke."""

import asyncio
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.live import Live
from rich.table import Table

from chaos.bench.measure import machine
from chaos.drill.figures import count
from chaos.drill.report import RULES, Report, write
from chaos.drill.run import Order, Watched, drill
from chaos.drill.schedule import Name
from chaos.judge.judgement import Judgement, judge
from chaos.judge.ledger import Ledger, read
from chaos.judge.sufficiency import Needs
from chaos.judge.verdict import Verdict
from infra.errors import CausewayError
from infra.local import homes

EXITS = {Verdict.TRUE: 0, Verdict.FALSE: 1, Verdict.UNKNOWN: 2}
BROKE = 3
"""What a drill ends with that broke by itself, and so says nothing of the federation; an uncaught exception would end with 1, the status of a false verdict."""

STYLES = {Verdict.TRUE: "green", Verdict.FALSE: "red", Verdict.UNKNOWN: "yellow"}
REFRESH_SECONDS = 0.5
QUIET_REFRESH_SECONDS = 10.0

app = typer.Typer(
    help="Disturb the federation under traffic, and judge what its clients saw. Exit 0: true, 1: false, 2: unknown, 3: the drill itself broke.",
    no_args_is_help=True,
)


ABOUT = {
    Name.PARTS: "every part of every region killed, paused or restarted, every Redis wiped, every link cut, slowed or narrowed, one after another",
    Name.PAIRS: "two at once: parts killed, paused or restarted, links cut, slowed or narrowed, the second at a random moment after the first",
    Name.RELAY: "every MirrorMaker made to repeat or killed, every relay topic truncated before it was copied, links disturbed",
    Name.DOUBLES: "a second instance of every service, started while the first stands still; then both go on",
    Name.DISKS: "every Kafka and PostgreSQL with a full disk (as root: it takes a mount)",
}


@app.command("list")
def list_drills() -> None:
    """List the drills, and what the judge asks.

    Example: causeway drill list
    """
    console = Console()
    for name, about in ABOUT.items():
        console.print(f"[bold]{name}[/bold]  {about}")
    console.print("\nThe judge asks of each whether, for everything that clients saw:")
    for checker, rule in RULES.items():
        console.print(f"  {checker:<12}{rule}")


@app.command()
def run(
    name: Annotated[Name, typer.Argument(help="Which drill; `causeway drill list` names them.")],
    *,
    minutes: Annotated[float, typer.Option(min=0.5, help="How long the traffic flows.")] = 10.0,
    seed: Annotated[int, typer.Option(help="What workload and faults follow from.")] = 1,
    rate: Annotated[float, typer.Option(min=1.0, help="Messages a second, over all regions.")] = 300.0,
    out: Annotated[
        Path | None,
        typer.Option(help="Where ledger and report go; a new directory in the federation's home by default."),
    ] = None,
) -> None:
    """Run a drill on the federation that is up.

    Example: causeway drill run parts --minutes 3 --seed 7 --rate 50
    """
    console = Console(width=None if sys.stdout.isatty() else 140)
    try:
        verdict = _run(console, name, minutes=minutes, seed=seed, rate=rate, out=out)
    except Exception as error:
        traceback.print_exc()
        console.print("causeway drill: it broke, as told above. That says nothing of the federation.", style="red")
        raise typer.Exit(BROKE) from error
    raise typer.Exit(EXITS[verdict])


def _run(console: Console, name: Name, *, minutes: float, seed: int, rate: float, out: Path | None) -> Verdict:
    began_at, of = datetime.now(UTC).isoformat(timespec="seconds"), machine()
    home = homes.home()
    where = out or home / "chaos" / f"drill-{name}-{seed}-{began_at.replace(':', '')[:17]}"
    where.mkdir(parents=True, exist_ok=True)
    path, progress = where / "ledger.jsonl", Watched("looking at the federation")
    try:
        with Ledger(path, seed=seed, about=f"{name}, {minutes:g} min at {rate:g}/s", fifo=True) as ledger:
            order = Order(name, home, seconds=60 * minutes, rate=rate, seed=seed)
            planned = uvloop.run(_watched(order, ledger, progress, console))
    except CausewayError as error:
        console.print(f"causeway drill: {error}", style="red", markup=False)
        console.print(f"What was noted until then: {path}", markup=False)
        return Verdict.UNKNOWN
    judgement = judge(read(path), Needs(faults=len(planned), everybody=True))
    report = Report(
        name=name,
        seed=seed,
        rate=rate,
        minutes=minutes,
        planned=len(planned),
        began_at=began_at,
        machine=of,
        offline=progress.tally.offline,
        share=round(progress.share, 3),
        judgement=judgement,
        figures=count(read(path)),
    )
    page, _ = write(report, where)
    console.print(_table(judgement))
    console.print(f"Report: {page}", markup=False, soft_wrap=True)
    return judgement.verdict


async def _watched(order: Order, ledger: Ledger, progress: Watched, console: Console) -> tuple[object, ...]:
    """Run a drill and tell every now and then how it goes: in place on a terminal, else line by line."""
    work = asyncio.create_task(drill(order, ledger, progress))
    try:
        if not console.is_terminal:
            while not (await asyncio.wait({work}, timeout=QUIET_REFRESH_SECONDS))[0]:
                console.print(_line(progress, order), highlight=False)
            return await work
        with Live(_line(progress, order), console=console, auto_refresh=False) as live:
            while not (await asyncio.wait({work}, timeout=REFRESH_SECONDS))[0]:
                live.update(_line(progress, order), refresh=True)
            return await work
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


def _line(progress: Watched, order: Order) -> str:
    tally, nemesis = progress.tally, progress.nemesis
    faults = "" if nemesis is None else f" · faults {nemesis.done} of {progress.faults}"
    present = "" if nemesis is None or not nemesis.present else f" · now [red]{nemesis.present}[/red]"
    return (
        f"{progress.doing} · {progress.elapsed:.0f} of {order.seconds:.0f} s · accepted {tally.accepted:,} of {tally.invoked:,}"
        f" · shown {tally.shown:,}{faults}{present}"
    )


def _table(judgement: Judgement) -> Table:
    table = Table(title=f"verdict: [{STYLES[judgement.verdict]}]{judgement.verdict}[/]")
    for column in ("checker", "verdict", "judged", "found", "why"):
        table.add_column(column)
    for ruling in judgement.rulings:
        why = [*ruling.evidence, *ruling.doubts][:2]
        words = "\n".join(f"{one.what} {', '.join(one.ids)}" for one in why)
        style = STYLES[ruling.verdict]
        table.add_row(ruling.checker, f"[{style}]{ruling.verdict}[/]", str(ruling.judged), str(ruling.found), words)
    return table
