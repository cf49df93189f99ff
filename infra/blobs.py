"""A region's blob store, spoken to as S3: addresses are signed without I/O (boto3), everything else is asyncio (aiobotocore).

Nothing else imports either. What is read and written passes in pieces of `PIECE` bytes at most.
"""

import contextlib
import functools
import hashlib
import importlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError

from infra.credentials import Credentials
from infra.errors import CausewayError, UnavailableError

PIECE: Final = 1024 * 1024
ANSWER_SECONDS: Final = 20
CONNECT_SECONDS: Final = 3
_ABSENT: Final = frozenset({"404", "NoSuchKey", "NoSuchUpload", "NoSuchBucket", "NotFound"})
_HERE: Final = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})
_PAGE: Final = 1_000

FAILURES: Final = (BotoCoreError, ClientError, aiohttp.ClientError, OSError, TimeoutError)
"""What its I/O may raise when the store is away or refuses, besides `AbsentError`."""


class AbsentError(CausewayError):
    """The blob store has no {what}."""

    code = "blob-absent"
    status = 404
    definite = True


@dataclass(frozen=True, slots=True)
class Place:
    """Where a region's blobs are.

    Attributes:
        url: Of the store, as its services reach it.
        public_url: As devices reach it.
        bucket: In which the blobs are.
        area: What the store calls its own region, which is part of each signature.
        credentials: File of the keys; None: what the machine has, such as its role.
    """

    url: str
    public_url: str
    bucket: str
    area: str = "us-east-1"
    credentials: Path | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A part of a multipart upload that the store has.

    Attributes:
        number: From 1.
        size: Bytes.
        tag: What the store calls its content.
    """

    number: int
    size: int
    tag: str


def _keys(place: Place) -> dict[str, str]:
    if place.credentials is None:
        return {}
    found = Credentials.read(place.credentials)
    return {"aws_access_key_id": found.access_key, "aws_secret_access_key": found.secret_key}


@functools.cache
def _descriptions() -> object:
    from botocore.loaders import create_loader  # noqa: PLC0415  # as in `Signer`

    return create_loader()


def _described(session: Any) -> Any:
    """Let a session use what was read before of how S3 is called: that takes a tenth of a second of CPU, once a process."""
    session.register_component("data_loader", _descriptions())
    return session


def load() -> None:
    """Import now what `Signer` and `Blobs` import at first use, a second of a processor: for who stands by, so that nobody waits for it once its turn comes."""
    for name in ("boto3", "botocore.config", "aiobotocore.config", "aiobotocore.session"):
        importlib.import_module(name)


class Signer:
    """Signs addresses for devices: each is good for one thing, and for a while."""

    def __init__(self, place: Place) -> None:
        """Prepare; nothing is asked of the store.

        Raises:
            SettingsError: The keys cannot be read.
        """
        self._bucket = place.bucket
        import boto3  # noqa: PLC0415  # a quarter of a second of CPU, for which no command should wait
        import botocore.session  # noqa: PLC0415  # as above
        from botocore.config import Config  # noqa: PLC0415  # as above

        self._client: Any = boto3.session.Session(botocore_session=_described(botocore.session.get_session())).client(
            "s3",
            endpoint_url=place.public_url,
            region_name=place.area,
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
            **_keys(place),
        )

    def put(self, key: str, *, size: int, content_type: str, seconds: int) -> str:
        """Return where an object of exactly that size and type may be put."""
        wanted = {"Bucket": self._bucket, "Key": key, "ContentLength": size, "ContentType": content_type}
        return str(self._client.generate_presigned_url("put_object", wanted, ExpiresIn=seconds))

    def put_part(self, key: str, upload_id: str, number: int, *, size: int, seconds: int) -> str:
        """Return where one part of exactly that size may be put."""
        wanted = {
            "Bucket": self._bucket,
            "Key": key,
            "UploadId": upload_id,
            "PartNumber": number,
            "ContentLength": size,
        }
        return str(self._client.generate_presigned_url("upload_part", wanted, ExpiresIn=seconds))

    def get(self, key: str, *, content_type: str, disposition: str, seconds: int) -> str:
        """Return where an object may be had, whole or in ranges.

        Args:
            key: The object.
            content_type: What the answer shall say that it is.
            disposition: Likewise, how it is to be shown.
            seconds: How long the address is good.
        """
        wanted = {
            "Bucket": self._bucket,
            "Key": key,
            "ResponseContentType": content_type,
            "ResponseContentDisposition": disposition,
        }
        return str(self._client.generate_presigned_url("get_object", wanted, ExpiresIn=seconds))


class Blobs:
    """I/O with the store; use it as an async context manager. Its methods raise one of `FAILURES` when the store is away."""

    def __init__(self, place: Place) -> None:
        """Prepare."""
        self._place = place
        self._bucket = place.bucket
        self._open = contextlib.AsyncExitStack()
        self._client: Any = None

    async def __aenter__(self) -> Self:
        """Begin; nothing is asked of the store.

        Raises:
            SettingsError: The keys cannot be read.
        """
        from aiobotocore.config import AioConfig  # noqa: PLC0415  # half a second of CPU, for which no command should wait
        from aiobotocore.session import get_session  # noqa: PLC0415  # as above

        config = AioConfig(
            signature_version="s3v4",
            s3={"addressing_style": "path", "payload_signing_enabled": False},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=ANSWER_SECONDS,
            retries={"max_attempts": 2, "mode": "standard"},
            max_pool_connections=16,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self._client = await self._open.enter_async_context(
            _described(get_session()).create_client(
                "s3",
                endpoint_url=self._place.url,
                region_name=self._place.area,
                config=config,
                **_keys(self._place),
            )
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self._open.aclose()

    async def make_bucket(self) -> None:
        """Make the bucket unless it is there, and let web pages of any origin use signed addresses."""
        with _told("bucket"):
            try:
                await self._client.head_bucket(Bucket=self._bucket)
            except ClientError as error:
                if _code(error) not in _ABSENT:
                    raise
            else:
                return
            try:
                await self._client.create_bucket(Bucket=self._bucket)
            except ClientError as error:
                if _code(error) not in _HERE:
                    raise
            rule = {
                "AllowedMethods": ["GET", "HEAD", "PUT"],
                "AllowedOrigins": ["*"],  # an address that was signed is the permission
                "AllowedHeaders": ["*"],
                "ExposeHeaders": ["ETag", "Content-Range", "Accept-Ranges"],
                "MaxAgeSeconds": 3600,
            }
            await self._client.put_bucket_cors(Bucket=self._bucket, CORSConfiguration={"CORSRules": [rule]})

    async def answers(self) -> None:
        """Ask whether the bucket is there.

        Raises:
            AbsentError: It is not.
        """
        with _told("bucket"):
            await self._client.head_bucket(Bucket=self._bucket)

    async def size(self, key: str) -> int:
        """Return how many bytes an object has.

        Raises:
            AbsentError: There is none.
        """
        with _told("object"):
            return int((await self._client.head_object(Bucket=self._bucket, Key=key))["ContentLength"])

    async def read(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Give an object's bytes from `start` up to and without `end`, in pieces.

        Raises:
            AbsentError: There is none.
        """
        until = "" if end is None else str(end - 1)
        with _told("object"):
            answer = await self._client.get_object(Bucket=self._bucket, Key=key, Range=f"bytes={start}-{until}")
            async with answer["Body"] as body:
                while piece := await body.read(PIECE):
                    yield piece

    async def digest(self, key: str) -> tuple[int, str]:
        """Read all of an object; return its size, and its SHA-256 in hexadecimal digits.

        Raises:
            AbsentError: There is none.
        """
        hashed, size = hashlib.sha256(), 0
        if await self.size(key) == 0:
            return 0, hashed.hexdigest()
        async for piece in self.read(key):
            hashed.update(piece)
            size += len(piece)
        return size, hashed.hexdigest()

    async def write(self, key: str, content: bytes, *, content_type: str) -> None:
        """Write a small object as a whole."""
        with _told("bucket"):
            await self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=content_type)

    async def content_type(self, key: str) -> str:
        """Return what an object is said to be.

        Raises:
            AbsentError: There is none.
        """
        with _told("object"):
            head = await self._client.head_object(Bucket=self._bucket, Key=key)
        return str(head.get("ContentType", "application/octet-stream"))

    async def listed(self, prefix: str) -> AsyncIterator[tuple[str, int]]:
        """Give all objects whose keys begin so: key and bytes."""
        with _told("bucket"):
            async for page in self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, PaginationConfig={"PageSize": _PAGE}
            ):
                for one in page.get("Contents", ()):
                    yield str(one["Key"]), int(one["Size"])

    async def remove(self, keys: Sequence[str]) -> None:
        """Remove objects; those that are not there do not matter."""
        for key in keys:
            with contextlib.suppress(AbsentError), _told("object"):
                await self._client.delete_object(Bucket=self._bucket, Key=key)

    async def begin_parts(self, key: str, *, content_type: str) -> str:
        """Begin a multipart upload; return its id."""
        with _told("bucket"):
            begun = await self._client.create_multipart_upload(Bucket=self._bucket, Key=key, ContentType=content_type)
        return str(begun["UploadId"])

    async def parts(self, key: str, upload_id: str) -> list[Stored]:
        """Return the parts that are there, in order.

        Raises:
            AbsentError: There is no such upload any more: it was completed or abandoned.
        """
        found: list[Stored] = []
        after = 0
        while True:
            with _told("upload"):
                page: Mapping[str, Any] = await self._client.list_parts(
                    Bucket=self._bucket, Key=key, UploadId=upload_id, MaxParts=_PAGE, PartNumberMarker=after
                )
            found += [Stored(int(p["PartNumber"]), int(p["Size"]), str(p["ETag"])) for p in page.get("Parts", ())]
            if not page.get("IsTruncated") or not found:
                return found
            after = found[-1].number

    async def write_part(self, key: str, upload_id: str, number: int, content: bytes) -> None:
        """Write one part.

        Raises:
            AbsentError: There is no such upload any more.
        """
        with _told("upload"):
            await self._client.upload_part(
                Bucket=self._bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=content
            )

    async def complete_parts(self, key: str, upload_id: str, parts: Sequence[Stored]) -> None:
        """Make an object of the parts.

        Raises:
            AbsentError: There is no such upload any more.
        """
        named = [{"PartNumber": part.number, "ETag": part.tag} for part in parts]
        with _told("upload"):
            await self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": named}
            )

    async def abandon_parts(self, key: str, upload_id: str) -> None:
        """Give a multipart upload up, with its parts."""
        with contextlib.suppress(AbsentError), _told("upload"):
            await self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextlib.contextmanager
def _told(what: str) -> Any:
    try:
        yield
    except ClientError as error:
        if _code(error) in _ABSENT:
            raise AbsentError(what=what) from error
        raise


def away(error: Exception) -> UnavailableError:
    """Return what to tell who asked when the store could not be used; the reason goes with it for logs alone."""
    unavailable = UnavailableError(what="The blob store")
    unavailable.__cause__ = error
    return unavailable
