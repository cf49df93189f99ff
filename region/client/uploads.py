"""What is said over HTTP about images and files, on their way to the region and back."""

import msgspec

from region.client.frames import Attachment


class UploadBegun(msgspec.Struct, frozen=True, omit_defaults=True):
    """Announces an image or a file."""

    name: str
    size: int
    checksum: str
    content_type: str
    kind: str | None = None


class Part(msgspec.Struct, frozen=True):
    """A part that is there."""

    number: int
    size: int


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """How far an upload has come: uploading, checking, ready or refused."""

    blob_id: str
    state: str
    problem: str | None = None
    url: str | None = None
    headers: dict[str, str] = {}
    part_size: int | None = None
    parts: int | None = None
    received: list[Part] = []
    attachment: Attachment | None = None


class PartsWanted(msgspec.Struct, frozen=True):
    """Names parts."""

    parts: list[int]


class SignedParts(msgspec.Struct, frozen=True):
    """Where to put parts, by number."""

    urls: dict[str, str]


class Opened(msgspec.Struct, frozen=True):
    """A blob, and where its bytes and its thumbnails (`small`, `large`) are for a while."""

    attachment: Attachment
    url: str
    thumbnails: dict[str, str] = {}
    expires_in: float = 0
