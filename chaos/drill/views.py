"""What the command line shows of plans, rulings and reports."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from chaos.drill import archive, catalogue, waiting
from chaos.drill.archive import Filed
from chaos.drill.run import Order
from chaos.drill.safety import blast_radius
from chaos.drill.schedule import Fault
from chaos.judge.judgement import Judgement
from chaos.judge.verdict import Verdict

STYLES = {Verdict.TRUE: "green", Verdict.FALSE: "red", Verdict.UNKNOWN: "yellow"}
MOST_LINES = 12


def print_plan(console: Console, order: Order, faults: Sequence[Fault]) -> None:
    """Tell what a drill is about to do, and what it may touch."""
    drill = catalogue.of(order.name)
    console.print(f"[bold]{order.name}[/bold], seed {order.seed}: {drill.about}")
    console.print(
        f"  {order.seconds / 60:g} min of traffic at {order.rate:g}/s, {len(faults)} faults; all is healed at its end, also after Ctrl-C"
    )
    console.print(f"  may touch: {blast_radius(faults)}", markup=False)
    console.print(f"  must hold: {drill.holds}{catalogue.said(order.leeway)}", markup=False)
    for fault in faults[:MOST_LINES]:
        shape = fault.shape
        how = (
            ""
            if shape is None
            else f", {1000 * shape.latency:.0f} ms ± {1000 * shape.jitter:.0f}, {shape.bandwidth / 1e6:.1f} Mbit/s"
        )
        console.print(
            f"  from {fault.at + fault.later:6.1f} s  {fault.kind} {fault.target}, {fault.hold:g} s{how}", markup=False
        )
    if len(faults) > MOST_LINES:
        console.print(f"  and {len(faults) - MOST_LINES} more")


def rulings(judgement: Judgement) -> Table:
    """Return what the judge said, checker by checker."""
    table = Table(title=f"verdict: [{STYLES[judgement.verdict]}]{judgement.verdict}[/]")
    for column in ("checker", "verdict", "judged", "found", "why"):
        table.add_column(column)
    for ruling in judgement.rulings:
        why = [*ruling.evidence, *ruling.doubts][:2]
        words = "\n".join(f"{one.what} {', '.join(one.ids)}" for one in why)
        style = STYLES[ruling.verdict]
        table.add_row(ruling.checker, f"[{style}]{ruling.verdict}[/]", str(ruling.judged), str(ruling.found), words)
    return table


def waited(judgement: Judgement) -> Table:
    """Return how long requests took, by kind of part that was killed."""
    table = Table(*waiting.COLUMNS, title="requests, by what was killed")
    for wait in judgement.waits:
        table.add_row(*waiting.cells(wait))
    return table


def print_all(console: Console, found: Sequence[Filed]) -> None:
    """List reports, and how each drill went over time."""
    table = Table("report", *archive.HEADINGS, box=None)
    for one in found:
        table.add_row(one.place.parent.name, *archive.row(one))
    console.print(table)
    over = Table("oldest first", "runs", "true", *archive.courses(()), box=None)
    for name, runs, well, lines in archive.trends(found):
        over.add_row(name, str(runs), str(well), *lines)
    console.print()
    console.print(over)


def print_one(console: Console, filed: Filed) -> None:
    """Show a report."""
    kept = filed.kept
    console.print(
        f"[bold]{kept.name}[/bold], seed {kept.seed}, {kept.minutes:g} min at {kept.rate:g}/s, began {kept.began_at}"
    )
    for name, value in zip(archive.HEADINGS[3:], archive.row(filed)[3:], strict=True):
        console.print(f"  {name:<11}{value}", markup=False)
    if kept.stopped:
        console.print(f"  stopped by itself: {kept.stopped}", markup=False)
    for move in kept.moves:
        console.print(f"  {move}", markup=False)
    for wait in kept.judgement.waits:
        console.print(f"  {wait}", markup=False)
    for ruling in kept.judgement.rulings:
        more = f", {ruling.found} found" if ruling.found else ""
        console.print(f"  {ruling.checker:<12}[{STYLES[Verdict(ruling.verdict)]}]{ruling.verdict}[/]{more}")
    console.print(f"Page: {filed.place.with_name('report.html')}", markup=False, soft_wrap=True)


def print_compared(console: Console, one: Filed, other: Filed) -> None:
    """Show two reports side by side: their figures, and the rulings that differ."""
    table = Table("", one.place.parent.name, other.place.parent.name, box=None)
    for name, first, second in archive.compared(one, other):
        table.add_row(name, first, second)
    console.print(table)
    differs = archive.differences(one.kept, other.kept)
    console.print(
        f"They differ in {', '.join(differs)}, so their figures do not say much beside each other."
        if differs
        else "Both had the same plan and the same workload, for as long, with the same standbys."
    )
