"""`causeway region backup`, `causeway region restore-backup`, and `causeway backup` for the backups that there are.

The first two are added to the commands of `causeway region`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from global_directory import place
from global_directory.operators.acting import Confirm, Why, operation
from infra.errors import NotFoundError
from infra.printing import print_json
from region.backup import making, places, restoring, verifying
from region.backup.manifest import Manifest
from region.backup.places import Site
from region.backup.restoring import Restored
from region.backup.shelf import Shelf, reaching
from region.evacuation.cli import app
from region.evacuation.seats import tools

__all__ = ["app", "backups"]

T = TypeVar("T")
console = Console(highlight=False, soft_wrap=True)
backups = typer.Typer(
    no_args_is_help=True, help="The backups of regions' stores. `causeway region backup us` makes one."
)
Region = Annotated[str, typer.Argument(help="A region, such as us.", show_default=False)]
BackupId = Annotated[str, typer.Argument(help="`list` shows them; the newest by default.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="For scripts.")]


@app.command()
def backup(region: Region, *, why: Why = "", as_json: Json = False) -> None:
    """Back a region's store up into its blob store, as it is at one moment, while the region works on; then remove backups that are too old.

    It says which blobs it refers to; their bytes are not in it. CAUSEWAY_BACKUP_S3_URL and CAUSEWAY_BACKUP_S3_BUCKET name another place, CAUSEWAY_BACKUPS_KEPT how
    many are kept (7).

    Example: causeway region backup us
    """
    site = places.find(region)
    with operation("backup", region, why=why) as acting:
        manifest, removed = asyncio.run(making.make(site, tools(), by=acting.who))
        acting.detail = manifest.backup_id
    if as_json:
        print_json(manifest)
        return
    console.print(
        f"{manifest.backup_id}: {sum(manifest.rows.values()):,} rows in {len(manifest.rows)} tables, {manifest.dump.size:,} bytes; "
        f"{manifest.blob_count:,} objects of blobs are referred to."
    )
    if removed:
        console.print(f"Removed, being too old: {', '.join(removed)}.")


@app.command("restore-backup")
def restore_backup(
    region: Region,
    *,
    backup_id: Annotated[str, typer.Option("--backup", help="Which; the newest by default.", show_default=False)] = "",
    why: Why = "",
    confirm: Confirm = "",
    as_json: Json = False,
) -> None:
    """Put a backup in the place of a region's store, if nothing has gone beyond it; the store that was there is kept under another name.

    The region's services must not run. What was accepted after the backup would be known elsewhere and not here, so then it is refused.

    Example: causeway region restore-backup us --why "the store is lost"
    """
    site = places.find(region)
    with operation("restore-backup", region, why=why, confirm=confirm) as acting:
        done = asyncio.run(_restore(site, backup_id))
        acting.detail = f"{done.backup_id}, former: {done.former or 'none'}"
    if as_json:
        print_json(done)
        return
    console.print(
        f"The store of {done.region} is as it was in {done.backup_id}: {done.rows:,} rows. Start its services."
    )
    if done.former:
        console.print(f"What was there is the database {done.former} now, until you drop it.")
    if done.forgotten:
        console.print(
            f"The copy at {done.forgotten} does not follow it. When all is well: causeway standby forget {done.region} --why …"
        )


@backups.command("list")
def list_backups(region: Region, *, as_json: Json = False) -> None:
    """List a region's backups, the newest first.

    Example: causeway backup list us
    """
    site = places.find(region)

    async def read(shelf: Shelf) -> tuple[list[Manifest], list[str]]:
        whole, unfinished = await shelf.names()
        return [await shelf.manifest(one) for one in reversed(whole)], sorted(unfinished)

    found, unfinished = asyncio.run(_at_the_shelf(site, read))
    if as_json:
        print_json({"backups": found, "unfinished": unfinished})
        return
    table = Table(
        "backup", "of (UTC)", "by", "epoch", "incarnation", "schema", "rows", "bytes", box=None, header_style="bold"
    )
    for one in found:
        made = datetime.fromtimestamp(one.made_at / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")
        numbers = (one.epoch, one.incarnation, one.revision)
        table.add_row(
            one.backup_id, made, one.made_by, *map(str, numbers), f"{sum(one.rows.values()):,}", f"{one.dump.size:,}"
        )
    console.print(table if found else f"There is no backup of {region}.")
    if unfinished:
        console.print(f"Not whole, or being made: {', '.join(unfinished)}")


@backups.command()
def verify(region: Region, backup_id: BackupId = "", *, as_json: Json = False) -> None:
    """Read all of a backup, see that it is what was written, and tell which blobs that it refers to are missing; then the exit status is 2.

    Examples: causeway backup verify us; causeway backup verify us 20261126T150000Z-3f2a9c
    """
    site = places.find(region)
    manifest = asyncio.run(_at_the_shelf(site, lambda shelf: _chosen(shelf, backup_id)))
    found = asyncio.run(verifying.verify(site, tools(), manifest))
    if as_json:
        print_json(found)
    else:
        console.print(f"{found.backup_id} is whole: {found.rows:,} rows in {found.tables} tables.")
        for key in found.missing:
            console.print(f"missing: {key}")
        console.print(f"Of {found.blobs:,} objects of blobs {len(found.missing):,} are missing.")
    if found.missing:
        raise typer.Exit(2)


async def _restore(site: Site, backup_id: str) -> Restored:
    manifest = await _at_the_shelf(site, lambda shelf: _chosen(shelf, backup_id))
    async with place.directory() as directory:
        return await restoring.restore(site, tools(), manifest, directory)


async def _chosen(shelf: Shelf, backup_id: str) -> Manifest:
    if not backup_id:
        whole, _ = await shelf.names()
        if not whole:
            raise NotFoundError(what="backup")
        backup_id = whole[-1]
    return await shelf.manifest(backup_id)


async def _at_the_shelf(site: Site, question: Callable[[Shelf], Awaitable[T]]) -> T:
    async with reaching(site.backups) as blobs:
        return await question(Shelf(site.region, blobs))
