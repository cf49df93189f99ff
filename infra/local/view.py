"""How a federation's state looks on a terminal, and line by line where there is none."""

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from infra.local.bootstrap import STILL_SECONDS
from infra.local.control import LinkStatus, PartStatus, Status
from infra.local.errors import SupervisorGoneError
from infra.local.topology import Topology

MOST_NAMED = 4
COLOURS = {"healthy": "green", "starting": "yellow", "waiting": "dim", "paused": "magenta", "down": "dim"}


class Progress:
    """Shows a federation coming up: a table that fills on a terminal, elsewhere a line for each part; and which ones are waited for."""

    def __init__(self, console: Console, elapsed: Callable[[], float]) -> None:
        """Show it.

        Args:
            console: Where.
            elapsed: Tells how many seconds the command has been at it, for all of its lines by one clock.
        """
        self._console, self._elapsed = console, elapsed
        self._told_at = elapsed()
        self._live = Live(console=console, refresh_per_second=8, transient=True) if console.is_terminal else None
        self._seen: dict[str, str] = {}

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def step(self, line: str) -> None:
        """Show a step of the installation."""
        self._console.print(line, highlight=False)

    def watch(self, status: Status) -> None:
        """Show how everything is now."""
        now = self._elapsed()
        if self._live:
            self._live.update(Group(_grid(status), Text(f"{now:5.0f} s  {awaited(status)}")))
            return
        for name, part in status.parts().items():
            if part.state != self._seen.get(name, "waiting") and part.state in {
                "healthy",
                "crashed",
                "failed",
                "unhealthy",
            }:
                reason = f": {part.reason}" if part.reason else ""
                self._tell(now, f"{name} is {part.state}{reason}")
            self._seen[name] = part.state
        if now >= self._told_at + STILL_SECONDS:
            self._tell(now, awaited(status))

    def _tell(self, now: float, line: str) -> None:
        self._told_at = now
        self._console.print(f"  {now:5.1f} s  {line}", highlight=False, soft_wrap=True)


def awaited(status: Status) -> str:
    """Say which parts are not well yet; those first that wait for no other."""
    late = {name: part.state for name, part in status.parts().items() if part.state != "healthy"}
    names = sorted(late, key=lambda name: late[name] == "waiting")
    return f"waiting for {some([f'{name} ({late[name]})' for name in names])}" if names else "all parts are well"


def remaining(status: Status) -> str:
    """Say which parts still have a process, for whoever stops them."""
    parts = status.parts()
    names = [name for name, part in parts.items() if part.pid is not None]
    return f": {len(names)} of {len(parts)} parts still run: {some(names)}" if names else ": all parts have ended"


def some(names: Sequence[str]) -> str:
    """Name the first few, and how many more there are."""
    shown = ", ".join(names[:MOST_NAMED])
    return f"{shown} and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else shown


def grid(status: Status) -> Group:
    """Draw the parts as a grid, and below it what is not as it should be."""
    return Group(_grid(status), *(Text(line) for line in notes(status)))


def notes(status: Status) -> list[str]:
    """Tell of links that are disturbed, of parts that are not well, as far as is known why, and of a supervisor that is gone."""
    lines = [str(SupervisorGoneError(home=status.home))] if status.state == "orphaned" else []
    disturbed = {name: words for name, link in status.links.items() if (words := disturbance(link))}
    for name, words in disturbed.items():
        source, target = name.split(">")
        both = disturbed.get(f"{target}>{source}") == words
        if not both or name == min(name, f"{target}>{source}", key=list(status.links).index):
            arrow = "↔" if both else "→"
            lines.append(f"{source} {arrow} {target}: {words}; ./causeway local heal {Topology.link(source, target)}")
    lines += [
        f"{name} is {part.state}: {part.reason}"
        for name, part in status.parts().items()
        if part.state != "healthy" and part.reason
    ]
    return lines


def disturbance(link: LinkStatus) -> str:
    """Say how a direction of a link is disturbed; nothing when it is not."""
    if link.cut:
        return "cut"
    return shape(link) if link.latency_ms or link.jitter_ms or link.bandwidth_bits else ""


def shape(link: LinkStatus) -> str:
    """Say what a direction of a link does to its traffic."""
    return f"latency {link.latency_ms:g} ms, jitter {link.jitter_ms:g} ms, bandwidth {_bandwidth(link)}"


def _grid(status: Status) -> Table:
    """Draw the parts as a grid: a row for each kind of part, a column for each region."""
    table = Table(box=None, pad_edge=False)
    table.add_column("part")
    for region in status.regions:
        table.add_column(region)
    names = dict.fromkeys(name for region in status.regions.values() for name in region.parts)
    for name in names:
        table.add_row(name, *(_word(region.parts.get(name)) for region in status.regions.values()))
    for name, part in status.federal.items():
        table.add_row(name, _word(part))
    return table


def listing(status: Status) -> Table:
    """Draw every part with its process, ports and age."""
    table = Table(box=None, pad_edge=False)
    for column in ("part", "state", "pid", "for", "ports", "note"):
        table.add_column(column, overflow="fold")
    now = time.time()
    for name, part in status.parts().items():
        ports = (
            " ".join(f"{purpose}:{port}" for purpose, port in part.ports.items())
            if name != "links"
            else f"admin:{part.ports['admin']}"
        )
        note = part.reason + (f" (restarts: {part.restarts})" if part.restarts else "")
        table.add_row(name, _word(part), str(part.pid or ""), age(now - part.since) if part.since else "", ports, note)
    return table


def link_listing(status: Status) -> Table:
    """Draw every direction of every link."""
    table = Table(box=None, pad_edge=False)
    for column in ("direction", "latency", "jitter", "bandwidth", "state"):
        table.add_column(column)
    for name, link in status.links.items():
        state = "[red]cut[/]" if link.cut else "[green]open[/]"
        table.add_row(
            name.replace(">", " → "), f"{link.latency_ms:g} ms", f"{link.jitter_ms:g} ms", _bandwidth(link), state
        )
    return table


def age(seconds: float) -> str:
    """Write a duration shortly."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _word(part: PartStatus | None) -> str:
    return "" if part is None else f"[{COLOURS.get(part.state, 'red')}]{part.state}[/]"


def _bandwidth(link: LinkStatus) -> str:
    return f"{link.bandwidth_bits / 1e6:g} Mbit/s" if link.bandwidth_bits else "no limit"
