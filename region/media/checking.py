"""Check what has arrived: size and SHA-256, then what it really is; images are made safe and small. Only then may a message refer to it."""

import hashlib
import time
from typing import Final

import msgspec
import puremagic
import structlog
from prometheus_client import Counter

from infra.blobs import AbsentError, Blobs
from infra.postgres import Pool
from region.media import repository, rules
from region.media.imaging import Made
from region.media.repository import Blob
from region.media.sandbox import Sandbox
from replication.attachments import Attachment

log = structlog.get_logger()

HEAD: Final = 64 * 1024
"""Bytes by which a file is known."""
UNKNOWN: Final = "application/octet-stream"
MISMATCH: Final = "checksum-mismatch"

CHECKED = Counter(
    "causeway_media_checked_total",
    "Uploads that were checked, by kind and what came out; empty if well.",
    ["kind", "problem"],
)


class Checker:
    """Checks one blob at a time."""

    def __init__(self, *, store: Pool, blobs: Blobs, sandbox: Sandbox) -> None:
        """Prepare."""
        self._store = store
        self._blobs = blobs
        self._sandbox = sandbox

    async def check(self, blob: Blob) -> None:
        """Make a blob that has arrived ready, or refuse it; repeated after a crash, it comes to the same.

        Raises:
            Exception: One of `infra.blobs.FAILURES` or of the store's; it is to be tried again.
        """
        in_parts = rules.in_parts(blob.size)
        try:
            found = await (self._parts(blob) if in_parts else self._whole(blob))
        except AbsentError:
            found = MISMATCH  # it was there when it was completed
        now = time.time_ns() // 1000
        problem = found if isinstance(found, str) else ""
        async with self._store.connection() as connection:
            if isinstance(found, str):
                await repository.refuse(connection, blob.blob_id, found, now=now)
            else:
                await repository.finish(connection, found, now=now)
        CHECKED.labels(blob.kind, problem).inc()
        log.info("checked", blob=blob.blob_id, kind=blob.kind, size=blob.size, problem=problem)
        gone = [rules.arrival_key(blob.blob_id)] if not in_parts else []
        await self._blobs.remove(gone + (rules.keys(blob.blob_id, blob.kind) if problem else []))

    async def _parts(self, blob: Blob) -> Attachment | str:
        where = rules.key(blob.blob_id)
        try:
            parts = await self._blobs.parts(where, blob.upload_id)
            sizes = [part.size for part in parts]
            if sizes != rules.part_sizes(blob.size):
                return MISMATCH
            await self._blobs.complete_parts(where, blob.upload_id, parts)
        except AbsentError:
            await self._blobs.size(where)  # completed before a crash, or gone
        if await self._blobs.digest(where) != (blob.size, blob.checksum):
            return MISMATCH
        head = bytearray()
        async for piece in self._blobs.read(where, end=HEAD):
            head += piece
        return self._file(blob, bytes(head))

    async def _whole(self, blob: Blob) -> Attachment | str:
        where = rules.arrival_key(blob.blob_id)
        if await self._blobs.size(where) != blob.size:
            return MISMATCH
        content = b"".join([piece async for piece in self._blobs.read(where)])
        if sha256_of(content) != blob.checksum:
            return MISMATCH
        if blob.kind == "image":
            return await self._image(blob, content)
        found = self._file(blob, content[:HEAD])
        await self._blobs.write(rules.key(blob.blob_id), content, content_type=found.content_type)
        return found

    async def _image(self, blob: Blob, content: bytes) -> Attachment | str:
        made = await self._sandbox.make(content)
        if not isinstance(made, Made):
            return made.code
        for thumbnail in made.thumbnails:
            where = rules.key(blob.blob_id, thumbnail.name)
            await self._blobs.write(where, thumbnail.content, content_type="image/webp")
        await self._blobs.write(rules.key(blob.blob_id), made.content, content_type=made.content_type)
        return msgspec.structs.replace(
            blob.attachment,
            size=len(made.content),
            checksum=sha256_of(made.content),
            content_type=made.content_type,
            width=made.width,
            height=made.height,
            blur=made.blur,
        )

    def _file(self, blob: Blob, head: bytes) -> Attachment:
        return msgspec.structs.replace(blob.attachment, content_type=sniff(head))


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def sniff(head: bytes) -> str:
    """Return what a file is, by how it begins; what it was said to be does not count."""
    try:
        found = [match.mime_type for match in puremagic.magic_string(head) if match.mime_type]
    except (puremagic.PureError, ValueError):
        found = []
    if found:
        return str(found[0])
    try:
        text = head.decode() if len(head) < HEAD else head[:-4].decode(errors="strict")
    except UnicodeDecodeError as error:
        text = head[: error.start].decode() if error.start > len(head) - 8 else "\0"  # cut within a letter
    return "text/plain" if text and "\0" not in text else UNKNOWN
