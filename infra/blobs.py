"""A region's blob store, spoken to as S3, by aiobotocore, which nothing else imports."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from infra.credentials import Credentials
from infra.errors import CausewayError

ANSWER_SECONDS: Final = 20
CONNECT_SECONDS: Final = 3
_ABSENT: Final = frozenset({"404", "NoSuchBucket", "NotFound"})
_HERE: Final = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})

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
        bucket: In which the blobs are.
        area: What the store calls its own region, which is part of each signature.
        credentials: File of the keys; None: what the machine has, such as its role.
    """

    url: str
    bucket: str
    area: str = "us-east-1"
    credentials: Path | None = None


def _keys(place: Place) -> dict[str, str]:
    if place.credentials is None:
        return {}
    found = Credentials.read(place.credentials)
    return {"aws_access_key_id": found.access_key, "aws_secret_access_key": found.secret_key}


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
            get_session().create_client(
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
