"""Pictures of users, groups and channels, as regions tell of them; `client.media.open` tells where their bytes are."""

import msgspec


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """What stands for a user, a group or a channel.

    Attributes:
        blob_id: Which blob.
        size: Bytes.
        width: As it is shown, pixels.
        height: Likewise.
        blur: What to show until it is there, as BlurHash.
        home_region: Where it was brought.
    """

    blob_id: str
    size: int = 0
    width: int = 0
    height: int = 0
    blur: str = ""
    home_region: str = ""
