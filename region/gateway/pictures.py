"""Pictures of users, groups and channels as devices name them and are shown them."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec
from msgspec import UnsetType

from replication.ids import region_of
from replication.pictures import NO_PICTURE, Picture

Choose: TypeAlias = Callable[[str, str], Awaitable[Picture]]
"""Returns an image of a user's as a picture, and keeps it: `region.media.pictures.choosing`."""


class PictureView(msgspec.Struct, frozen=True, kw_only=True):
    """What stands for a user, a group or a channel; `GET /blobs/{blob_id}` tells where its bytes and thumbnails are.

    Attributes:
        blob_id: Which blob.
        size: Bytes.
        width: As it is shown, pixels.
        height: Likewise.
        blur: What to show until it is there, as BlurHash.
        home_region: Where it was brought.
    """

    blob_id: str
    size: int
    width: int
    height: int
    blur: str
    home_region: str


def shown(picture: Picture | None) -> PictureView | None:
    """Return a picture as devices are shown it; None for none."""
    if picture is None or picture == NO_PICTURE:
        return None
    return PictureView(
        blob_id=picture.blob_id,
        size=picture.size,
        width=picture.width,
        height=picture.height,
        blur=picture.blur,
        home_region=region_of(picture.blob_id),
    )


async def wished(choose: Choose, owner: str, named: str | UnsetType | None) -> Picture | None:
    """Return the picture that somebody wants: `NO_PICTURE` to take it away, None to leave it as it is.

    Raises:
        InvalidFieldError: What is named is no blob id.
        NotReadyError: It is not the owner's, or not ready.
        NoPictureError: It is no image.
        UnavailableError: The store is away.
    """
    if isinstance(named, UnsetType):
        return None
    return NO_PICTURE if named is None else await choose(owner, named)


def content_of(picture: Picture | None) -> tuple[str, ...]:
    """Return what a repeated request must name as well; nothing if it names no picture."""
    return () if picture is None else ("picture", picture.blob_id)
