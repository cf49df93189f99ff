"""`causeway trace MESSAGE_ID`."""

import asyncio
import re
import sys
from typing import Annotated

import typer
from rich.console import Console

from infra.observability.places import read_admins
from infra.observability.trace.answers import NoMessageIdError, ask
from infra.observability.trace.show import drawn
from infra.observability.trace.way import Way, way_of
from infra.printing import print_json

MESSAGE_ID = re.compile(r"m[0-9a-f]{35}-[a-z][a-z0-9]{1,7}")
STATES_OF_TROUBLE = {"unknown": 1}
WIDE = 160
"""Columns of what is not shown on a terminal, so that no stage is cut off in pipes and logs."""

app = typer.Typer()


@app.command()
def trace(
    message_id: Annotated[str, typer.Argument(help="As sends and histories show it.")],
    admin: Annotated[
        list[str] | None,
        typer.Option(help="Where to ask, instead of the local federation: REGION=URL of an admin port; repeat it."),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Print the way of one message through the regions, with the milliseconds of each hop.

    Exit status 1 if nobody knows the message.

    Examples: causeway trace m78fdcc270d0bd2a0cae1db14163698774c0-us; causeway trace MESSAGE_ID --json
    """
    if MESSAGE_ID.fullmatch(message_id) is None:
        raise NoMessageIdError(text=message_id)
    way = way_of(message_id, asyncio.run(ask(message_id, read_admins(admin or []))))
    if as_json:
        print_json(_described(way))
    else:
        console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
        console.print(drawn(way), soft_wrap=True)
    raise typer.Exit(STATES_OF_TROUBLE.get(way.state, 0))


def _described(way: Way) -> dict[str, object]:
    steps = [
        {
            "from": step.source,
            "to": step.target,
            "began": step.began if step.is_known else None,
            "ended": step.ended if step.is_known else None,
            "milliseconds": step.milliseconds,
            "branch": step.branch,
            "meaning": step.meaning,
            "told_by": step.told_by,
        }
        for step in way.steps
    ]
    return {
        "message_id": way.message_id,
        "state": way.state,
        "sentence": way.sentence,
        "steps": steps,
        "warnings": way.warnings,
    }
