"""`causeway web`: builds and checks the web app; `up` builds it by itself when something of it has changed."""

import typer
from rich.console import Console

from infra.local import webapp
from infra.local.errors import LocalError
from infra.local.toolchain import Progress

app = typer.Typer(help="Build and check the web app; `up` and `test` do it by themselves.", no_args_is_help=True)
console = Console(highlight=False)


@app.command()
def build() -> None:
    """Build the app, unless nothing of it has changed, and tell where it is: gateways serve what CAUSEWAY_WEB names.

    Examples: causeway web build
    """
    webapp.ensure(_say)
    console.print(str(webapp.BUILT), soft_wrap=True)


@app.command()
def check() -> None:
    """Check the app's types against this checkout's API, its style, its tests, and that it can be built within its budget.

    Examples: causeway web check
    """
    webapp.check(_say)
    webapp.ensure(_say)


def build_if_possible(progress: Progress) -> None:
    """Build the app for a federation that comes up; without it, all but the app works, so a failure is only told."""
    try:
        webapp.ensure(progress)
    except LocalError as error:
        console.print(
            f"{error}\nThe federation runs without the web app; `causeway web build` tries again.",
            style="yellow",
            markup=False,
        )


def is_built() -> bool:
    """Whether there is an app to be served."""
    return webapp.BUILT.exists()


def _say(line: str) -> None:
    console.print(line, soft_wrap=True)
