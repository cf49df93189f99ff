"""`causeway schema`: what revision a store is at, and what an operator does to it before, after and long after a roll."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Final, Literal, Self

import psycopg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from infra.local import homes, postgres
from infra.local.errors import NotRunningError
from infra.local.federation import read_regions
from infra.local.numbering import Ports
from infra.schema.known import find_schema
from infra.schema.revisions import Kind, Schema, SchemaError, State, Step, StoreContractedError, check
from infra.schema.worker import Progress, Worker, as_sql, looking, working

HELP = """Look at the schema of a store, and take it from one version to the next, in three steps.

  causeway schema expand --region us      # before the roll: adds what the next version needs

  causeway schema migrate --region us     # after the roll: fills it in, in batches; may be interrupted

  causeway schema contract --region us    # at last: takes away what only the version before has needed

Each is run from the next version's own `causeway`. Which store: `--region us` or `--directory` of the federation on this machine,
or `--store region` and `--store directory` for those that CAUSEWAY_STORE and CAUSEWAY_DIRECTORY_STORE name.
"""
SETTINGS: Final = {"region": "CAUSEWAY_STORE", "directory": "CAUSEWAY_DIRECTORY_STORE"}
TELL_SECONDS: Final = 2.0

app = typer.Typer(help=HELP, no_args_is_help=True)
console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)

Region = Annotated[str | None, typer.Option(help="The store of that region of the federation on this machine.")]
OfDirectory = Annotated[
    bool, typer.Option("--directory", help="The directory's store of the federation on this machine.")
]
Named = Annotated[
    Literal["region", "directory"] | None,
    typer.Option("--store", help="The store that CAUSEWAY_STORE, or CAUSEWAY_DIRECTORY_STORE, names."),
]
AsSql = Annotated[bool, typer.Option("--sql", help="Only write down what would be done.")]


class WhichStoreError(SchemaError):
    """Say which store: {problem}. See `causeway schema --help`."""

    code = "which-store"


class StoreAwayError(SchemaError):
    """The store cannot be reached: {problem}. Start it, or correct its URL; nothing was done by this command that it did not tell of."""

    code = "store-away"


@app.command()
def status(region: Region = None, *, directory: OfDirectory = False, store: Named = None) -> None:
    """Show which revisions a store has had, which are left, and which services are alive on it.

    Example: causeway schema status --region us
    """
    schema, url = _which(region, store, directory=directory)

    async def look() -> None:
        async with looking(schema, url) as worker:
            state, alive = await worker.state(), await worker.alive() if (await worker.state()).revision else []
            console.print(_table(schema, worker.steps, state))
            console.print(_verdict(schema, state, worker.steps))
            for one in alive:
                console.print(f"alive: {one.instance} ({one.service}), knows revision {one.knows}")

    _run(look())


@app.command()
def expand(region: Region = None, *, directory: OfDirectory = False, store: Named = None, sql: AsSql = False) -> None:
    """Before the roll: add what the next version needs. The version before works on meanwhile, and afterwards.

    Example: causeway schema expand --region us
    """
    _change(Kind.EXPAND, _which(region, store, directory=directory), Worker.expand, sql=sql)


@app.command()
def migrate(region: Region = None, *, directory: OfDirectory = False, store: Named = None, sql: AsSql = False) -> None:
    """After the roll: fill in what was added, a thousand rows at a time. Interrupt it as you like; it goes on from there.

    Example: causeway schema migrate --region us
    """
    _change(Kind.MIGRATE, _which(region, store, directory=directory), Worker.migrate, sql=sql)


@app.command()
def contract(region: Region = None, *, directory: OfDirectory = False, store: Named = None, sql: AsSql = False) -> None:
    """When no service of the version before is left: take away what only it has needed. There is no way back behind this.

    Example: causeway schema contract --region us
    """
    _change(Kind.CONTRACT, _which(region, store, directory=directory), Worker.contract, sql=sql)


def _which(region: str | None, store: str | None, *, directory: bool) -> tuple[Schema, str]:
    if (region is not None) + (store is not None) + directory != 1:
        raise WhichStoreError(problem="one of --region, --directory and --store")
    if store is not None:
        url = os.environ.get(SETTINGS[store])
        if not url:
            raise WhichStoreError(problem=f"{SETTINGS[store]} names none")
        return find_schema(store), url
    home = homes.home()
    if not (home / homes.DESCRIPTION).exists():
        raise NotRunningError(home=home)
    federation = homes.read_federation(home)
    if directory:
        return find_schema("directory"), postgres.url(federation.base_port + 1)
    [named, *more] = read_regions(region or "")
    if more or named not in federation.regions:
        raise WhichStoreError(problem=f"one region of {', '.join(federation.regions)}")
    return find_schema("region"), postgres.url(Ports.of(federation.base_port, named).postgres)


def _change(
    kind: Kind,
    which: tuple[Schema, str],
    work: Callable[[Worker, Progress], Awaitable[list[Step]]],
    *,
    sql: bool,
) -> None:
    schema, url = which

    async def write() -> None:
        async with looking(schema, url) as worker:
            after = (await worker.state()).revision
            console.print(as_sql(schema, after=after, upto=schema.knows), markup=False, soft_wrap=True)

    async def change() -> None:
        async with working(schema, url, wait=5.0) as worker:
            if not (await worker.state()).revision:
                raise SchemaError(reason="the store has no tables yet; the projector makes them when it first starts")
            with _Shown() as shown:
                done = await work(worker, shown.tell)
            if not done:
                console.print(f"There is nothing to {kind}.")
            console.print(_verdict(schema, await worker.state(), worker.steps))

    _run(write() if sql else change())


def _run(work: Awaitable[None]) -> None:
    async def awaited() -> None:
        await work

    try:
        asyncio.run(awaited())
    except psycopg.OperationalError as error:
        raise StoreAwayError(problem=str(error).split("\n")[0]) from error


def _table(schema: Schema, steps: list[Step], state: State) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("revision", "kind", "what", "state"):
        table.add_column(column)
    for step in steps:
        begun = step.number == state.contracted or (state.cursor and step.number == state.revision + 1)
        word = "done" if step.number <= state.revision else "begun" if begun else "to do"
        table.add_row(str(step.number), step.kind, step.about, word)
    if state.revision > schema.knows:
        table.add_row(f"{schema.knows + 1} to {state.revision}", "", "of a newer version", "done")
    return table


def _verdict(schema: Schema, state: State, steps: list[Step]) -> str:
    """Say where the store is, and what is next."""
    if not state.revision:
        return f"The {schema.name} store has no revision yet; the projector (or the directory) makes its tables when it starts."
    try:
        check(schema, state)
    except StoreContractedError as error:
        return str(error)
    except SchemaError:
        pass
    left = [step for step in steps if step.number > state.revision]
    at = f"The {schema.name} store is at revision {state.revision}"
    if not left:
        return f"{at}; nothing is left to do for this version."
    return f"{at}; next: causeway schema {left[0].kind}."


class _Shown:
    """Shows progress: a bar on a terminal, lines elsewhere."""

    def __init__(self) -> None:
        self._bar = Bar(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        )
        self._doing = ""
        self._task = self._bar.add_task("", total=None, visible=False)
        self._told_at = 0.0

    def __enter__(self) -> Self:
        if console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def tell(self, doing: str, done: int, total: int) -> None:
        """Take progress in."""
        if doing != self._doing:
            self._doing = doing
            console.print(doing, markup=False)
        if console.is_terminal:
            self._bar.update(self._task, description="rows", completed=done, total=total or None, visible=bool(total))
        elif total and (done >= total or time.monotonic() >= self._told_at + TELL_SECONDS):
            self._told_at = time.monotonic()
            console.print(f"  {done:,} of {total:,} rows")
