"""`causeway region`: who holds which region's duties; expel a region from the others' trust, readmit it, see who is expelled, and renew certificates.

It asks the directory as the directory itself: by the certificate that lies in the local federation's home or, where
`CAUSEWAY_DIRECTORY` names another directory, by the one that `CAUSEWAY_TLS_…` name.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from global_directory import place
from global_directory.client import DirectoryClient
from global_directory.holding import copies
from global_directory.holding.schemas import DutyView, ProposalsView
from global_directory.holding.status import Standing, read_pages, standings, tell
from global_directory.operators.acting import Confirm, Why, operation
from global_directory.place import is_named, where
from global_directory.trust import ASK_SECONDS
from infra.errors import UnavailableError
from infra.identity import DIRECTORY
from infra.local import certificates, homes
from infra.local.errors import NotRunningError
from infra.local.federation import UnknownRegionError
from infra.observability.places import read_admins
from infra.printing import print_json

__all__ = ["app", "where"]

T = TypeVar("T")
Region = Annotated[str, typer.Argument(help="A region, such as eu.", show_default=False)]

app = typer.Typer(
    no_args_is_help=True,
    help="See who holds which region's duties; expel a region from the others' trust, readmit it, renew its certificate.",
)
console = Console(highlight=False)


@app.command()
def expel(region: Region, *, why: Why = "", confirm: Confirm = "") -> None:
    """Expel a region: no other takes its connections, tokens or records any more, within seconds; what came before stays.

    Example: causeway region expel eu --why "its key was seen"
    """
    with operation("expel", region, why=why, confirm=confirm):
        _ask(lambda directory: directory.expel(region))
    console.print(f"{region} is expelled. Regions that can be reached cut it off within {2 * ASK_SECONDS:.0f} seconds.")
    console.print(f"What it and they send each other waits; `causeway region readmit {region}` lets it pass.")


@app.command()
def readmit(region: Region, *, why: Why = "") -> None:
    """Trust a region again: everything goes on where it stopped.

    Example: causeway region readmit eu
    """
    with operation("readmit", region, why=why):
        _ask(lambda directory: directory.readmit(region))
    console.print(f"{region} is trusted again; regions hear of it within {2 * ASK_SECONDS:.0f} seconds.")


@app.command("list")
def list_regions() -> None:
    """List the regions, and those that are expelled.

    Example: causeway region list
    """

    async def ask(directory: DirectoryClient) -> dict[str, str]:
        trusted = {region.region: region.public_url for region in await directory.regions()}
        return trusted | dict.fromkeys(await directory.expulsions(), "expelled from trust")

    for region, what in sorted(_ask(ask).items()):
        console.print(f"{region}: {what}")


@app.command()
def status(
    *,
    admin: Annotated[
        list[str] | None,
        typer.Option(help="REGION=URL of an admin port that tells whether the region is islanded; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Tell who holds which region's duties, in which epoch, for how long, who stands by, how far the standby is, and whether it is islanded.

    What regions say of themselves comes from their processes' admin ports, so it is told while the directory is away, too.

    Examples: causeway region status; causeway region status --json
    """
    found, proposed = asyncio.run(_standings(admin or []))
    if as_json:
        print_json({"regions": found, "takeover": None if proposed is None else proposed.policy})
        return
    table = Table("region", "holder", "epoch", "lease", "standby", "islanded", "copy", box=None)
    for one in found:
        table.add_row(*one.cells())
    console.print(table)
    for warning in filter(None, (one.warning for one in found)):
        console.print(f"[red]{warning}[/red] What to do: docs/operations/detection.md")
    if proposed is None:
        console.print("The directory does not answer; this is what the regions themselves say.")
    elif proposed.policy == "automatic":
        console.print("Takeovers: automatic. Who stands by takes over by itself once a region is taken for down.")
    else:
        console.print("Takeovers: proposed. Nobody takes over unless an operator says so.")


async def _standings(named: list[str]) -> tuple[list[Standing], ProposalsView | None]:
    """Return how regions stand, and what the directory proposes; None if it does not answer."""
    admins = read_admins(named) if named or not is_named() else {}
    duties: tuple[DutyView, ...] = ()
    proposed: ProposalsView | None = None
    url, tls = where()
    async with DirectoryClient(url, tls=tls, attempts=1) as directory:
        asked = asyncio.ensure_future(read_pages(admins))
        try:
            duties = await directory.duties()
            proposed = await directory.proposals()
        except UnavailableError:
            if not admins:
                raise
        pages = await asked
        down = () if proposed is None else proposed.proposals
        return standings(duties, tell(pages), copies.read(pages), down), proposed


@app.command()
def renew(
    names: Annotated[
        list[str] | None, typer.Argument(help="Regions, or directory; all when none is named.", show_default=False)
    ] = None,
) -> None:
    """Give regions of the local federation, and the directory, new certificates of its own authority, before the old ones end.

    Examples: causeway region renew; causeway region renew eu
    """
    home = homes.home()
    if not (home / homes.DESCRIPTION).exists():
        raise NotRunningError(home=home)
    known = (*homes.read_federation(home).regions, DIRECTORY)
    for name in set(names or ()) - set(known):
        raise UnknownRegionError(region=name, known=", ".join(known))
    renewed = names or known
    certificates.renew(home, renewed)
    console.print(f"New certificates: {', '.join(renewed)}. Services use them for connections made from now on.")
    regions = [name for name in renewed if name != DIRECTORY]
    if regions:
        console.print("Kafka and MirrorMaker read them when they start; one region after another:")
    for name in regions:
        console.print(f"  ./causeway local restart {name}/kafka && ./causeway local restart {name}/mirror")


def _ask(question: Callable[[DirectoryClient], Awaitable[T]]) -> T:
    async def run() -> T:
        async with place.directory() as directory:
            return await question(directory)

    return asyncio.run(run())
