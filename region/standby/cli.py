"""`causeway standby`: compares the copy of a region's store with that store, row by row in sums, and gives a copy up."""

import asyncio
import sys
from typing import Annotated, Final

import psycopg
import typer
from rich.console import Console

from global_directory.operators.acting import Confirm, Why, operation
from infra.errors import CausewayError
from infra.local import homes, postgres
from infra.local.errors import NotRunningError
from infra.local.federation import Federation, UnknownRegionError
from infra.local.numbering import Ports
from infra.postgres import elsewhere
from infra.schema.repository import connect
from infra.telling import told
from region.media.repository import Blob
from region.standby.comparing import Digest, Verdict, verdict
from region.standby.copy import name_of
from region.standby.repository import copying, kept
from region.standby.repository.digests import digests

TRIES: Final = 15
"""Times that both are read at most: what is written in between may differ for that alone."""
PAUSE_SECONDS: Final = 0.3
LISTED: Final = 10_000
"""Blobs that are listed at a time."""
FOR_EVER: Final = 2**62

_TOLD: Final = (Verdict.DIFFERENT, Verdict.BUSY)

app = typer.Typer(
    no_args_is_help=True,
    help="Compare the copy that a standby has of a region's store with that store; give a copy up. `causeway region status` tells how far it is.",
)
console = Console(highlight=False, soft_wrap=True)
Region = Annotated[str, typer.Argument(help="Whose store was copied, such as us.", show_default=False)]


class NobodyStandsByError(CausewayError):
    """Nobody stands by for {region}, so there is no copy of its store. Name somebody: `causeway up --standby {region}=…`."""

    code = "nobody-stands-by"
    definite = True


class StoreSilentError(CausewayError):
    """{what} cannot be asked: {reason}."""

    code = "store-silent"
    definite = True


class NoCopyError(CausewayError):
    """`{name}` is no copy: the duties of {region} were handed over with it, and it may be the store in which they are decided. Nothing was thrown away."""

    code = "no-copy"
    definite = True


@app.command()
def verify(region: Region) -> None:
    """Compare each table of a region's store with the standby's copy, and tell which differ; both are read as a whole, several times.

    Of what is written without a pause nothing can be said: it is named, too. The exit status is 1 if something differs, 2 if only that is left.

    Example: causeway standby verify us
    """
    store, server = _where(region)
    found = asyncio.run(compare(store, elsewhere(server, name_of(region))))
    different, busy = ([table for table, one in sorted(found.items()) if one is kind] for kind in _TOLD)
    if busy:
        console.print(
            f"Written all the while, so nothing can be said of them: {', '.join(busy)}. Try again when it is quiet."
        )
    if different:
        console.print(f"Not the same in the store and in the copy: {', '.join(different)}")
    if busy or different:
        sys.exit(1 if different else 2)
    console.print("The copy is the same, in every table.")


@app.command()
def missing(region: Region) -> None:
    """List the images and files whose bytes the standby does not have yet: id, bytes, who brought it.

    Example: causeway standby missing us
    """
    _, server = _where(region)
    found = asyncio.run(missing_blobs(elsewhere(server, name_of(region))))
    for blob in found:
        console.print(f"{blob.blob_id}  {blob.size:>12,}  {blob.owner}")
    console.print(f"{len(found)} missing." if len(found) < LISTED else f"The oldest {LISTED} that are missing.")


@app.command()
def forget(region: Region, *, why: Why = "", confirm: Confirm = "") -> None:
    """Throw the standby's copy of a region's store away; the standby service then begins a new one. It may be the only copy that is left.

    Example: causeway standby forget us --why "the store of us is whole"
    """
    _, server = _where(region)
    with operation("forget-copy", region, why=why, confirm=confirm) as acting:
        thrown = asyncio.run(throw_away(server, region))
        acting.detail = ", ".join(thrown)
    console.print(f"Thrown away: {', '.join(thrown) or 'nothing was there'}.")


async def compare(store: str, copy: str) -> dict[str, Verdict]:
    """Return the tables of which it was not seen that they are the same, and what is to be said of them.

    Raises:
        StoreSilentError: One of both does not answer.
    """
    found: dict[str, Verdict] = {}
    there, here = [await _digests("The store", store)], list[dict[str, Digest]]()
    for _ in range(TRIES):
        here.append(await _digests("The copy", copy))
        there.append(await _digests("The store", store))
        judged: dict[str, Verdict] = {
            table: verdict([one.get(table) for one in there], [one.get(table) for one in here])
            for table in set().union(*there, *here)
        }
        found = {table: one for table, one in judged.items() if one is not Verdict.SAME}
        if not found:
            break
        await asyncio.sleep(PAUSE_SECONDS)
    return found


async def missing_blobs(copy: str) -> list[Blob]:
    """Return blobs whose bytes are missing, the oldest first, at most `LISTED`.

    Raises:
        StoreSilentError: The copy does not answer.
    """
    try:
        async with await connect(copy, name="causeway standby") as connection:
            await kept.prepare(connection)
            return await kept.next_missing(connection, now=FOR_EVER, most=LISTED)
    except psycopg.Error as error:
        raise StoreSilentError(what="The copy", reason=told(error)) from error


async def throw_away(server: str, region: str) -> list[str]:
    """Throw away what a server has of a region's store; return the databases.

    Raises:
        NoCopyError: It is what the region's duties were handed over with.
        StoreSilentError: The server does not answer.
    """
    thrown = []
    try:
        async with await connect(server, name="causeway standby") as connection:
            known = await copying.databases(connection)
            for name in (name_of(region), f"{name_of(region)}_new", f"{name_of(region)}_old"):
                if name in known:
                    async with await connect(elsewhere(server, name), name="causeway standby") as own:
                        if await copying.subscription(own) is not None:
                            await copying.part(own)
                        elif (await copying.content(own)).elsewhere:
                            raise NoCopyError(name=name, region=region)
                    await copying.drop(connection, name)
                    thrown.append(name)
    except psycopg.Error as error:
        raise StoreSilentError(what="The standby's server", reason=told(error)) from error
    return thrown


async def _digests(what: str, url: str) -> dict[str, Digest]:
    try:
        async with await connect(url, name="causeway standby") as connection:
            return await digests(connection)
    except psycopg.Error as error:
        raise StoreSilentError(what=what, reason=told(error)) from error


def _where(region: str) -> tuple[str, str]:
    """Return the URLs of a region's store, and of its standby's, in the local federation."""
    federation = _federation()
    if region not in federation.regions:
        raise UnknownRegionError(region=region, known=", ".join(federation.regions))
    standby = federation.standbys.get(region)
    if standby is None:
        raise NobodyStandsByError(region=region)
    own, other = (Ports.of(federation.base_port, one).postgres for one in (region, standby))
    return postgres.url(own), postgres.url(other)


def _federation() -> Federation:
    home = homes.home()
    if not (home / homes.DESCRIPTION).exists():
        raise NotRunningError(home=home)
    return homes.read_federation(home)
