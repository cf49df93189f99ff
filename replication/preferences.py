"""What a user wants of a conversation for oneself alone: it concerns the user's home and devices, and nobody else."""

import msgspec


class PreferencesChanged(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="preferences_changed"):
    """A user mutes, archives or pins a conversation, marks it unread, or writes a draft; None leaves as it is. Of version 4.

    Attributes:
        about: The conversation.
        muted_until: Until when its messages make no noise, microseconds since the epoch; 0 for not at all.
        archived: Whether it stands in the archive.
        marked_unread: Whether it is shown as unread although it was read.
        draft: What was written and not sent yet; empty for none.
        pinned: Whether it stands above all others in the list.
        replaces: The version that the device has seen; another one in between is a conflict. None changes whatever there is.
        version: As told to devices: how often these preferences have changed.
    """

    about: str
    muted_until: int | None = None
    archived: bool | None = None
    marked_unread: bool | None = None
    draft: str | None = None
    pinned: bool | None = None
    replaces: int | None = None
    version: int = 0
