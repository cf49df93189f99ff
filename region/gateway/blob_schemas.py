"""What requests and answers about images and files look like."""

from typing import Final

import msgspec

from region.gateway.shapes import Attached


class UploadRequest(msgspec.Struct, frozen=True):
    """Announces an image or a file.

    Attributes:
        name: What to call it: 1 to 255 printable characters, without slashes and double quotes.
        size: Bytes: up to 5 MiB of an image, 500 MiB of a file.
        content_type: What it is said to be; what it is found to be counts.
        checksum: SHA-256 of its bytes, 64 hexadecimal digits.
        kind: `image` or `file`; by default what is a JPEG, PNG, WebP or GIF of up to 5 MiB is an image.
    """

    name: str
    size: int
    checksum: str
    content_type: str = "application/octet-stream"
    kind: str | None = None


class PartView(msgspec.Struct, frozen=True):
    """A part that is there."""

    number: int
    size: int


class UploadView(msgspec.Struct, frozen=True, kw_only=True):
    """How far an upload has come.

    Attributes:
        blob_id: What it is called from now on.
        state: uploading, checking, ready or refused.
        problem: Why it was refused, a code; null if it was not.
        url: Where to PUT all of it, with `headers`; null if it goes in parts or is there.
        headers: What to send along with it.
        part_size: Bytes of each part but the last; null if it does not go in parts.
        parts: How many there are; likewise.
        received: The parts that are there.
        expires_in: Seconds for which addresses are good.
        attachment: What messages are going to refer to, once it is ready; of an image, size and checksum are those of what it became.
    """

    blob_id: str
    state: str
    problem: str | None
    url: str | None
    headers: dict[str, str]
    part_size: int | None
    parts: int | None
    received: list[PartView]
    expires_in: int
    attachment: Attached | None


class PartsRequest(msgspec.Struct, frozen=True):
    """Names parts, from 1."""

    parts: list[int]


class SignedParts(msgspec.Struct, frozen=True):
    """Where to PUT parts.

    Attributes:
        urls: Number to address.
        expires_in: Seconds for which they are good.
    """

    urls: dict[str, str]
    expires_in: int


class BlobView(msgspec.Struct, frozen=True):
    """A blob, and where its bytes are.

    Attributes:
        attachment: What it is.
        url: Where to GET it, whole or in ranges.
        thumbnails: Of an image: where `small` (320 pixels at most) and `large` (1,280) are, WebP; empty for a file.
        expires_in: Seconds for which these addresses are good.
    """

    attachment: Attached
    url: str
    thumbnails: dict[str, str]
    expires_in: int


SHOWN: Final = (UploadRequest, UploadView, PartsRequest, SignedParts, BlobView)
