"""What may be brought, in how many parts, and how it is called in the blob store. Pure."""

import re
from typing import Final, Literal

from infra.errors import InvalidFieldError, TooLargeError

Kind = Literal["image", "file"]

MEBIBYTE: Final = 1024 * 1024
LARGEST_IMAGE: Final = 5 * MEBIBYTE
"""Larger ones go as files."""
LARGEST_FILE: Final = 500 * MEBIBYTE
PART: Final = 8 * MEBIBYTE
"""What is larger goes in parts of this size, the last one excepted."""
LONGEST_NAME: Final = 255
IMAGE_TYPES: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
THUMBNAILS: Final = ("small", "large")

_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}")
_CHECKSUM: Final = re.compile(r"[0-9a-f]{64}")


def kind_of(kind: str | None, content_type: str, size: int) -> Kind:
    """Return as what something is brought; if nobody says, an image of a size that is accepted goes as an image.

    Raises:
        InvalidFieldError: It is neither.
    """
    if kind is None:
        return "image" if content_type in IMAGE_TYPES and size <= LARGEST_IMAGE else "file"
    if kind in {"image", "file"}:
        return "image" if kind == "image" else "file"
    raise InvalidFieldError(field="kind", reason="it is image or file")


def check(*, name: str, size: int, content_type: str, checksum: str, kind: Kind) -> None:
    """Refuse what cannot be brought.

    Raises:
        InvalidFieldError: A field is not acceptable.
        TooLargeError: It has too many bytes.
    """
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or any(letter in name for letter in '/\\"'):
        reason = f"use 1 to {LONGEST_NAME} printable characters, no slashes and no double quotes"
        raise InvalidFieldError(field="name", reason=reason)
    if not _TYPE.fullmatch(content_type):
        raise InvalidFieldError(field="content_type", reason="use a media type such as image/jpeg, in small letters")
    if not _CHECKSUM.fullmatch(checksum):
        raise InvalidFieldError(field="checksum", reason="use the SHA-256 as 64 hexadecimal digits in small letters")
    if size < 1:
        raise InvalidFieldError(field="size", reason="it has no bytes")
    limit = LARGEST_IMAGE if kind == "image" else LARGEST_FILE
    if size > limit:
        raise TooLargeError(what="The image" if kind == "image" else "The file", size=size, limit=limit)


def in_parts(size: int) -> bool:
    """Whether something of that size goes in parts."""
    return size > PART


def part_sizes(size: int) -> list[int]:
    """Return the size of each part, in order; one if it does not go in parts."""
    whole, rest = divmod(size, PART)
    return [PART] * whole + ([rest] if rest else [])


def arrival_key(blob_id: str) -> str:
    """Return where a device puts what goes as a whole; nobody reads it there but who checks it."""
    return f"arrivals/{blob_id}"


def key(blob_id: str, name: str = "original") -> str:
    """Return where a blob or one of its thumbnails is, once it was checked; no device can ever write there.

    What goes in parts is made there at once: its address is good for parts alone, and they are closed by making it.
    """
    return f"blobs/{blob_id[1:4]}/{blob_id}/{name}"


def keys(blob_id: str, kind: str) -> list[str]:
    """Return all objects of a blob."""
    return [key(blob_id), *(key(blob_id, name) for name in THUMBNAILS if kind == "image")]


def disposition(kind: str, name: str) -> str:
    """Return how a browser is to show it: images in the page, everything else as a download, so that no page runs in our name."""
    plain = "".join(letter if letter.isascii() else "_" for letter in name)
    encoded = "".join(
        letter if letter.isascii() and letter.isalnum() else "".join(f"%{byte:02X}" for byte in letter.encode())
        for letter in name
    )
    return f"{'inline' if kind == 'image' else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
