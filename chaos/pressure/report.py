"""A case on disk: JSON for programs and for comparison, a picture for people."""

from pathlib import Path

import msgspec
from rich.table import Table

from chaos.bench.measure import Machine
from chaos.pressure.figures import Figures
from chaos.pressure.picture import draw


class Report(msgspec.Struct, frozen=True):
    """A case with the machine that it ran on."""

    machine: Machine
    measured_at: str
    figures: Figures


def write(report: Report, out: Path) -> tuple[Path, Path]:
    """Write both, and return where."""
    out.mkdir(parents=True, exist_ok=True)
    name = report.figures.case
    data, picture = out / f"{name}.json", out / f"{name}.png"
    data.write_bytes(msgspec.json.encode(report))
    draw(report.figures, picture)
    return data, picture


def summary(figures: Figures) -> Table:
    """Draw what a case came to."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_row(
        "messages", f"{figures.sent} due, {figures.accepted} accepted, {figures.shown} shown, {figures.lost} lost"
    )
    table.add_row(
        "until accepted",
        f"p50 {figures.ack.p50:.0f} ms, p99 {figures.ack.p99:.0f} ms, at most {figures.ack.max / 1000:.1f} s",
    )
    table.add_row(
        "until shown",
        f"p50 {figures.screen.p50:.0f} ms, p99 {figures.screen.p99:.0f} ms, at most {figures.screen.max / 1000:.1f} s",
    )
    table.add_row("fault", ", ".join(f"{span.what} for {span.ended - span.begun:.0f} s" for span in figures.spans))
    table.add_row("all shown after it", f"{figures.recovered:.1f} s")
    for answer, times in figures.posts.items():
        table.add_row(f"POST answered {answer}", str(times))
    for name, value in figures.notes.items():
        table.add_row(name, str(value))
    grown = sorted(figures.memory.items(), key=lambda item: item[1].before - item[1].peak)
    for part, one in grown[:6]:
        table.add_row(
            f"memory of {part}",
            f"{one.before:.0f} MB before, at most {one.peak:.0f}, {one.after:.0f} after; bound {one.bound:.0f}",
        )
    for wrong in figures.beyond:
        table.add_row("OUT OF BOUNDS", wrong)
    return table
