"""`causeway poison`: the records that a region has put aside: list them, look into one, have them taken in after all.

It works on the region's store directly, so it works while every service is down; services fulfil what it asks for. The store's
URL is that of the local federation, or `CAUSEWAY_STORE` when `CAUSEWAY_REGION` names the region.
"""

import asyncio
import getpass
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from infra.errors import CausewayError, UnavailableError
from infra.postgres import Connection
from infra.printing import print_json
from replication.poison import repository
from replication.poison.outline import outline
from replication.poison.records import Kept, Kind, NoSuchPoisonError, Poison, place_of
from replication.turns.places import environment_of

app = typer.Typer(
    help="Look at the records that a region could not read or apply, and have them taken in after all.",
    no_args_is_help=True,
)
console = Console(width=None if Console().is_terminal else 140)
Region = Annotated[str, typer.Argument(help="Such as eu.", show_default=False)]
Name = Annotated[str, typer.Argument(help="Such as journal/3/417; `list` shows them.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]
PATIENCE: Final = 15.0
"""How long `replay` waits for the services, seconds."""


class NoStoreError(CausewayError):
    """The store of {region} is not known here. Run this where the local federation is, or set CAUSEWAY_REGION={region} and CAUSEWAY_STORE."""

    code = "no-store"
    definite = True


class View(msgspec.Struct, frozen=True):
    """A record as scripts see it; times in seconds since the epoch."""

    name: str
    kind: str
    reason: str
    key: str
    bytes: int
    found_at: float
    wanted_at: float | None
    wanted_by: str
    tried_at: float | None
    replayed_at: float | None
    outline: list[str] = []

    @classmethod
    def of(cls, kept: Kept, *, outlined: bool = False) -> "View":
        """Show a record; nothing of what it says."""
        poison = kept.poison
        return cls(
            name=poison.name,
            kind=poison.kind.value,
            reason=poison.reason,
            key=poison.key,
            bytes=len(poison.value or b""),
            found_at=kept.found_at / 1e6,
            wanted_at=_seconds(kept.wanted_at),
            wanted_by=kept.wanted_by,
            tried_at=_seconds(kept.tried_at),
            replayed_at=_seconds(kept.replayed_at),
            outline=outline(poison.value) if outlined else [],
        )


@app.command("list")
def list_poison(
    region: Region,
    *,
    also_replayed: Annotated[bool, typer.Option("--all", help="Also those that were taken in after all.")] = False,
    most: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List what a region has put aside.

    Examples: causeway poison list eu; causeway poison list eu --all --json
    """
    found = asyncio.run(_list(store_of(region), also_replayed=also_replayed, most=most))
    if as_json:
        print_json([View.of(kept) for kept in found])
        return
    if not found:
        console.print(f"Nothing is aside in {region}.")
        return
    table = Table("record", "kind", "since", "state", "reason", box=None, header_style="bold")
    for kept in found:
        table.add_row(kept.poison.name, kept.poison.kind, _when(kept.found_at), _state(kept), kept.poison.reason[:90])
    console.print(table)


@app.command()
def show(
    region: Region,
    name: Name,
    *,
    bytes_to: Annotated[
        Path | None, typer.Option("--bytes", help="Write the record itself to this new file, for its owner alone.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look into one record: what it is made of, not what people wrote in it.

    Examples: causeway poison show eu journal/3/417; causeway poison show eu journal/3/417 --bytes record.bin
    """
    kept = asyncio.run(_find(store_of(region), name))
    if bytes_to is not None:
        with os.fdopen(os.open(bytes_to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(kept.poison.value or b"")
    if as_json:
        print_json(View.of(kept, outlined=True))
        return
    poison = kept.poison
    lines = {
        "record": poison.name,
        "kind": poison.kind.value,
        "reason": poison.reason,
        "concerns": poison.key or "unknown",
        "put aside": _when(kept.found_at),
        "state": _state(kept),
    }
    for what, value in lines.items():
        console.print(f"{what + ':':<11}{value}", highlight=False, markup=False)
    console.print()
    for line in outline(poison.value):
        console.print(f"  {line}", highlight=False, markup=False)
    if bytes_to is not None:
        console.print(f"\nThe record itself is in {bytes_to}; it may hold what people wrote.", markup=False)


@app.command()
def replay(
    region: Region,
    names: Annotated[list[str] | None, typer.Argument(help="Which; `list` shows them.", show_default=False)] = None,
    *,
    every: Annotated[bool, typer.Option("--every", help="All that are aside.")] = False,
    by: Annotated[str, typer.Option(help="Who wants it; kept with the record.")] = "",
    as_json: AsJson = False,
) -> None:
    """Have records judged again, by the projector or ingester that runs; exit status 1 if one is still aside.

    It cannot happen twice: what was taken in is known by its id or number. What waits for a newer version comes by itself after the upgrade.

    Examples: causeway poison replay eu journal/3/417; causeway poison replay eu --every
    """
    if every == bool(names):
        raise typer.BadParameter("Name records, or say --every.")
    found = asyncio.run(_replay(store_of(region), names or [], by=by or getpass.getuser()))
    if as_json:
        print_json([View.of(kept) for kept in found])
    else:
        for kept in found:
            console.print(f"{kept.poison.name}: {_outcome(kept)}", highlight=False, markup=False, soft_wrap=True)
        if not found:
            console.print(f"Nothing is aside in {region}.")
    if any(kept.replayed_at is None for kept in found):
        raise typer.Exit(1)


def store_of(region: str) -> str:
    """Return the URL of a region's store.

    Raises:
        NoStoreError: It is not known here.
    """
    if os.environ.get("CAUSEWAY_REGION") == region and (url := os.environ.get("CAUSEWAY_STORE")):
        return url
    if (env := environment_of(region)) is not None:
        return env["CAUSEWAY_STORE"]
    raise NoStoreError(region=region)


async def _connect(url: str) -> Connection:
    try:
        return await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:  # without its text, which may tell how to connect
        raise UnavailableError(what="The region's store") from error


async def _list(url: str, *, also_replayed: bool, most: int) -> list[Kept]:
    async with await _connect(url) as connection:
        return await repository.listing(connection, also_replayed=also_replayed, most=most)


async def _find(url: str, name: str) -> Kept:
    async with await _connect(url) as connection:
        return await _found(connection, name)


async def _found(connection: Connection, name: str) -> Kept:
    kept = await repository.find(connection, *place_of(name))
    if kept is None:
        raise NoSuchPoisonError(name=name)
    return kept


async def _replay(url: str, names: list[str], *, by: str) -> list[Kept]:
    async with await _connect(url) as connection:
        if names:
            wanted = [(await _found(connection, name)).poison for name in names]
        else:
            kept = await repository.listing(connection, also_replayed=False, most=10_000)
            wanted = [one.poison for one in reversed(kept)]
        now = time.time_ns() // 1000
        for poison in wanted:
            await repository.want_replay(connection, poison, by=by, now=now)
        return await _wait(connection, wanted)


async def _wait(connection: Connection, wanted: list[Poison]) -> list[Kept]:
    deadline = time.monotonic() + PATIENCE
    while True:
        found = [await _found(connection, poison.name) for poison in wanted]
        if all(kept.wanted_at is None or kept.replayed_at for kept in found) or time.monotonic() >= deadline:
            return found
        await asyncio.sleep(0.3)


def _outcome(kept: Kept) -> str:
    if kept.replayed_at is not None:
        return f"taken in at {_when(kept.replayed_at)}, {_why(kept)}"
    if kept.wanted_at is not None:
        return f"asked for; no service has looked at it for {PATIENCE:.0f} s: see that projector and ingester are well"
    if kept.poison.kind in {Kind.NEWER, Kind.BEHIND}:
        return "still aside: it waits for an upgrade, and comes by itself then"
    if kept.poison.kind is Kind.HELD:
        return "still aside: its conversation has a gap below it, and it comes by itself once that is closed"
    return f"still aside: {kept.poison.reason}"


def _state(kept: Kept) -> str:
    if kept.replayed_at is not None:
        return f"taken in {_when(kept.replayed_at)}, {_why(kept)}"
    if kept.wanted_at is not None:
        return f"asked for by {kept.wanted_by}"
    if kept.tried_at is not None:
        return f"in vain {_when(kept.tried_at)}, for {kept.wanted_by}"
    return "aside"


def _why(kept: Kept) -> str:
    if kept.wanted_by:
        return f"for {kept.wanted_by}"
    return "since the gap was closed" if kept.poison.kind is Kind.HELD else "for an upgrade"


def _when(at: int) -> str:
    return datetime.fromtimestamp(at / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _seconds(at: int | None) -> float | None:
    return None if at is None else at / 1e6
