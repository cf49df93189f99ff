"""The way of a message on a terminal: a table of its steps, with a bar for each where it lies in time."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from infra.observability.trace.way import Step, Way

BAR = 20
ASIDE = "Steps with a thin bar (─) run beside the others, which do not wait for them: their milliseconds do not add up."


def drawn(way: Way) -> RenderableType:
    """Draw a way."""
    lines: list[RenderableType] = [Text(f"{way.message_id}"), Text(way.sentence)]
    if way.steps:
        lines += [Text(), _table(way.steps), Text()]
        lines += [Text(ASIDE, style="dim")] if any(step.branch and step.is_known for step in way.steps) else []
        lines += [Text(_summary(way.steps))]
    lines += [Text(f"! {warning}", style="yellow") for warning in way.warnings]
    return Group(*lines)


def _table(steps: Sequence[Step]) -> Table:
    begin, end = min(step.began for step in steps), max(step.ended for step in steps)
    table = Table(box=None, pad_edge=False)
    for name, justify in (
        ("from", "left"),
        ("to", "left"),
        ("ms", "right"),
        ("", "left"),
        ("told by", "left"),
        ("what lies between", "left"),
    ):
        table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]  # rich's literal
    for step in steps:
        took = step.milliseconds
        table.add_row(
            Text(step.source),
            Text(step.target),
            Text("?") if took is None else Text(f"{took:.1f}", style="red" if took < 0 else ""),
            Text("" if took is None else bar(step, begin, end), style="dim" if step.branch else "cyan"),
            Text(step.told_by, style="dim"),
            Text(step.meaning, style="dim"),
        )
    return table


def bar(step: Step, begin: int, end: int) -> str:
    """Draw where a step lies between two times, microseconds."""
    scale = BAR / max(end - begin, 1)
    first = min(BAR - 1, max(0, int((step.began - begin) * scale)))
    last = min(BAR, max(first + 1, round((step.ended - begin) * scale)))
    return " " * first + ("─" if step.branch else "━") * (last - first) + " " * (BAR - last)


def _summary(steps: Sequence[Step]) -> str:
    begin = min(step.began for step in steps)
    to_devices = [step for step in steps if step.target.endswith(".delivery")]
    told = ", ".join(
        f"{step.target.partition('.')[0]} after {(step.ended - begin) / 1000:.1f} ms" for step in to_devices
    )
    total = (max(step.ended for step in steps) - begin) / 1000
    unknown = sum(not step.is_known for step in steps)
    left_out = f" {unknown} of {len(steps)} steps are unknown." if unknown else ""
    return f"From the author's gateway: {f'queued for devices in {told}; ' if told else ''}all of it {total:.1f} ms. Devices' own time, and the edge's, are not in it.{left_out}"
