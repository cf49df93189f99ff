"""What messages are made of, as devices are shown them: attachments, what is answered, mentions, reactions, what was done."""

import msgspec
from msgspec import UNSET, UnsetType

from region.gateway.pictures import PictureView
from replication.attachments import Attachment
from replication.ids import region_of


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """An image or a file of a message; `GET /blobs/{blob_id}` tells where its bytes are.

    Attributes:
        kind: `image` or `file`.
        name: What its sender calls it.
        size: Bytes.
        content_type: What it is, as it was found.
        checksum: SHA-256 of its bytes, hexadecimal digits.
        home_region: Where it was brought.
        width: Of an image, as it is shown, pixels; 0 for a file.
        height: Likewise.
        blur: Of an image: what to show until it is there, as BlurHash; empty for a file.
    """

    blob_id: str
    kind: str
    name: str
    size: int
    content_type: str
    checksum: str
    home_region: str
    width: int = 0
    height: int = 0
    blur: str = ""


def attached(attachment: Attachment) -> Attached:
    """Return an attachment as devices are shown it."""
    return Attached(**msgspec.structs.asdict(attachment), home_region=region_of(attachment.blob_id))


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The message that another one answers.

    Attributes:
        message_id: Which.
        seq: Its number; null while the answer waits for its owner.
    """

    message_id: str
    seq: int | None


class MentionView(msgspec.Struct, frozen=True):
    """Somebody whom a message names.

    Attributes:
        user_id: A member.
        offset: Where in the text, counted in Unicode code points.
        length: How long; 0 if the text does not show it.
    """

    user_id: str
    offset: int = 0
    length: int = 0


class Reacted(msgspec.Struct, frozen=True, kw_only=True):
    """An emoji on a message, and whose it is."""

    emoji: str
    user_ids: list[str]


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was done in a group or a channel, by an entry that is no message; only what belongs to its kind is there.

    Attributes:
        user_id: Whom it concerns, where that is not the sender.
        user_ids: Whom it concerns, where that may be several.
        role: The new role.
        hand_over: Whether the sender laid the role down.
        name: The new name.
        description: The new description.
        history: Whether those who join see what was before.
        approval: Whether who comes by a link must be let in.
        invite_id: Which link.
        expires_at: Until when the link is good, RFC 3339 in UTC.
        uses: How many may join by it; 0 for any number.
        message_id: The message that something was done to.
        message_seq: Its number; 0 while that waits for the owner.
        text: What it says from now on; empty if it was deleted since.
        mentions: Whom it names from now on.
        emoji: With what somebody reacted, or does not any more.
        public: Whether anybody may find and join it, in a channel.
        slow: Seconds between two posts of one poster, in a channel.
        acknowledgement: How messages are acknowledged from then on; empty for as the sender's region does it.
        picture: What stands for it from then on; null for nothing. The bytes of one that was replaced are gone.
        moderated: Whether a moderator took the message away.
    """

    user_id: str | UnsetType = UNSET
    user_ids: list[str] | UnsetType = UNSET
    role: str | UnsetType = UNSET
    hand_over: bool = False
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    history: bool | UnsetType = UNSET
    approval: bool | UnsetType = UNSET
    invite_id: str | UnsetType = UNSET
    expires_at: str | UnsetType = UNSET
    uses: int | UnsetType = UNSET
    message_id: str | UnsetType = UNSET
    message_seq: int | UnsetType = UNSET
    text: str | UnsetType = UNSET
    mentions: list[MentionView] | UnsetType = UNSET
    emoji: str | UnsetType = UNSET
    public: bool | UnsetType = UNSET
    slow: int | UnsetType = UNSET
    acknowledgement: str | UnsetType = UNSET
    picture: PictureView | UnsetType | None = UNSET
    moderated: bool = False
