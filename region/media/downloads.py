"""Open images and files: whoever may see what refers to one, a message or as a picture, is told where its bytes are, for a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from infra.blobs import Signer
from infra.errors import NotFoundError
from infra.postgres import Pool
from region.media import repository, rules
from region.media.errors import NotReadyError, OnItsWayError
from region.media.pictures.repository import shown_to
from region.media.repository import Blob
from replication.attachments import Attachment
from replication.ids import is_blob_id, region_of
from replication.pictures import Picture

WAIT_SECONDS: Final = 4.0
"""How long somebody is kept waiting for what is fetched from another region, before they are told to come again."""
LOOK_SECONDS: Final = 0.1
AGAIN_SECONDS: Final = 1


@dataclass(frozen=True, slots=True)
class Opened:
    """A blob, and where its bytes are.

    Attributes:
        attachment: What it is.
        url: Where it is.
        thumbnails: Where its thumbnails are, by name; none of a file.
        seconds: How long these addresses are good.
    """

    attachment: Attachment
    url: str
    thumbnails: dict[str, str]
    seconds: int


async def as_often_as_wanted(_: str) -> None:
    """Let everybody ask."""


async def nowhere(_: str) -> Picture | None:
    """Know of no pictures of other regions."""
    return None


class Downloads:
    """What HTTP does with blobs."""

    def __init__(
        self,
        *,
        region: str,
        store: Pool,
        signer: Signer,
        seconds: int,
        wake: Callable[[], Awaitable[None]],
        elsewhere: Callable[[str], Awaitable[Picture | None]] = nowhere,
        look: Callable[[str], Awaitable[None]] = as_often_as_wanted,
    ) -> None:
        """Prepare.

        Args:
            region: This region.
            store: Its store.
            signer: Signs addresses of its blob store.
            seconds: How long they are good.
            wake: Says that something is to be fetched.
            elsewhere: Finds a picture that is for everybody, of which nothing is known here; as `Origins.find` does.
            look: Keeps a reader from asking for such too often, by raising.
        """
        self._region = region
        self._store = store
        self._signer = signer
        self._seconds = seconds
        self._wake = wake
        self._elsewhere = elsewhere
        self._look = look

    async def open(self, reader: str, blob_id: str) -> Opened:
        """Return where a blob is; have it fetched from where it was brought, if it is not here.

        Raises:
            NotFoundError: There is none, or it is in no message that the reader may see, and no picture of somebody's.
            NotReadyError: It is the reader's own, and was not completed.
            OnItsWayError: It is being fetched.
            BusyError: Too many pictures of other regions are asked for.
            UnavailableError: Whether it is a picture only its origin knows, which does not answer.
        """
        if not is_blob_id(blob_id):
            raise NotFoundError(what="blob")
        async with self._store.connection() as connection:
            blob = await repository.blob(connection, blob_id)
            reference = await repository.seen_by(connection, blob_id, reader)
            picture = None if reference else await shown_to(connection, blob_id, reader, here=self._region)
        own = blob is not None and blob.owner == reader
        if reference is None and picture is None and not own:
            await self._look(reader)
            picture = await self._elsewhere(blob_id)
        if picture is not None:
            reference = picture.attachment
        if reference is None and not own:
            raise NotFoundError(what="blob")
        if reference is not None and region_of(blob_id) != self._region and (blob is None or blob.state != "ready"):
            blob = await self._fetched(reference)
        if blob is None:
            raise NotFoundError(what="blob")
        if blob.state != "ready":
            raise NotReadyError(blob_id=blob_id, reason=f"it is {blob.state}; complete its upload first")
        return self._opened(blob.attachment if picture is None or own else picture.attachment)

    async def _fetched(self, wanted: Attachment) -> Blob:
        now = time.time_ns() // 1000
        until = time.monotonic() + WAIT_SECONDS
        async with self._store.connection() as connection:
            await repository.add(
                connection,
                Blob(
                    blob_id=wanted.blob_id,
                    owner="",
                    kind=wanted.kind,
                    name=wanted.name,
                    size=wanted.size,
                    content_type=wanted.content_type,
                    checksum=wanted.checksum,
                    width=wanted.width,
                    height=wanted.height,
                    blur=wanted.blur,
                    state="fetching",
                    problem="",
                    upload_id="",
                    received=0,
                    created_at=now,
                    updated_at=now,
                ),
            )
        await self._wake()
        received = 0
        while time.monotonic() < until:
            async with self._store.connection() as connection:
                blob = await repository.blob(connection, wanted.blob_id)
            if blob is not None and blob.state == "ready":
                return blob
            received = blob.received if blob is not None else 0
            await asyncio.sleep(LOOK_SECONDS)
        raise OnItsWayError(
            what="The blob",
            blob_id=wanted.blob_id,
            origin=region_of(wanted.blob_id),
            received=received,
            size=wanted.size,
            retry_after=AGAIN_SECONDS,
        )

    def _opened(self, found: Attachment) -> Opened:
        shown = rules.disposition(found.kind, found.name)
        url = self._signer.get(
            rules.key(found.blob_id), content_type=found.content_type, disposition=shown, seconds=self._seconds
        )
        thumbnails = {
            name: self._signer.get(
                rules.key(found.blob_id, name), content_type="image/webp", disposition="inline", seconds=self._seconds
            )
            for name in (rules.THUMBNAILS if found.kind == "image" else ())
        }
        return Opened(found, url, thumbnails, self._seconds)
