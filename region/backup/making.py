"""Makes a backup: all that is in it was so at one moment, while the region works on; then those that are too old are removed."""

import secrets
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec
import psycopg

from infra.errors import CausewayError, UnavailableError
from infra.postgres import Connection
from infra.schema.repository import connect, state
from region.backup import repository
from region.backup.manifest import FORMAT, BlobLine, Manifest, new_id, too_old
from region.backup.places import Site
from region.backup.shelf import BLOBS, DUMP, Shelf, reaching
from region.evacuation.copying import run_program
from region.evacuation.repository import next_offsets
from region.media.rules import keys
from replication.turns.records import Phase
from replication.turns.repository import read_turn

NAME: Final = "causeway backup"
COMPRESSION: Final = "gzip:4"


class NotNowError(CausewayError):
    """The store of {region} cannot be backed up now: {reason}."""

    code = "no-backup-now"
    status = 409
    definite = True


async def make(site: Site, tools: Path, *, by: str) -> tuple[Manifest, list[str]]:
    """Make a backup; return what it says of itself, and which older ones were removed.

    Args:
        site: Where the region's duties are.
        tools: Where `pg_dump` is.
        by: The operator.

    Raises:
        NotNowError: The store is being handed over, or has no tables yet.
        CopyFailedError: `pg_dump` failed.
        UnavailableError: Store or blob store do not answer.
    """
    backup_id = new_id(time.time_ns() // 1000, secrets.token_hex(1)[0])
    try:
        async with reaching(site.backups) as blobs, await connect(site.store, name=NAME) as store:
            await blobs.make_bucket()
            shelf = Shelf(site.region, blobs)
            async with repository.one_view(store) as view:
                manifest = await _write(site, tools, shelf, store, view, backup_id, by)
            await shelf.finish(manifest)
            removed = await prune(shelf, keep=site.keep, made=backup_id)
    except psycopg.Error as error:
        raise UnavailableError(what="The region's store") from error
    return manifest, removed


async def prune(shelf: Shelf, *, keep: int, made: str = "") -> list[str]:
    """Remove backups that are too old, but never the one that was just made; return which."""
    removed = too_old(*await shelf.names(), keep=keep, made=made)
    for backup_id in removed:
        await shelf.remove(backup_id)
    return removed


async def _write(  # noqa: PLR0917 — all that a backup is made of
    site: Site, tools: Path, shelf: Shelf, store: Connection, view: str, backup_id: str, by: str
) -> Manifest:
    turn, schema = await read_turn(store), await state(store)
    if turn is None or schema is None:
        raise NotNowError(region=site.region, reason="it has no tables yet, or those of a version that knows no turns")
    if turn.phase is not Phase.SERVING or turn.holder != site.site:
        raise NotNowError(region=site.region, reason=f"it is being handed over to {turn.holder}")
    offsets = await next_offsets(store)
    with tempfile.TemporaryDirectory(prefix="causeway-backup-") as directory:
        dump, listed = Path(directory) / DUMP, Path(directory) / BLOBS
        plain = ["--no-publications", "--no-subscriptions"]  # each site's server has its own
        options = ["--format=custom", f"--compress={COMPRESSION}", f"--snapshot={view}", f"--file={dump}", *plain]
        await run_program(tools / "pg_dump", options, site.store)
        dumped = await shelf.put(backup_id, DUMP, dump)
        count = await _list_blobs(store, listed)
        return Manifest(
            format=FORMAT,
            backup_id=backup_id,
            region=site.region,
            site=turn.holder,
            made_at=await repository.now(store),
            made_by=by,
            incarnation=turn.incarnation,
            epoch=turn.epoch,
            life=await repository.life(store),
            revision=schema.revision,
            contracted=schema.contracted,
            partitions=len(offsets),
            offsets=offsets,
            rows=await repository.rows(store),
            dump=dumped,
            blobs=await shelf.put(backup_id, BLOBS, listed),
            blob_count=count,
        )


async def _list_blobs(store: Connection, path: Path) -> int:
    """Write down the objects of all blobs that the store refers to; return how many."""
    count = 0
    with path.open("wb") as file:
        async for blob_id, kind, size in repository.blobs(store):
            original, *others = keys(blob_id, kind)
            for line in (BlobLine(original, size), *(BlobLine(one, -1) for one in others)):
                file.write(msgspec.json.encode(line) + b"\n")
                count += 1
    return count
