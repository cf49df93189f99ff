"""Bring images and files: addresses are signed here, bytes go past us, and what has arrived is handed to the media service."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from infra.blobs import FAILURES, AbsentError, Blobs, Signer, Stored, away
from infra.errors import BusyError, InvalidFieldError, NotFoundError
from infra.postgres import Pool
from region.media import repository, rules
from region.media.asking import Asking
from region.media.errors import (
    REFUSALS,
    ClosedError,
    IncompleteError,
    QuotaError,
    TooManyUploadsError,
)
from region.media.repository import Blob
from replication.ids import is_blob_id, new_blob_id

MOST_SIGNED: Final = 100
"""Addresses of parts that are signed at a time."""
WAIT_SECONDS: Final = 6.0
"""How long somebody who completes an upload is kept waiting for its check."""
LOOK_SECONDS: Final = 0.1
COMPLETABLE: Final = ("uploading",)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one user may have.

    Attributes:
        quota: Bytes of all blobs.
        open: Uploads that are not completed.
        seconds: How long an address is good.
    """

    quota: int
    open: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload has come.

    Attributes:
        blob: As the store has it.
        parts: The parts that are there, if it goes in parts and is not completed.
        url: Where to put it, if it goes as a whole and is not completed.
    """

    blob: Blob
    parts: tuple[Stored, ...] = ()
    url: str = ""


class Uploads:
    """What HTTP does with uploads."""

    def __init__(
        self,
        *,
        region: str,
        store: Pool,
        blobs: Blobs,
        signer: Signer,
        allowed: Allowed,
        wake: Callable[[], Awaitable[None]],
    ) -> None:
        """Prepare.

        Args:
            region: This region.
            store: Its store.
            blobs: Its blob store.
            signer: Signs addresses of that.
            allowed: What one user may have.
            wake: Says that something has arrived.
        """
        self._region = region
        self._store = store
        self._blobs = blobs
        self._asking = Asking()
        self._signer = signer
        self._allowed = allowed
        self._wake = wake

    async def begin(
        self, owner: str, *, name: str, size: int, content_type: str, checksum: str, kind: str | None
    ) -> Progress:
        """Begin an upload.

        Raises:
            InvalidFieldError: A field is not acceptable.
            TooLargeError: It has too many bytes.
            QuotaError: Its owner has too many bytes.
            TooManyUploadsError: Its owner has begun too many.
            UnavailableError: The blob store is away.
        """
        as_kind = rules.kind_of(kind, content_type, size)
        rules.check(name=name, size=size, content_type=content_type, checksum=checksum, kind=as_kind)
        now = time.time_ns() // 1000
        blob = Blob(
            blob_id=new_blob_id(self._region),
            owner=owner,
            kind=as_kind,
            name=name,
            size=size,
            content_type=content_type,
            checksum=checksum,
            width=0,
            height=0,
            blur="",
            state="uploading",
            problem="",
            upload_id="",
            received=0,
            created_at=now,
            updated_at=now,
        )
        async with self._store.connection() as connection, connection.transaction():
            held = await repository.held_by(connection, owner)
            if held.open >= self._allowed.open:
                raise TooManyUploadsError(open=held.open, most=self._allowed.open)
            if held.used + size > self._allowed.quota:
                raise QuotaError(used=held.used, quota=self._allowed.quota, size=size)
            await repository.add(connection, blob)
        return await self._progress(blob)

    async def look(self, owner: str, blob_id: str) -> Progress:
        """Return how far an upload has come.

        Raises:
            NotFoundError: There is none of that owner.
            UnavailableError: The blob store is away.
        """
        return await self._progress(await self._own(owner, blob_id))

    async def sign(self, owner: str, blob_id: str, numbers: Sequence[int]) -> dict[int, str]:
        """Return where parts may be put, by number.

        Raises:
            InvalidFieldError: There are no such parts, or too many at a time.
            NotFoundError: There is no such upload of that owner.
            ClosedError: It was completed or abandoned.
        """
        blob = await self._own(owner, blob_id)
        if blob.state != "uploading":
            raise ClosedError(blob_id=blob_id, state=blob.state)
        sizes = rules.part_sizes(blob.size)
        if not 1 <= len(numbers) <= MOST_SIGNED or not rules.in_parts(blob.size):
            raise InvalidFieldError(
                field="parts", reason=f"name 1 to {MOST_SIGNED} parts of an upload that goes in parts"
            )
        if not all(1 <= number <= len(sizes) for number in numbers):
            raise InvalidFieldError(field="parts", reason=f"this upload has parts 1 to {len(sizes)}")
        upload_id = await self._upload_id(blob)
        where, seconds = rules.key(blob_id), self._allowed.seconds
        return {
            number: self._signer.put_part(where, upload_id, number, size=sizes[number - 1], seconds=seconds)
            for number in numbers
        }

    async def complete(self, owner: str, blob_id: str) -> Blob:
        """Hand over what has arrived to be checked; wait a while for that.

        Returns:
            The blob: ready, or still being checked.

        Raises:
            NotFoundError: There is no such upload of that owner.
            IncompleteError: Something is missing, or of a wrong size.
            ClosedError: It was abandoned.
            MismatchError: It is not what was announced; likewise what else `REFUSALS` names.
            UnavailableError: The blob store is away.
        """
        blob = await self._own(owner, blob_id)
        if blob.state == "uploading":
            await self._check_arrived(blob)
            now = time.time_ns() // 1000
            async with self._store.connection() as connection:
                await repository.move(connection, blob_id, states=COMPLETABLE, to="checking", now=now)
        await self._wake()
        until = time.monotonic() + WAIT_SECONDS
        while (blob := await self._own(owner, blob_id)).state == "checking" and time.monotonic() < until:  # noqa: ASYNC110 — another process checks it
            await asyncio.sleep(LOOK_SECONDS)
        if blob.state == "refused" and blob.problem in REFUSALS:
            problem = REFUSALS[blob.problem]
            raise problem
        if blob.state not in {"ready", "checking"}:
            raise ClosedError(blob_id=blob_id, state=blob.state)
        return blob

    async def abandon(self, owner: str, blob_id: str) -> None:
        """Throw an upload away that was not completed, or was refused.

        Raises:
            NotFoundError: There is none of that owner.
            ClosedError: It was completed.
        """
        await self._own(owner, blob_id)
        now = time.time_ns() // 1000
        async with self._store.connection() as connection:
            gone = await repository.move(connection, blob_id, states=("uploading", "refused"), to="removing", now=now)
        if not gone:
            raise ClosedError(blob_id=blob_id, state="completed")
        await self._wake()

    async def _own(self, owner: str, blob_id: str) -> Blob:
        if not is_blob_id(blob_id):
            raise NotFoundError(what="upload")
        async with self._store.connection() as connection:
            blob = await repository.blob(connection, blob_id)
        if blob is None or blob.owner != owner or blob.state == "removing":
            raise NotFoundError(what="upload")
        return blob

    async def _progress(self, blob: Blob) -> Progress:
        if blob.state != "uploading":
            return Progress(blob)
        if rules.in_parts(blob.size):
            return Progress(blob, await self._parts(blob) if blob.upload_id else ())
        url = self._signer.put(
            rules.arrival_key(blob.blob_id),
            size=blob.size,
            content_type=blob.content_type,
            seconds=self._allowed.seconds,
        )
        return Progress(blob, url=url)

    async def _upload_id(self, blob: Blob) -> str:
        """Return the blob store's name of an upload, which is begun when its first parts are to be put."""
        if blob.upload_id:
            return blob.upload_id
        try:
            async with self._asking():
                upload_id = await self._blobs.begin_parts(rules.key(blob.blob_id), content_type=blob.content_type)
        except (AbsentError, *FAILURES) as error:
            raise away(error) from error
        async with self._store.connection() as connection:
            kept = await repository.note_upload(connection, blob.blob_id, upload_id)
        if kept != upload_id:
            with contextlib.suppress(BusyError, *FAILURES):  # parts that nobody puts take no room
                async with self._asking():
                    await self._blobs.abandon_parts(rules.key(blob.blob_id), upload_id)
        if not kept:
            raise ClosedError(blob_id=blob.blob_id, state="closed")
        return kept

    async def _parts(self, blob: Blob) -> tuple[Stored, ...]:
        """Return the parts that are there and as large as they are to be."""
        try:
            async with self._asking():
                found = await self._blobs.parts(rules.key(blob.blob_id), blob.upload_id)
        except AbsentError:
            return ()
        except FAILURES as error:
            raise away(error) from error
        sizes = dict(enumerate(rules.part_sizes(blob.size), 1))
        return tuple(part for part in found if sizes.get(part.number) == part.size)

    async def _check_arrived(self, blob: Blob) -> None:
        if rules.in_parts(blob.size):
            there = {part.number for part in await self._parts(blob)} if blob.upload_id else set()
            missing = [number for number in range(1, len(rules.part_sizes(blob.size)) + 1) if number not in there]
            if missing:
                some = ", ".join(map(str, missing[:10])) + (", …" if len(missing) > 10 else "")  # noqa: PLR2004 — enough to tell
                raise IncompleteError(reason=f"these of its parts are missing, or of a wrong size: {some}")
            return
        try:
            async with self._asking():
                size = await self._blobs.size(rules.arrival_key(blob.blob_id))
        except AbsentError:
            raise IncompleteError(reason="nothing has arrived") from None
        except FAILURES as error:
            raise away(error) from error
        if size != blob.size:
            raise IncompleteError(reason=f"{size} of {blob.size} bytes have arrived")
