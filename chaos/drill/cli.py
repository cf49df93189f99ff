"""`causeway drill`: lists drills, runs and replays them, and shows their reports; exit 0 if the verdict is true, 1 if false, 2 if unknown; 3 if the drill itself broke."""

import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
import uvloop
from rich.console import Console

from chaos.bench.measure import machine
from chaos.drill import archive, catalogue, views
from chaos.drill.archive import Filed
from chaos.drill.figures import count
from chaos.drill.moves import decisions, moves
from chaos.drill.outcome import Report
from chaos.drill.report import RULES, write
from chaos.drill.run import Order, Watched, look, planned
from chaos.drill.safety import blast_radius
from chaos.drill.views import STYLES
from chaos.drill.watching import InterruptedDrillError, watched
from chaos.judge.expectations import expected_of
from chaos.judge.judgement import CHECKERS, EXPECTED, judge
from chaos.judge.ledger import Ledger, read
from chaos.judge.sufficiency import Needs
from chaos.judge.verdict import Verdict
from infra.errors import CausewayError
from infra.local import homes
from infra.printing import print_json

T = TypeVar("T")

EXITS = {Verdict.TRUE: 0, Verdict.FALSE: 1, Verdict.UNKNOWN: 2}
UNUSABLE = 2
BROKE = 3
"""What a drill ends with that broke by itself, and so says nothing of the federation; an uncaught exception would end with 1, the status of a false verdict."""


app = typer.Typer(
    help="Disturb the federation under traffic, and judge what its clients saw. Exit 0: true, 1: false, 2: unknown, 3: the drill itself broke, 130 or 143: it was interrupted, and has healed.",
    no_args_is_help=True,
)
Seed = Annotated[int, typer.Option(help="What workload and faults follow from.")]
Out = Annotated[
    Path | None,
    typer.Option(help="Where ledger and report go; a new directory in the federation's home by default."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be struck, and when; nothing is touched.")]


@app.command("list")
def list_drills(*, as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """List the drills: what each does, how long it takes, what it strikes, what must hold, and how it ended here the last time.

    Examples: causeway drill list; causeway drill list --json
    """
    console = Console(highlight=False)
    last = {filed.kept.name: filed.kept for filed in archive.all_in(homes.home())}
    if as_json:
        print_json(_listed(last))
        return
    for name, one in catalogue.DRILLS.items():
        ran = last.get(name)
        ended = (
            "never run here"
            if ran is None
            else f"{ran.began_at[:16]}, seed {ran.seed}: [{STYLES[Verdict(ran.judgement.verdict)]}]{ran.judgement.verdict}[/]"
        )
        each = f", each fault {one.hold:g} s" if one.hold else ""
        console.print(f"[bold]{name}[/bold]  {one.about}")
        console.print(
            f"    takes    {one.minutes:g} min of traffic at {one.rate:g}/s{each}, and some minutes around it"
        )
        console.print(f"    strikes  {one.strikes}")
        console.print(f"    holds    {one.holds}")
        console.print(f"    unseen   {one.unseen}")
        console.print(f"    last     {ended}")
    for name, why in catalogue.ABSENT.items():
        console.print(f"[dim]{name}: not there; {why}[/dim]")
    console.print("\nThe judge asks of each whether, for everything that clients saw:")
    for checker in CHECKERS:
        console.print(f"  {checker:<12}{RULES[checker]}")
    console.print("and where the drill asks for it:")
    for checker in EXPECTED:
        console.print(f"  {checker:<12}{RULES[checker]}")


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="Which drill; `causeway drill list` names them.", show_default=False)],
    *,
    minutes: Annotated[
        float | None, typer.Option(min=0.5, help="How long the traffic flows; as the drill has it by default.")
    ] = None,
    seed: Seed = 1,
    rate: Annotated[
        float | None, typer.Option(min=1.0, help="Messages a second, over all regions; as the drill has it by default.")
    ] = None,
    hold: Annotated[
        float | None,
        typer.Option(
            min=3.0, help="How long each fault lasts, seconds, such as how long each side of a split is alone."
        ),
    ] = None,
    leeway: Annotated[
        float,
        typer.Option(
            min=1.0,
            help="How many times as long whatever must hold soon may take: for a machine that is slow, or busy.",
        ),
    ] = 1.0,
    out: Out = None,
    dry_run: DryRun = False,
) -> None:
    """Run a drill on the federation that is up: a healthy one, or it says what is the matter.

    It tells first what it may touch. It stops by itself if nothing is accepted anywhere for 90 s, a part that it does not strike stays down, or the disk
    fills. Whatever ends it, also Ctrl-C, it heals what it has struck.

    Examples: causeway drill run split --hold 60 --seed 7; causeway drill run parts --minutes 3 --rate 50
    """
    console = _console()
    drill = _or_exit(console, lambda: catalogue.of(name))
    order = Order(
        name,
        homes.home(),
        seconds=60 * (drill.minutes if minutes is None else minutes),
        rate=drill.rate if rate is None else rate,
        seed=seed,
        hold=drill.hold if hold is None else hold,
        leeway=leeway,
    )
    _carry_out(console, order, out, dry_run=dry_run)


@app.command()
def replay(
    report: Annotated[
        str, typer.Argument(help="A report: its name in `causeway drill report`, or its path.", show_default=False)
    ],
    *,
    out: Out = None,
    dry_run: DryRun = False,
) -> None:
    """Run the drill of a report again: the plan that is in it, and the same people who write to each other in the same order.

    Faults wait until what came before is well again, so when each begins differs, and so does which messages it meets: the verdict may, too. A seed gives the
    same plan only on a federation of the same parts; a report has the plan itself.

    Example: causeway drill replay drill-split-7-2026-01-01T120000
    """
    console = _console()
    filed = _or_exit(console, lambda: archive.find(homes.home(), report))
    kept, faults = filed.kept, _or_exit(console, lambda: archive.plan_in(filed))
    order = Order(
        kept.name,
        homes.home(),
        seconds=60 * kept.minutes,
        rate=kept.rate,
        seed=kept.seed,
        hold=kept.hold,
        leeway=kept.leeway,
        faults=faults,
    )
    _carry_out(console, order, out, dry_run=dry_run, original=filed)


@app.command("report")
def show(
    reports: Annotated[
        list[str] | None,
        typer.Argument(
            help="None for all that are here, one to show it, two to compare them: names or paths.", show_default=False
        ),
    ] = None,
    *,
    drill: Annotated[str, typer.Option(help="Only those of this drill.")] = "",
    browser: Annotated[bool, typer.Option("--open", help="Open its page in the browser.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Show the reports that are here and how drills went over time; or one; or compare two.

    Examples: causeway drill report; causeway drill report --drill split; causeway drill report BEFORE AFTER
    """
    console = _console()
    home, named = homes.home(), reports or []
    if len(named) > 2:  # noqa: PLR2004  # a third has no column
        console.print("causeway drill: two reports can be compared, no more.", style="red")
        raise typer.Exit(UNUSABLE)
    found = _or_exit(console, lambda: [archive.find(home, one) for one in named] or archive.all_in(home, drill))
    if as_json:
        print_json([one.kept for one in found])
        return
    if not found:
        console.print("No drill has been run here yet: `causeway drill list`.")
    elif not named:
        views.print_all(console, found)
    elif len(found) == 1:
        views.print_one(console, found[0])
    else:
        views.print_compared(console, *found)
    if browser and len(named) == 1:
        typer.launch(found[0].place.with_name("report.html").as_uri())


def _listed(last: dict[str, archive.Kept]) -> dict[str, dict[str, str | float | None]]:
    return {
        name: {
            "about": one.about, "strikes": one.strikes, "holds": one.holds, "unseen": one.unseen,
            "minutes": one.minutes, "rate": one.rate, "hold": one.hold,
            "last": last[name].judgement.verdict if name in last else None,
        }
        for name, one in catalogue.DRILLS.items()
    }  # fmt: skip


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 140)


def _or_exit(console: Console, work: Callable[[], T]) -> T:
    """Return what some work returns; tell what is wrong, and end with 2, if it says so."""
    try:
        return work()
    except CausewayError as error:
        console.print(f"causeway drill: {error}", style="red", markup=False)
        raise typer.Exit(UNUSABLE) from None


def _carry_out(
    console: Console, order: Order, out: Path | None, *, dry_run: bool, original: Filed | None = None
) -> None:
    """Run a drill, or only tell its plan, and end with its verdict."""
    try:
        if dry_run:
            faults = _or_exit(console, lambda: planned(order, *look(order.home)))
            views.print_plan(console, order, faults)
            return
        verdict = _run(console, order, out, original)
    except InterruptedDrillError as interrupted:
        console.print(f"causeway drill: interrupted by {interrupted.name}.", style="yellow")
        raise typer.Exit(128 + interrupted.number) from None
    except typer.Exit:
        raise
    except Exception as error:
        traceback.print_exc()
        console.print("causeway drill: it broke, as told above. That says nothing of the federation.", style="red")
        raise typer.Exit(BROKE) from error
    raise typer.Exit(EXITS[verdict])


def _run(console: Console, order: Order, out: Path | None, original: Filed | None) -> Verdict:
    began_at, of = datetime.now(UTC).isoformat(timespec="seconds"), machine()
    name, seed = order.name, order.seed
    where = out or order.home / "chaos" / f"drill-{name}-{seed}-{began_at.replace(':', '')[:17]}"
    path, progress = where / "ledger.jsonl", Watched("looking at the federation")
    try:
        faults = planned(order, *(there := look(order.home)))  # who is refused leaves no directory behind
        order = replace(order, faults=faults)
        views.print_plan(console, order, faults)
        where.mkdir(parents=True, exist_ok=True)
        about = f"{name}, {order.seconds / 60:g} min at {order.rate:g}/s"
        with Ledger(path, seed=seed, about=about, fifo=True, standbys=there[1]) as ledger:
            uvloop.run(watched(order, ledger, progress, console))
    except CausewayError as error:
        console.print(f"causeway drill: {error}", style="red", markup=False)
        if path.exists():
            console.print(f"What was noted until then: {path}", markup=False)
        return Verdict.UNKNOWN
    asked = frozenset(EXPECTED) & {"residency", *(one for fault in faults for one in expected_of(fault.expects))}
    judgement = judge(read(path), Needs(faults=len(faults), everybody=True, expects=asked))
    report = Report(
        name=name,
        seed=seed,
        rate=order.rate,
        minutes=order.seconds / 60,
        planned=len(faults),
        began_at=began_at,
        machine=of,
        offline=progress.tally.offline,
        share=round(progress.share, 3),
        judgement=judgement,
        figures=count(read(path)),
        hold=order.hold,
        leeway=order.leeway,
        plan=faults,
        struck=blast_radius(faults),
        stopped=progress.stopped,
        regions=tuple(sorted(there[0].regions)),
        standbys=there[1],
        moves=moves(read(path)),
        decisions=decisions(read(path)),
    )
    page, data = write(report, where, archive.all_in(order.home, name))
    if progress.stopped:
        console.print(f"It stopped by itself: {progress.stopped}.", style="yellow", markup=False)
    console.print(views.rulings(judgement))
    if judgement.waits:
        console.print(views.waited(judgement))
    console.print(f"Report: {page}", markup=False, soft_wrap=True)
    if original is not None:
        again = archive.read(data)
        others = archive.differences(original.kept, again.kept)
        same = f"another {', '.join(others)} than" if others else "the same plan, workload and standbys as"
        console.print(f"It had {same} {original.place.parent.name}:")
        views.print_compared(console, original, again)
    return judgement.verdict
