"""References to pictures of users, groups and channels, as their state holds them. Codec version 5."""

from typing import Final

import msgspec

from replication.attachments import Attachment

TYPES: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
"""What a picture may be; whoever opens one has it shown by a browser."""
LARGEST: Final = 8 * 1024 * 1024
"""Bytes; no image that was written anew has more."""


class Picture(msgspec.Struct, frozen=True, omit_defaults=True):
    """A reference to an image that stands for a user, a group or a channel; what it names never changes.

    Attributes:
        blob_id: Which blob; its id names the region where it was brought. Empty for no picture.
        size: Bytes.
        content_type: What it is, as it was found.
        checksum: SHA-256 of its bytes, hexadecimal digits.
        width: As it is shown, pixels.
        height: Likewise.
        blur: What to show until it is there, as BlurHash.
    """

    blob_id: str = ""
    size: int = 0
    content_type: str = ""
    checksum: str = ""
    width: int = 0
    height: int = 0
    blur: str = ""

    @property
    def attachment(self) -> Attachment:
        """The same as messages refer to images."""
        return Attachment(
            blob_id=self.blob_id,
            kind="image",
            name="picture",
            size=self.size,
            content_type=self.content_type,
            checksum=self.checksum,
            width=self.width,
            height=self.height,
            blur=self.blur,
        )


NO_PICTURE: Final = Picture()
"""Who wants this takes the picture away."""


def chosen(now: Picture | None, wish: Picture | None) -> Picture | None:
    """Return what stands for somebody after a wish; None for nothing.

    Args:
        now: What stands for them so far; None for nothing.
        wish: What is wanted; None leaves it as it is.
    """
    if wish is None:
        return now
    return wish if wish.blob_id else None


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Picture)


def picture_of(attachment: Attachment) -> Picture:
    """Return an image as a picture; what it was called is not told to others."""
    return Picture(
        attachment.blob_id,
        attachment.size,
        attachment.content_type,
        attachment.checksum,
        attachment.width,
        attachment.height,
        attachment.blur,
    )


def objection_to(picture: Picture) -> str:
    """Return why something is no picture that a region may be told of; empty if it is one."""
    if picture.content_type not in TYPES:
        return "is no image"
    return "" if 0 < picture.size <= LARGEST else "has more bytes than any image, or none"


def encode_picture(picture: Picture) -> bytes:
    """Return the bytes that a store keeps of a user's picture; none if there is none."""
    return _encoder.encode(picture) if picture.blob_id else b""


def decode_picture(data: bytes) -> Picture:
    """Read what a store keeps of a user's picture.

    Raises:
        msgspec.DecodeError: It is damaged.
    """
    return _decoder.decode(data) if data else NO_PICTURE
