"""What one wants of a conversation for oneself alone, as the region tells it."""

import msgspec
from msgspec import UNSET, UnsetType


class Preferences(msgspec.Struct, frozen=True, tag="preferences"):
    """Muted, archived, pinned, marked unread, a draft; the same on all of one's devices.

    Attributes:
        conversation_id: The conversation.
        muted_until: Until when its messages make no noise, RFC 3339; None if they do.
        archived: Whether it stands in the archive.
        marked_unread: Whether it is shown as unread although it was read.
        draft: What was written and not sent yet. None in an event that had no room for it: ask for it.
        version: How often they were changed.
        pinned: Whether it stands above all others in the list.
    """

    conversation_id: str
    muted_until: str | None = None
    archived: bool = False
    marked_unread: bool = False
    draft: str | None = ""
    version: int = 0
    pinned: bool = False


class PreferencesChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Asks for other preferences; what is missing stays as it is."""

    muted_until: str | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    marked_unread: bool | UnsetType = UNSET
    draft: str | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET
    version: int | UnsetType = UNSET
