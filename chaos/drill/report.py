"""What a drill has to say: one HTML page for people, that needs nothing else, and JSON for programs."""

import base64
import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import msgspec

from chaos.drill import chapters, waiting
from chaos.drill.archive import Filed
from chaos.drill.budget import BUDGET_SECONDS, LIMIT_MS, OBJECTIVE
from chaos.drill.crowds import Changes, Crowds
from chaos.drill.figures import Figures, Latency
from chaos.drill.outcome import Report
from chaos.drill.picture import draw
from chaos.judge.verdict import Evidence, Ruling

STYLE = (Path(__file__).parent / "report.css").read_text
SENTENCES = {
    "true": "Every fault was seen from outside, and whatever clients were promised held.",
    "false": "Something that must never happen did.",
    "unknown": "Nothing wrong was found, but too little was seen to say that all was well.",
}
RULES = {
    "lost": "everything accepted came to every member",
    "duplicate": "nothing came twice",
    "phantom": "nothing came that nobody sent",
    "order": "one order, in all regions and for all members",
    "hole": "no number is missing",
    "stream": "live streams neither go back nor skip",
    "marks": "marks and statuses never go back",
    "entitlement": "nobody was shown what they may not see, nor is anything there of who did not belong to it",
    "membership": "groups and channels keep their rules: who may do what, how many, an owner",
    "alterations": "edits, deletions and reactions are seen by all who may see the message, as its log has them; what was deleted is gone",
    "digests": "regions hold the same",
    "served": "whom a fault spares is served as ever",
    "converged": "once a fault is over, everything arrives soon",
    "takeover": "whose region is gone is served by who stands by before it is back",
    "tails": "what a takeover took out of a log comes again, no screen goes on showing it, and nobody elsewhere had been shown it",
    "prompt": "every request is served soon, whatever is killed that others stand in for",
    "replicated": "what was accepted as replicated is not lost with its region, not even until that is back, and keeps its place",
    "residency": "no message is in the store of a region in which no member lives, but for its owner's and who stands by",
    "holder": "whose lease has lapsed lets nobody in: stale decisions are attempted, and refused",
}


MOST_SHOWN = 5
"""How much evidence is shown at first; the rest unfolds."""
LONG_MS = 10_000
OVER_TIME = "messages a second and latency over time, with the faults; the table below has them by number"


def write(report: Report, directory: Path, before: Sequence[Filed] = ()) -> tuple[Path, Path]:
    """Write `report.html` and `report.json`; return where.

    Args:
        report: What is to be told.
        directory: Where it goes.
        before: Earlier runs of this drill, oldest first, which are listed beside it.
    """
    page, data = directory / "report.html", directory / "report.json"
    data.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    light, dark = (draw(report.figures, report.decisions, dark=dark) for dark in (False, True))
    waits = report.judgement.waits
    curves = (waiting.draw(waits, dark=False), waiting.draw(waits, dark=True)) if waits else None
    page.write_text(html(report, light, dark, before, curves), encoding="utf-8")
    return page, data


def html(
    report: Report, light: str, dark: str, before: Sequence[Filed] = (), curves: tuple[str, str] | None = None
) -> str:
    """Return the page, with its pictures for light and for dark screens, as SVG; `curves` is of how long requests waited, where that is told."""
    verdict = report.judgement.verdict
    figures, of = report.figures, report.machine
    seen = (
        _picture(
            *curves, "which share of requests took longer than how long, by kind of part; the table has the figures"
        )
        if curves
        else ""
    )
    about = f"{of.cores} cores, {of.memory_gb} GB, {of.kernel}, {of.python}, load before {of.load_before}; everything on one machine, of which the drill itself took {100 * report.share:.0f} % of a core"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Drill {escape(report.name)}, seed {report.seed}: {verdict}</title>
<style>{STYLE(encoding="utf-8")}</style></head><body><main>
<header class="{verdict}"><p>Drill <b>{escape(report.name)}</b> · seed {report.seed} · {report.minutes:g} min at {report.rate:g}/s · {escape(report.began_at)}</p>
<h1>{verdict}</h1><p>{SENTENCES[verdict]}</p>{chapters.stopped(report)}</header>
{chapters.about(report)}
{_tiles(report)}
<h2>What happened</h2><div class="wide">{_picture(light, dark, OVER_TIME)}</div>
{chapters.moved(report)}
{chapters.expected(report)}
{waiting.chapter(report.judgement.waits, seen)}
<h2>Rulings</h2>{"".join(map(_ruling, report.judgement.rulings))}
<h2>Faults</h2><p class="note">Accepted: sends accepted meanwhile. Slowest: the longest that a message sent meanwhile took to its recipient's screen.</p><div class="wide">{_faults(figures)}</div>
{_crowds("groups", figures.crowds, "did not belong to the group just then")}
{_crowds("channels", figures.channels, "does not post there")}
{_altered(figures.altered)}
{chapters.repeated(report)}
{chapters.earlier(before)}
<footer>{escape(about)}. The ledger and the same figures as JSON lie beside this page.</footer>
</main></body></html>
"""


def _tiles(report: Report) -> str:
    figures = report.figures
    seen = sum(fault.seen is not None for fault in figures.faults)
    tiles = {
        "accepted": f"{figures.accepted:,} of {figures.invoked:,}",
        "shown to the recipient": f"{figures.shown:,}",
        "refused, unanswered": f"{figures.refused:,}, {figures.unanswered:,}",
        "faults seen, of planned": f"{seen} of {report.planned}",
        "connections lost": f"{report.offline:,}",
        "histories read whole": f"{figures.histories:,}",
        f"accepted within {LIMIT_MS / 1000:g} s": _share(figures.budget.accepted),
        f"shown within {LIMIT_MS / 1000:g} s": _share(figures.budget.shown),
        f"of a month's budget, {OBJECTIVE:.2%}": f"{figures.budget.lost:.1f} s of {BUDGET_SECONDS:.0f} s: {figures.budget.used:.1%}",
        "to the screen, calm": _spread(figures.calm),
        "to the screen, struck": _spread(figures.struck),
    }
    return '<dl class="tiles">' + "".join(f"<div><dt>{k}</dt><dd>{v}</dd></div>" for k, v in tiles.items()) + "</dl>"


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3%}"


def _picture(light: str, dark: str, said: str) -> str:
    return (
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{_inline(dark)}">'
        f'<img alt="{escape(said)}" src="{_inline(light)}"></picture>'
    )


def _inline(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _ruling(ruling: Ruling) -> str:
    count = f"{ruling.judged:,} judged" + (f", {ruling.found:,} found" if ruling.found else "")
    head = (
        f'<span class="badge {ruling.verdict}">{ruling.verdict}</span> <b>{ruling.checker}</b> '
        f"<span>{RULES[ruling.checker]}</span> <small>{count}</small>"
    )
    if not ruling.evidence and not ruling.doubts:
        return f'<div class="ruling">{head}</div>'
    said = _evidence("found", ruling.evidence) + _evidence("in doubt", ruling.doubts)
    return f'<details class="ruling" open><summary>{head}</summary>{said}</details>'


def _evidence(title: str, evidence: Iterable[Evidence]) -> str:
    items = [
        f"<li>{escape(one.what)} <code>{escape(', '.join(one.ids))}</code>"
        f" <small>{'ledger line ' + ', '.join(map(str, one.lines)) if one.lines else ''}</small></li>"
        for one in evidence
    ]
    shown, rest = "".join(items[:MOST_SHOWN]), "".join(items[MOST_SHOWN:])
    more = f"<details><summary>{len(items) - MOST_SHOWN} more</summary><ul>{rest}</ul></details>" if rest else ""
    return f"<p>{title}:</p><ul>{shown}</ul>{more}" if items else ""


def _faults(figures: Figures) -> str:
    rows = "".join(
        f"<tr><td>{fault.name.removeprefix('f')}</td><td>{fault.kind}</td><td>{escape(fault.target)}</td><td>{fault.begun:.1f} s</td>"
        f"<td>{_after(fault.begun, fault.ended)}</td><td>{_after(fault.begun, fault.seen)}</td><td>{escape(fault.by)}</td>"
        f"<td>{fault.accepted:,}</td><td>{_ms(fault.slowest)}</td></tr>"
        for fault in figures.faults
    )
    columns = ("", "fault", "of", "at", "lasted", "seen after", "by", "accepted", "slowest")
    return (
        f"<table><thead><tr>{''.join(f'<th>{one}</th>' for one in columns)}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _crowds(name: str, crowds: Crowds, refused: str) -> str:
    if not crowds.groups:
        return ""
    return (
        f'<h2>{name.capitalize()}</h2><p class="note">{crowds.groups} {name}; {crowds.posts:,} posts, {crowds.accepted:,} accepted, '
        f"{crowds.refused:,} refused, since who posted {refused}. What was accepted may be refused by the owner later.</p>"
        + _changes(crowds.changes)
    )


def _altered(changes: tuple[Changes, ...]) -> str:
    if not changes:
        return ""
    return (
        '<h2>Alterations</h2><p class="note">What people did to messages that were there. What comes after a deletion is to be refused.</p>'
        + _changes(changes)
    )


def _changes(changes: tuple[Changes, ...]) -> str:
    rows = "".join(
        f"<tr><td>{escape(one.kind)}</td><td>{one.invoked:,}</td><td>{one.accepted:,}</td><td>{one.refused:,}</td><td>{one.numbered:,}</td></tr>"
        for one in changes
    )
    head = "".join(f"<th>{one}</th>" for one in ("change", "begun", "accepted", "refused", "in the logs"))
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _after(begun: float, then: float | None) -> str:
    return "never" if then is None else f"{then - begun:.2f} s"


def _spread(latency: Latency) -> str:
    return f"p50 {_ms(latency.p50)}, p99 {_ms(latency.p99)}"


def _ms(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:,.0f} ms" if value < LONG_MS else f"{value / 1000:,.1f} s"
