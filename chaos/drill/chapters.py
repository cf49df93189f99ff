"""Chapters of a drill's page: what it is, what had to hold and what came of that, how it is run again, and how it went before."""

import math
from collections.abc import Sequence
from html import escape

from chaos.drill import archive, catalogue
from chaos.drill.archive import Filed
from chaos.drill.moves import Move
from chaos.drill.outcome import Report
from chaos.drill.scenarios import Scenario

MOST_EARLIER = 20
SLEEPERS = frozenset({Scenario.ZOMBIE, Scenario.TOUR})
"""Drills in which a region wakes without its lease, if it has a standby."""


def stopped(report: Report) -> str:
    """Return why it stopped by itself, if it did."""
    return f"<p>It stopped by itself: {escape(report.stopped)}.</p>" if report.stopped else ""


def about(report: Report) -> str:
    """Return what happens in the drill, what may be struck, what must hold, and what was not observed."""
    drill = catalogue.DRILLS.get(report.name)
    if drill is None:
        return ""
    unseen = [drill.unseen]
    unseen += [
        f"{fault.kind} {fault.target} ({fault.name.removeprefix('f')}): nobody saw it"
        for fault in report.figures.faults
        if fault.seen is None
    ]
    if (left := report.planned - len(report.figures.faults)) > 0:
        unseen.append(f"{left} faults that were planned and did not begin")
    if report.name in SLEEPERS and not report.standbys:
        unseen.append(
            "no standby is named here, so nothing was stale when a region woke, and nothing had to be refused"
        )
    said = {
        "what happens": drill.about,
        "what may be struck": report.struck or drill.strikes,
        "what must hold": drill.holds + catalogue.said(report.leeway),
        "not observed": "; ".join(unseen),
    }
    return (
        '<table class="about">'
        + "".join(f"<tr><th>{name}</th><td>{escape(text)}</td></tr>" for name, text in said.items())
        + "</table>"
    )


def expected(report: Report) -> str:
    """Return what each fault came to of which something was expected."""
    measured = {one.fault: one for one in report.judgement.measured}
    rows = ""
    for fault in report.plan:
        if (expects := fault.expects) is None or (one := measured.get(fault.name)) is None:
            continue
        spared = (
            f"{one.spared:,}, the slowest {_seconds(one.slowest)} of {expects.soon:.1f} s; {one.answered:,} answered while it lasted"
            if expects.spares
            else "-"
        )
        if one.orphans:
            spared += f"; {one.orphans:,} people of who was gone were answered by who stands by, the last after {_seconds(one.served_again)}"
        if one.elsewhere:
            spared += f"; {one.elsewhere:,} of people who were online through another region's edge"
        arrived = (
            f"{one.arrived:,}, the last after {_seconds(one.converged)} of {expects.converges:.0f} s"
            if expects.converges
            else "-"
        )
        rows += f"<tr><td>{fault.number}</td><td>{fault.kind} {escape(fault.target)}</td><td>{spared}</td><td>{arrived}</td></tr>"
    if not rows:
        return ""
    head = "".join(
        f"<th>{one}</th>"
        for one in (
            "",
            "fault",
            "sends that it spares",
            "sends under way before its end, shown to all who belonged there throughout",
        )
    )
    note = "Spared: from sending until accepted and shown, by its author's and the recipient's clock, which is one. From before its end: counted from when it is taken off, or from when what it struck is well again."
    return f'<h2>What had to hold meanwhile, and soon after</h2><p class="note">{note}</p><div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def moved(report: Report) -> str:
    """Return how long each handing over of duties took, and what was decided when."""
    rows = "".join(
        f"<tr><td>{one.fault.removeprefix('f')}</td><td>{escape(one.target)}</td><td>{_detected(one)}</td><td>{_span(one.decide)}</td><td>{_span(one.execute)}</td>"
        f"<td>{_span(one.catch_up)}</td><td>{_span(one.back)}</td><td>{_span(one.silence)}</td><td>{one.lost:,} of {one.accepted:,}</td><td>{one.late:,}</td><td>{one.withdrawn:,}</td><td>{_span(one.own_p99)}</td><td>{_span(one.others_p99)}</td></tr>"
        for one in report.moves
    )
    columns = (
        "", "from and to", "detect", "decide", "execute", "catch up", "back", "silence", "lost of accepted", "late", "withdrawn", "own people's p99", "others' p99",
    )  # fmt: skip
    head = "".join(f"<th>{one}</th>" for one in columns)
    note = (
        "Detect: until an operator could know of it. Decide: from then, or from the command, until its first step. Execute: until the other site serves. Catch up: until all that had been sent by then was shown, but for what is late. "
        "Back: from when the site of a region that died is started until it holds again. Late: shown to nobody but its author until then. Withdrawn: how often a device was told that something on its screen stands there no more. "
        "Silence: the longest in which nothing of the region's own people was accepted. Lost: accepted meanwhile, and never shown nor refused. p99: to the recipient's screen, of what was sent meanwhile."
    )
    table = f'<h2>Duties handed over</h2><p class="note">{note}</p><div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    said = "".join(f"<tr><td>{one.at:.1f} s</td><td>{escape(one.what)}</td></tr>" for one in report.decisions)
    log = f"<details><summary>What was decided, and said of leases ({len(report.decisions)}), as lines in the picture</summary><table><tbody>{said}</tbody></table></details>"
    return (table if report.moves else "") + (log if report.decisions else "")


def repeated(report: Report) -> str:
    """Return how it is run again, and what does not repeat."""
    if not report.plan:
        return ""
    return (
        "<h2>Again</h2><p><code>causeway drill replay</code> with this report runs the same plan, and the same people write to each other in the same order. "
        "What does not repeat: how soon each part is back, so when the next fault begins; ids; which messages a fault meets; and so the verdict. "
        "A verdict that was false once was rightly so, whatever the next run says.</p>"
    )


def earlier(before: Sequence[Filed]) -> str:
    """Return earlier runs of the drill here, oldest first."""
    if not before:
        return ""
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in archive.row(one)) + "</tr>"
        for one in before[-MOST_EARLIER:]
    )
    head = "".join(f"<th>{one}</th>" for one in archive.HEADINGS)
    kept = [one.kept for one in before]
    over_time = ", ".join(
        f"{name} <code>{archive.trend(values)}</code>"
        for name, values in archive.courses(kept).items()
        if any(value is not None for value in values)
    )
    true = sum(one.judgement.verdict == "true" for one in kept)
    note = f'<p class="note">{true} of {len(kept)} were true. Oldest first, the highest as the tallest: {over_time or "nothing was measured"}.</p>'
    return f'<h2>Earlier runs here</h2>{note}<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _detected(move: Move) -> str:
    return "nobody: it was planned" if math.isnan(move.detect) else _span(move.detect)


def _span(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1f} s"


def _seconds(value: float) -> str:
    return "never" if math.isinf(value) else f"{value:.1f} s"
