"""What a benchmark has to say: a table for the terminal, JSON for programs, a picture for people."""

import math
from pathlib import Path

import matplotlib as mpl
import msgspec
from rich.table import Table

from chaos.bench.ledger import Faults, Latency
from chaos.bench.measure import Machine, Usage

mpl.use("Agg")  # no screen is needed
from matplotlib import pyplot as plt  # after the choice of its back end


class Step(msgspec.Struct, frozen=True):
    """One rate of a benchmark.

    Attributes:
        rate: Messages a second that were due.
        messages: How many were sent in all, warm-up and first messages included.
        achieved: Messages a second that came to a screen while latencies counted.
        latency: `ack`, `screen` and `receipt`, from when a message was due.
        faults: What must not happen.
        problems: Codes of refusals and errors, counted.
        reconnects: How often a socket had to be opened anew.
        usage: Who used the machine meanwhile.
    """

    rate: float
    messages: int
    achieved: float
    latency: dict[str, Latency]
    faults: Faults
    problems: dict[str, int]
    reconnects: int
    usage: Usage


class Report(msgspec.Struct, frozen=True):
    """A benchmark.

    Attributes:
        scenario: local, cross or cross-80ms.
        path: What the messages went through, in words.
        sockets: How many devices were connected.
        conversations: Between how many pairs.
        text_bytes: Of each message.
        seconds: How long each rate was measured.
        machine: What it ran on.
        measured_at: RFC 3339.
        steps: By rate.
    """

    scenario: str
    path: str
    sockets: int
    conversations: int
    text_bytes: int
    seconds: float
    machine: Machine
    measured_at: str
    steps: list[Step]


def table(report: Report) -> Table:
    """Return the table of a report."""
    of = report.machine
    title = f"{report.scenario}: {report.path}"
    caption = (
        f"{report.sockets} sockets, {report.conversations} conversations, {report.text_bytes} bytes of text, receipts on; latencies in ms"
        f" from when a message was due. {of.cores} cores, {of.memory_gb} GB, {of.processor}, {of.kernel}, {of.python}, load before {of.load_before}."
    )
    result = Table(title=title, caption=caption)
    for column in (
        "due/s",
        "shown/s",
        "ack p50",
        "p99",
        "screen p50",
        "p99",
        "max",
        "receipt p50",
        "p99",
        "client CPU",
        "lag p99",
    ):
        result.add_column(column, justify="right")
    for name in ("lost", "doubled", "disordered", "other"):
        result.add_column(name, justify="right", style="green")
    for step in report.steps:
        ack, screen, receipt = (step.latency[name] for name in ("ack", "screen", "receipt"))
        faults = step.faults
        times = (ack.p50, ack.p99, screen.p50, screen.p99, screen.max, receipt.p50, receipt.p99)
        bad = (faults.lost, faults.doubled, faults.disordered, faults.unacked + faults.unreceipted + faults.refused)
        result.add_row(
            f"{step.rate:.0f}",
            f"{step.achieved:.0f}",
            *(_ms(value) for value in times),
            f"{step.usage.client:.0f} %",
            _ms(step.usage.lag_p99_ms),
            *(f"[red]{count}[/red]" if count else "0" for count in bad),
        )
    return result


def usage_table(report: Report) -> Table:
    """Return who used how much of a core at each rate."""
    result = Table(title="share of one core, %")
    result.add_column("part")
    names = sorted(
        {name for step in report.steps for name in step.usage.parts},
        key=lambda name: -report.steps[-1].usage.parts.get(name, 0),
    )
    for step in report.steps:
        result.add_column(f"{step.rate:.0f}/s", justify="right")
    for name in names:
        result.add_row(name, *(f"{step.usage.parts.get(name, 0):.1f}" for step in report.steps))
    result.add_row("load client", *(f"{step.usage.client:.1f}" for step in report.steps))
    result.add_row("whole machine", *(f"{step.usage.machine:.1f}" for step in report.steps))
    return result


def write(report: Report, directory: Path) -> tuple[Path, Path]:
    """Write the JSON and the picture; return where."""
    directory.mkdir(parents=True, exist_ok=True)
    data, picture = directory / f"{report.scenario}.json", directory / f"{report.scenario}.png"
    data.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    _draw(report, picture)
    return data, picture


def _draw(report: Report, path: Path) -> None:
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    rates = [step.rate for step in report.steps]
    colours = {"ack": "tab:blue", "screen": "tab:green", "receipt": "tab:orange"}
    names = {"ack": "sender's ack", "screen": "receiver's screen", "receipt": "receipt back"}
    for name, colour in colours.items():
        for quantile, style in (("p50", "-"), ("p99", "--")):
            values = [getattr(step.latency[name], quantile) for step in report.steps]
            axes.plot(rates, values, style, marker="o", markersize=4, color=colour, label=f"{names[name]}, {quantile}")
    axes.axhline(300, color="tab:red", linewidth=0.8, label="objective for the screen: 300 ms")
    axes.set(
        xlabel="messages a second", ylabel="ms from when due", yscale="log", title=f"{report.scenario}: {report.path}"
    )
    axes.grid(visible=True, which="both", alpha=0.25)
    axes.legend(fontsize="small")
    of = report.machine
    about = f"{of.cores} cores, {of.memory_gb} GB, {of.kernel}, {of.python}; {report.sockets} sockets, {report.text_bytes}-byte texts; everything on one machine"
    figure.supxlabel(about, fontsize=6, alpha=0.7)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _ms(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1f}"
