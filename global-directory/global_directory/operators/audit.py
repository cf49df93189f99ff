"""`causeway audit`: what operators did and were refused: who, what, to what, why, when, and what came of it."""

import asyncio
import re
import time
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from global_directory.operators import session
from global_directory.operators.client import OperatorsClient
from global_directory.operators.schemas import Asked, OperationView
from global_directory.place import where
from infra.errors import InvalidFieldError
from infra.printing import print_json

UNITS: Final = {"m": 60, "h": 3600, "d": 86400}
_AGO: Final = re.compile(r"(\d{1,4})([mhd])")

app = typer.Typer(no_args_is_help=True, help="What operators did, and were refused.")
console = Console(highlight=False, width=None if Console().is_terminal else 200)


@app.callback()
def _audit() -> None:
    """Keep `list` a command of its own, though it is the only one."""


@app.command("list")
def list_operations(
    *,
    verb: Annotated[str, typer.Option(help="Such as evacuate, expel, restore-backup.")] = "",
    target: Annotated[str, typer.Option(help="To what, such as us.")] = "",
    who: Annotated[str, typer.Option(help="By which operator.")] = "",
    result: Annotated[str, typer.Option(help="begun, done, failed or refused.")] = "",
    since: Annotated[str, typer.Option(help="Not older than that, such as 90m, 12h, 30d.")] = "",
    most: Annotated[int, typer.Option(help="Lines, the newest.", min=1, max=1_000)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """List what operators did and were refused, the newest first.

    Examples: causeway audit list; causeway audit list --target us --result refused --since 7d --json
    """
    after = 0 if not since else int((time.time() - read_ago(since)) * 1_000_000)
    found = asyncio.run(read(session.session(), Asked(verb, target, who, result, after, most)))
    if as_json:
        print_json({"operations": found})
        return
    table = Table("when (UTC)", "who", "what", "to", "result", "why", "detail", box=None, header_style="bold")
    for one in found:
        said = (one.who or "nobody known", one.verb, one.target, one.result, one.why, one.detail)
        table.add_row(when(one.at), *map(escape, said))  # whoever is traced has written some of it
    console.print(table if found else "Nothing is found.")


def read_ago(text: str) -> int:
    """Return how many seconds a word such as `12h` stands for.

    Raises:
        InvalidFieldError: It is none.
    """
    found = _AGO.fullmatch(text)
    if found is None:
        raise InvalidFieldError(field="--since", reason="say a number and m, h or d, such as 12h")
    return int(found[1]) * UNITS[found[2]]


def when(at: int) -> str:
    """Write a time, microseconds since the epoch, for people."""
    return datetime.fromtimestamp(at / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")


async def read(shown: str, asked: Asked) -> tuple[OperationView, ...]:
    """Return lines of the trace, as who shows that session."""
    url, tls = where()
    async with OperatorsClient(url, tls=tls, token=shown) as client:
        return await client.trace(asked)
