"""The tables on a full screen, looked at anew every two seconds; or printed once, for pipes."""

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, Final

from rich.console import Console, Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Footer, Static

from infra.errors import CausewayError
from infra.observability.top.figures import Cell, Table, tables
from infra.observability.top.look import Look

LATE: Final = {
    "projector": 10,
    "fan-out": 10,
    "forwarder": 15,
    "ingester": 15,
    "pending": 60,
    "parked": 0.5,
    "failed/s": 0.01,
}
"""From where a figure of that column is shown in red."""

COLOURS: Final = {"healthy": "green", "open": "green", "starting": "yellow", "waiting": "yellow", "paused": "magenta"}
LARGE: Final = 100


class Top(App[None]):
    """The full-screen view."""

    CSS = "Static { padding: 0 1; text-style: bold; } DataTable { height: auto; max-height: 1fr; } #parts { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit"),
        Binding("s", "sort", "Sort parts by the next column"),
        Binding("r", "turn", "The other way round"),
        Binding("space", "refresh_now", "Look now"),
    ]

    def __init__(self, look: Callable[[], Awaitable[Look]], *, interval: float = 2.0) -> None:
        """Prepare.

        Args:
            look: Looks once.
            interval: Seconds between two looks.
        """
        super().__init__()
        self._look = look
        self._interval = interval
        self._before: Look | None = None
        self._shown: tuple[Table, ...] = ()
        self._column = 0
        self._downwards = False

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield Static("looking …", id="head")
        for name in ("regions", "parts", "links"):
            yield DataTable(id=name, cursor_type="none", zebra_stripes=name == "parts")
        yield Footer()

    def on_mount(self) -> None:
        """Begin to look."""
        self.set_interval(self._interval, self.action_refresh_now)
        self.action_refresh_now()

    @work(exclusive=True, group="look")
    async def action_refresh_now(self) -> None:
        """Look; a look that takes longer than the interval gives way to the next."""
        head = self.query_one("#head", Static)
        try:
            now = await self._look()
        except CausewayError as error:
            head.update(Text(str(error), style="red"))
            return
        self._shown = tables(now, self._before)
        self._before = now
        head.update(heading(now))
        self._draw()

    def action_sort(self) -> None:
        """Sort the parts by the next column."""
        if self._shown:
            self._column = (self._column + 1) % len(self._shown[1].columns)
            self._draw()

    def action_turn(self) -> None:
        """Sort the other way round."""
        self._downwards = not self._downwards
        self._draw()

    def _draw(self) -> None:
        for table in self._shown:
            widget = self.query_one(f"#{table.name}", DataTable)
            ordered = table
            if table.name == "parts":
                ordered = table.sorted_by(self._column, downwards=self._downwards)
            widget.clear(columns=True)
            arrow = " ▼" if self._downwards else " ▲"
            marked = self._column if table.name == "parts" else None
            widget.add_columns(
                *(f"{name}{arrow if place == marked else ''}" for place, name in enumerate(table.columns))
            )
            for row in ordered.rows:
                widget.add_row(*written(table.columns, row))


def heading(look: Look) -> Text:
    """Say in a line how the federation is."""
    parts = look.status.parts()
    well = sum(part.state == "healthy" for part in parts.values())
    cut = sum(link.cut for link in look.status.links.values())
    links = f", {cut} directions of links cut" if cut else ""
    style = COLOURS.get(look.status.state, "red")
    return Text.assemble(
        (look.status.state, f"bold {style}"),
        f": {well} of {len(parts)} parts are well{links}; lags in seconds; {look.status.home}",
    )


def printed(look: Look, before: Look | None) -> Group:
    """Return what a terminal shows once."""
    drawn: list[RenderableType] = []
    for table in tables(look, before):
        grid = RichTable(box=None, pad_edge=False)
        for column in table.columns:
            grid.add_column(column, no_wrap=column != "why")
        for row in table.rows:
            grid.add_row(*written(table.columns, row))
        drawn += [Text(), grid]
    return Group(heading(look), *drawn)


def written(columns: Sequence[str], row: Sequence[Cell]) -> list[Text]:
    """Write the cells of a row, with what is late or not well in colour."""
    return [_cell(column, cell) for column, cell in zip(columns, row, strict=True)]


def _cell(column: str, cell: Cell) -> Text:
    if cell is None:
        return Text("-", style="dim", justify="right")
    if isinstance(cell, str):
        return Text(cell, style=COLOURS.get(cell, "red") if column == "state" else "")
    late = column in LATE and cell >= LATE[column]
    text = f"{cell:.0f}" if cell >= LARGE or cell == int(cell) else f"{cell:.1f}"
    return Text(text, style="bold red" if late else "", justify="right")


def print_once(look: Look, before: Look | None) -> None:
    """Print one frame."""
    console = Console(highlight=False)
    width = None if console.is_terminal else 140
    Console(highlight=False, width=width).print(printed(look, before))
