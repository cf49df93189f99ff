"""Whether a backup is whole and can be read, and which blobs that it refers to are not in the region's blob store any more."""

import tempfile
from pathlib import Path
from typing import Final

import msgspec

from region.backup.manifest import BlobLine, Manifest
from region.backup.places import Site
from region.backup.shelf import DamagedError, Shelf, reaching
from region.evacuation.copying import CopyFailedError, run_program

PREFIX: Final = "blobs/"


class Verified(msgspec.Struct, frozen=True):
    """What was found.

    Attributes:
        backup_id: Of which backup.
        tables: That it has.
        rows: In all of them.
        blobs: Objects that it refers to.
        missing: Those that are not there, or of another size.
    """

    backup_id: str
    tables: int
    rows: int
    blobs: int
    missing: list[str]


async def verify(site: Site, tools: Path, manifest: Manifest) -> Verified:
    """Read all of a backup, and look for the blobs that it refers to.

    Raises:
        DamagedError: It is not what was written, or cannot be read.
        UnavailableError: A blob store is away.
    """
    with tempfile.TemporaryDirectory(prefix="causeway-backup-") as directory:
        dump, listed = Path(directory) / manifest.dump.name, Path(directory) / manifest.blobs.name
        async with reaching(site.backups) as blobs:
            shelf = Shelf(site.region, blobs)
            await shelf.get(manifest.backup_id, manifest.dump, dump)
            await shelf.get(manifest.backup_id, manifest.blobs, listed)
        try:  # reads and unpacks every row, and writes it nowhere
            await run_program(tools / "pg_restore", ["--file=/dev/null", str(dump)], site.store)
        except CopyFailedError as error:
            raise DamagedError(backup_id=manifest.backup_id, what="pg_restore cannot read it") from error
        there = await _there(site)
        with listed.open("rb") as file:
            lines = [msgspec.json.decode(line, type=BlobLine) for line in file]
    missing = [one.key for one in lines if one.key not in there or one.size not in {-1, there[one.key]}]
    return Verified(manifest.backup_id, len(manifest.rows), sum(manifest.rows.values()), len(lines), missing)


async def _there(site: Site) -> dict[str, int]:
    if site.blobs is None:
        return {}
    async with reaching(site.blobs) as blobs:
        return {key: size async for key, size in blobs.listed(PREFIX)}
