"""`causeway top`."""

import asyncio
from functools import partial
from typing import Annotated

import typer

from infra.local import homes
from infra.observability.top.look import look
from infra.observability.top.screen import Top, print_once

BETWEEN = 1.0

app = typer.Typer()


@app.command()
def top(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Print one frame, for pipes; takes a second, for rates.")
    ] = False,
    interval: Annotated[float, typer.Option(min=0.5, help="Seconds between two looks.")] = 2.0,
) -> None:
    """Show regions, parts and links with their rates and lags, live on the full screen.

    Keys: q quits, s sorts the parts by the next column, r turns the order round, space looks at once.

    Examples: causeway top; causeway top --once | less
    """
    home = homes.home()
    if once:
        asyncio.run(_once())
    else:
        Top(partial(look, home), interval=interval).run()


async def _once() -> None:
    home = homes.home()
    before = await look(home)
    if before.metrics:
        await asyncio.sleep(BETWEEN)
    print_once(await look(home), before)
