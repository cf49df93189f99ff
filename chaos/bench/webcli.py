"""`causeway bench web`: the web app in a browser, with more in it than people have."""

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from chaos.bench import webseed
from chaos.federation import Federation
from infra.errors import CausewayError

CHROMIUM = os.environ.get("CAUSEWAY_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""


class NoBrowserError(CausewayError):
    """There is no Chromium here; install one, or name it: CAUSEWAY_CHROMIUM=/path/to/chromium."""

    code = "no-browser"


class NoRegionError(CausewayError):
    """Region {region} is not up; start it with `causeway up`."""

    code = "bench-no-region"


def run_web(
    conversations: Annotated[int, typer.Option(min=2, help="How many conversations, the long one included.")] = 2_000,
    messages: Annotated[int, typer.Option(min=1, help="How many messages the long one has.")] = 100_000,
    region: Annotated[str, typer.Option(help="Where everybody lives.")] = "us",
    *,
    only_seed: Annotated[
        bool, typer.Option("--only-seed", help="Make what is to be shown, and measure nothing.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Where the JSON goes.")] = Path(__file__).parents[2]
    / ".causeway"
    / "benchmarks",
) -> None:
    """Show the web app in Chromium with very many conversations and a very long one: how long until something is on the screen, how smoothly it moves, what it holds.

    What is to be shown is made through the public API, and kept: a second run begins at once. The environment of tests is needed, and a Chromium.

    Example: causeway bench web --conversations 200 --messages 5000
    """
    from chaos.bench import web  # noqa: PLC0415 — it brings Playwright, which only the environment of tests has

    console = Console(width=None if sys.stdout.isatty() else 200)
    try:
        if not CHROMIUM and not only_seed:
            raise NoBrowserError
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("users", total=None)

            async def measure() -> web.Seen | None:
                status = await asyncio.to_thread(Federation().status)
                if region not in status.regions:
                    raise NoRegionError(region=region)
                url = status.regions[region].public_url
                people = await webseed.provide(
                    Path(status.home),
                    region,
                    url,
                    conversations=conversations,
                    messages=messages,
                    say=lambda what, done, total: progress.update(task, description=what, completed=done, total=total),
                )
                if only_seed:
                    return None
                progress.update(task, description="in the browser", completed=0, total=None)
                return await web.look(CHROMIUM, url, people, conversations=conversations, messages=messages)

            found = asyncio.run(measure())
    except CausewayError as error:
        console.print(f"causeway bench web: {error}", style="red", markup=False)
        raise typer.Exit(2) from error
    if found is not None:
        for line in web.describe(found):
            console.print(line, highlight=False, soft_wrap=True)
        console.print(f"Written: {web.write(found, out)}", soft_wrap=True)
