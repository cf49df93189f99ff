"""References to images and files, as messages hold them."""

from typing import Final

import msgspec

MOST_ATTACHMENTS: Final = 10
"""Of one message."""


class Attachment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A reference to an image or a file; the same everywhere, and what it names never changes.

    Attributes:
        blob_id: Which blob; its id names the region where it was brought.
        kind: `image` or `file`.
        name: What its author calls it.
        size: Bytes.
        content_type: What it is, as it was found, not as it was said.
        checksum: SHA-256 of its bytes, hexadecimal digits.
        width: Of an image, as it is shown, pixels.
        height: Likewise.
        blur: Of an image: what to show until it is there, as BlurHash.
    """

    blob_id: str
    kind: str
    name: str
    size: int
    content_type: str
    checksum: str
    width: int = 0
    height: int = 0
    blur: str = ""
