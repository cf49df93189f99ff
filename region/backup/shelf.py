"""Backups in a blob store: `backups/<region>/<id>/`, with the store's dump, the list of blobs, and a manifest that is written last."""

import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from infra.blobs import FAILURES, AbsentError, Blobs, Place, away
from infra.errors import CausewayError, NotFoundError
from region.backup.manifest import Manifest, Piece, is_id

PART: Final = 16 * 1024 * 1024
MANIFEST: Final = "manifest.json"
DUMP: Final = "store.dump"
BLOBS: Final = "blobs.jsonl"
BINARY: Final = "application/octet-stream"


class DamagedError(CausewayError):
    """The backup {backup_id} is damaged: {what}. Take another one: `causeway backup list` shows them."""

    code = "backup-damaged"
    status = 409
    definite = True


class Shelf:
    """The backups of one region; its methods raise `UnavailableError` when the blob store is away."""

    def __init__(self, region: str, blobs: Blobs) -> None:
        """Prepare."""
        self._blobs = blobs
        self._prefix = f"backups/{region}/"

    async def put(self, backup_id: str, name: str, path: Path) -> Piece:
        """Write a file into a backup."""
        hashed, size, number, key = hashlib.sha256(), 0, 0, self._key(backup_id, name)
        with path.open("rb") as file:
            content = file.read(PART)
            if len(content) < PART:
                await self._blobs.write(key, content, content_type=BINARY)
                return Piece(name, len(content), hashlib.sha256(content).hexdigest())
            upload = await self._blobs.begin_parts(key, content_type=BINARY)
            while content:
                number, size = number + 1, size + len(content)
                hashed.update(content)
                await self._blobs.write_part(key, upload, number, content)
                content = file.read(PART)
            await self._blobs.complete_parts(key, upload, await self._blobs.parts(key, upload))
        return Piece(name, size, hashed.hexdigest())

    async def finish(self, manifest: Manifest) -> None:
        """Write the manifest: from now on the backup is whole."""
        content = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        await self._blobs.write(self._key(manifest.backup_id, MANIFEST), content, content_type="application/json")

    async def names(self) -> tuple[list[str], dict[str, float]]:
        """Return the ids of whole backups, sorted, and of the others, with how many seconds ago they were begun."""
        whole, begun = set[str](), set[str]()
        async for key, _ in self._blobs.listed(self._prefix):
            backup_id, _, name = key.removeprefix(self._prefix).partition("/")
            if is_id(backup_id):
                begun.add(backup_id)
                whole |= {backup_id} if name == MANIFEST else set()
        return sorted(whole), {name: time.time() - _begun_at(name) for name in begun - whole}

    async def manifest(self, backup_id: str) -> Manifest:
        """Read a manifest.

        Raises:
            NotFoundError: There is no such backup, or it is not whole.
            DamagedError: It cannot be read.
        """
        if not is_id(backup_id):
            raise NotFoundError(what="backup")
        try:
            pieces = [piece async for piece in self._blobs.read(self._key(backup_id, MANIFEST))]
        except AbsentError:
            raise NotFoundError(what="backup") from None
        try:
            manifest = msgspec.json.decode(b"".join(pieces), type=Manifest)
        except msgspec.DecodeError as error:
            raise DamagedError(backup_id=backup_id, what="its manifest cannot be read") from error
        # Names of files: whoever writes to the blob store must not name any of the machine that reads it.
        if (manifest.backup_id, manifest.dump.name, manifest.blobs.name) != (backup_id, DUMP, BLOBS):
            raise DamagedError(backup_id=backup_id, what="its manifest is of something else")
        return manifest

    async def get(self, backup_id: str, piece: Piece, path: Path) -> None:
        """Bring an object of a backup into a file, and see that it is what it was.

        Raises:
            DamagedError: It is missing, or not the same.
        """
        hashed, size = hashlib.sha256(), 0
        with path.open("wb") as file:
            try:
                async for part in self._read(backup_id, piece):
                    file.write(part)
                    hashed.update(part)
                    size += len(part)
            except AbsentError:
                raise DamagedError(backup_id=backup_id, what=f"{piece.name} is missing") from None
        if (size, hashed.hexdigest()) != (piece.size, piece.sha256):
            raise DamagedError(backup_id=backup_id, what=f"{piece.name} is not what was written")

    async def remove(self, backup_id: str) -> None:
        """Remove a backup, its manifest first: half of one is none."""
        keys = [key async for key, _ in self._blobs.listed(f"{self._prefix}{backup_id}/")]
        await self._blobs.remove(sorted(keys, key=lambda key: not key.endswith(MANIFEST)))

    async def _read(self, backup_id: str, piece: Piece) -> AsyncIterator[bytes]:
        if piece.size:  # of nothing no range can be asked for
            async for part in self._blobs.read(self._key(backup_id, piece.name)):
                yield part

    def _key(self, backup_id: str, name: str) -> str:
        return f"{self._prefix}{backup_id}/{name}"


@asynccontextmanager
async def reaching(place: Place) -> AsyncIterator[Blobs]:
    """Reach a blob store.

    Raises:
        UnavailableError: It is away, or refuses.
    """
    try:
        async with Blobs(place) as blobs:
            yield blobs
    except FAILURES as error:
        raise away(error) from error


def _begun_at(backup_id: str) -> float:
    return datetime.strptime(backup_id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
