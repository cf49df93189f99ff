"""Bring and open images and files: their bytes go straight between this device and a blob store, and go on after a cut where they stopped."""

import asyncio
import contextlib
import hashlib
import io
import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import NoneType
from typing import BinaryIO, Final, TypeVar

import aiohttp
import msgspec
from yarl import URL

from region.client.backoff import Backoff
from region.client.errors import ClientError, ProblemError, UnreachableError
from region.client.frames import Attachment
from region.client.transport import TokenSource, Transport
from region.client.uploads import Opened, PartsWanted, SignedParts, Upload, UploadBegun

T = TypeVar("T")

PIECE: Final = 256 * 1024
SIGNED_AT_ONCE: Final = 20
TRANSFER: Final = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=20)
CHECKING: Final = "checking"
ON_ITS_WAY: Final = "blob-on-its-way"
MOST_ROUNDS: Final = 30
"""How often one's patience may come to its end while a blob is on its way from another region."""
UNSATISFIABLE: Final = 416
FAILURES: Final = (aiohttp.ClientError, TimeoutError, OSError)

Told = Callable[[int, int], None]
"""Is told how many bytes there are, of how many."""


class BrokenError(ClientError):
    """What was downloaded is not what the message refers to."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("checksum-mismatch", "What arrived is not what the message refers to; it was thrown away.")


class _RefusedTransferError(Exception):
    """A blob store refused, since an address is not good any more, or was overwhelmed."""


class Media:
    """What a device does with images and files."""

    def __init__(
        self, transport: Transport, tokens: TokenSource, *, patience: float, dial: Callable[[str], str] | None = None
    ) -> None:
        """Prepare.

        Args:
            transport: How regions are reached.
            tokens: Where to get access tokens.
            patience: How long is tried on without any byte passing, seconds.
            dial: By what address another is reached, if not by itself: through a tunnel, say.
        """
        self._transport = transport
        self._tokens = tokens
        self._patience = patience
        self._dial = dial

    async def upload(
        self,
        path: Path,
        *,
        name: str | None = None,
        content_type: str | None = None,
        kind: str | None = None,
        resume: str | None = None,
        begun: Callable[[str], None] | None = None,
        told: Told | None = None,
    ) -> Attachment:
        """Bring a file; return what messages refer to.

        Args:
            path: The file.
            name: What others shall call it; by default its own name.
            content_type: What it is; by default what its name suggests.
            kind: `image` or `file`; by default a small picture is an image.
            resume: The blob's id, if it was begun before: parts that are there are not sent again.
            begun: Told the blob's id, to keep it for `resume`.
            told: Told how far it has come.

        Raises:
            ProblemError: The region turned it down: `quota-exceeded`, `not-an-image`, `checksum-mismatch`, say.
            UnreachableError: Nothing passed for as long as patience lasts.
        """
        size = (await asyncio.to_thread(path.stat)).st_size
        if resume is None:
            guessed = content_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            checksum = await asyncio.to_thread(_checksum, path)
            announced = UploadBegun(name or path.name, size, checksum, guessed, kind)
            upload = await self._call("POST", "/uploads", Upload, announced)
        else:
            upload = await self._call("GET", f"/uploads/{resume}", Upload)
        if begun is not None:
            begun(upload.blob_id)
        with path.open("rb") as source:
            while upload.state == "uploading":
                if upload.part_size is None:
                    await self._put_whole(upload, source, size)
                else:
                    await self._put_parts(upload, source, size, told)
                try:
                    upload = await self._call("POST", f"/uploads/{upload.blob_id}/complete", Upload)
                except ProblemError as error:
                    if error.code != "upload-incomplete":
                        raise
                    upload = await self._call("GET", f"/uploads/{upload.blob_id}", Upload)
        while upload.state == CHECKING:
            await asyncio.sleep(0.2)
            upload = await self._call("POST", f"/uploads/{upload.blob_id}/complete", Upload)
        if upload.attachment is None:
            raise ProblemError(upload.problem or "upload-closed", "The upload was not taken.", status=422)
        if told is not None:
            told(size, size)
        return upload.attachment

    async def open(self, blob_id: str) -> Opened:
        """Return where a blob's bytes are; waits while they are on their way from another region.

        Raises:
            ProblemError: There is none, or one may not see it.
            UnreachableError: Nobody answered.
        """
        rounds = 0
        while True:
            try:
                return await self._call("GET", f"/blobs/{blob_id}", Opened)
            except ProblemError as error:
                rounds += 1
                if error.code != ON_ITS_WAY or rounds == MOST_ROUNDS:
                    raise

    async def download(self, blob_id: str, target: Path, *, told: Told | None = None) -> Attachment:
        """Fetch a blob into a file; what came before a cut, or by an earlier call, is not fetched again.

        Raises:
            ProblemError: There is none, or one may not see it.
            UnreachableError: Nothing passed for as long as patience lasts.
            BrokenError: What came is not what the message refers to.
        """
        part = target.with_name(target.name + ".part")
        opened = await self.open(blob_id)
        size = opened.attachment.size
        addresses = [opened.url]  # good for the first attempt; whatever ended that may have been its age

        async def once() -> None:
            url = addresses.pop() if addresses else (await self.open(blob_id)).url
            with part.open("ab") as sink:
                if (there := sink.tell()) < size:
                    await self._get(url, sink, there, size, told)

        await self._persist(once, lambda: part.stat().st_size if part.exists() else 0)
        if await asyncio.to_thread(_checksum, part) != opened.attachment.checksum:
            part.unlink()
            raise BrokenError
        part.replace(target)
        return opened.attachment

    async def _put_whole(self, upload: Upload, source: BinaryIO, size: int) -> None:
        source.seek(0)
        content = source.read(size)

        async def once() -> None:
            fresh = await self._call("GET", f"/uploads/{upload.blob_id}", Upload)
            if fresh.url is not None:
                await self._put(fresh.url, content, fresh.headers)

        await self._persist(once, lambda: 0)

    async def _put_parts(self, upload: Upload, source: BinaryIO, size: int, told: Told | None) -> None:
        assert upload.part_size is not None
        part_size, count = upload.part_size, upload.parts or 0
        there = {part.number for part in upload.received}

        async def once() -> None:
            missing = [number for number in range(1, count + 1) if number not in there][:SIGNED_AT_ONCE]
            where = f"/uploads/{upload.blob_id}/parts"
            signed = await self._call("POST", where, SignedParts, PartsWanted(missing))
            for number in missing:
                source.seek((number - 1) * part_size)
                await self._put(signed.urls[str(number)], source.read(part_size), {})
                there.add(number)
                if told is not None:
                    told(min(size, len(there) * part_size), size)

        while len(there) < count:
            await self._persist(once, lambda: len(there))

    async def _persist(self, once: Callable[[], Awaitable[None]], progress: Callable[[], int]) -> None:
        """Do something until it is done; give up when nothing has moved for as long as patience lasts."""
        loop = asyncio.get_running_loop()
        backoff, moved, seen = Backoff(cap=2.0), loop.time(), progress()
        while True:
            try:
                return await once()
            except (*FAILURES, _RefusedTransferError) as error:
                if (now := progress()) != seen:
                    seen, moved = now, loop.time()
                    backoff = Backoff(cap=2.0)
                if loop.time() - moved > self._patience:
                    raise UnreachableError(
                        f"The blob store does not answer: {type(error).__name__}.", definite=False
                    ) from error
            await asyncio.sleep(backoff.next())

    async def _put(self, url: str, content: bytes, headers: Mapping[str, str]) -> None:
        address, named = self._address(url)
        sent = {**headers, **named}
        async with self._transport.session.put(
            address, data=io.BytesIO(content), headers=sent, timeout=TRANSFER
        ) as response:
            if not response.ok:
                raise _RefusedTransferError

    async def _get(self, url: str, sink: BinaryIO, start: int, size: int, told: Told | None) -> None:
        address, named = self._address(url)
        headers = {**named, "Range": f"bytes={start}-", "Accept-Encoding": "identity"}
        async with self._transport.session.get(address, headers=headers, timeout=TRANSFER) as response:
            if response.status == UNSATISFIABLE:
                return
            if response.status != 206:  # noqa: PLR2004 — a range was asked for
                raise _RefusedTransferError
            async for piece in response.content.iter_chunked(PIECE):
                sink.write(piece)
                start += len(piece)
                if told is not None:
                    told(start, size)

    def _address(self, url: str) -> tuple[URL, dict[str, str]]:
        """Return by what an address is reached, and the host that it was signed for."""
        signed = URL(url, encoded=True)
        if self._dial is None:
            return signed, {}
        return URL(self._dial(url), encoded=True), {"Host": signed.authority}

    async def _call(self, method: str, path: str, gives: type[T], body: msgspec.Struct | None = None) -> T:
        return await self._transport.call(method, path, gives=gives, body=body, tokens=self._tokens)

    async def abandon(self, blob_id: str) -> None:
        """Throw an upload away that was not completed."""
        with contextlib.suppress(ProblemError):
            await self._call("DELETE", f"/uploads/{blob_id}", NoneType)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
