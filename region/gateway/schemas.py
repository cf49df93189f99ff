"""What HTTP requests and answers look like; OpenAPI's schemas are made from these."""

from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from infra.errors import InvalidFieldError, MalformedRequestError
from region.gateway import lenient
from region.gateway.alterations.schemas import SHOWN as ALTERATIONS
from region.gateway.blob_schemas import SHOWN as BLOBS
from region.gateway.channels.schemas import SHOWN as CHANNELS
from region.gateway.friends.schemas import SHOWN as FRIENDS
from region.gateway.groups.schemas import SHOWN as GROUPS
from region.gateway.moderation.schemas import SHOWN as MODERATION
from region.gateway.people.search import People
from region.gateway.pictures import PictureView
from region.gateway.preferences import PreferencesRequest, PreferencesView
from region.gateway.profiles import OwnProfile, Profile
from region.gateway.searching.schemas import SHOWN as SEARCHING
from region.gateway.shapes import MentionView
from region.gateway.signs.schemas import SHOWN as SIGNS
from region.gateway.views import Message


class RegisterRequest(msgspec.Struct, frozen=True):
    """Asks for an account.

    Attributes:
        handle: 2 to 64 letters (a to z), digits, `_`, `.` or `-`; unique in the whole federation, whatever the case.
        password: 8 to 1,024 characters.
        display_name: What others see; the handle if it is missing.
        home_region: Where to live; the region that is asked if it is missing.
        device_name: What to call this device.
    """

    handle: str
    password: str
    display_name: str | None = None
    home_region: str | None = None
    device_name: str | None = None


class LoginRequest(msgspec.Struct, frozen=True):
    """Logs a device in."""

    handle: str
    password: str
    device_name: str | None = None


class TokenRequest(msgspec.Struct, frozen=True):
    """Exchanges a refresh token, which is good once."""

    refresh_token: str


class PasswordRequest(msgspec.Struct, frozen=True):
    """Asks for another password.

    Attributes:
        old_password: The present one.
        new_password: 8 to 1,024 characters.
        keep_this_device: Whether the device that asks stays logged in; all others are logged out in any case.
    """

    old_password: str
    new_password: str
    keep_this_device: bool = True


class ProfileRequest(msgspec.Struct, frozen=True):
    """Changes what others see of oneself; what is missing stays as it is, and so does what is null, but for the picture.

    Attributes:
        display_name: At most 64 characters; empty for the handle.
        status_text: At most 140 characters; may be empty.
        findable: Whether searches find one by more than the exact handle.
        picture: An image of one's own that is ready; null takes the picture away, missing leaves it.
    """

    display_name: str | None = None
    status_text: str | None = None
    findable: bool | None = None
    picture: str | UnsetType | None = UNSET


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a device gets when it has logged in.

    Attributes:
        expires_in: Seconds until the access token expires.
    """

    user_id: str
    handle: str
    display_name: str
    home_region: str
    device_id: str
    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 — no secret


class Device(msgspec.Struct, frozen=True):
    """A device that is logged in.

    Attributes:
        current: Whether it is the one that asks.
    """

    device_id: str
    name: str
    created_at: str
    current: bool


class Devices(msgspec.Struct, frozen=True):
    """One's devices, the oldest first."""

    devices: list[Device]


class SendRequest(msgspec.Struct, frozen=True):
    """A message, to a user or into a conversation.

    Attributes:
        text: 1 byte to 16 KiB of UTF-8; may be empty or missing if there are attachments.
        recipient_id: To whom; or give `conversation_id`.
        conversation_id: Into which conversation; or give `recipient_id`.
        client_message_id: Repeat it when you repeat the request: the message is sent once. Made up if it is missing.
        attachments: Ids of up to 10 blobs of one's own that are ready, in the order in which they are to be shown.
        reply_to: The message that it answers, of the same conversation.
        forward_of: A message that one may see, whose words and attachments are sent instead of a text.
        mentions: Up to 50 members whom it names.
    """

    text: str = ""
    recipient_id: str | None = None
    conversation_id: str | None = None
    client_message_id: str | None = None
    attachments: list[str] = []
    reply_to: str | None = None
    forward_of: str | None = None
    mentions: list[MentionView] = []


class Page(msgspec.Struct, frozen=True):
    """Messages of one conversation.

    Attributes:
        messages: Newest first; oldest first if `after` was given.
        next: What to pass as `before` for older ones; null if there are none.
        previous: What to pass as `after` for newer ones; null if there are none.
    """

    conversation_id: str
    messages: list[Message]
    next: str | None
    previous: str | None


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation in one's list.

    Attributes:
        kind: `direct`, `group` or `channel`.
        peer_id: The other member of a 1:1 conversation; null for others.
        name: What it is called; empty for a 1:1 conversation.
        last_message: The newest, queued ones of one's own included; null if there is none.
        unread: How many messages of others are unread.
        received: The last seq that one's devices have.
        read: The last seq that one has read.
        head: The last seq.
        epoch: In which it was numbered.
        preferences: What one wants of it; missing if one never said.
        picture: What stands for a group or a channel that one belongs to; null for nothing.
    """

    conversation_id: str
    kind: str
    peer_id: str | None
    name: str
    last_message: Message | None
    unread: int
    received: int
    read: int
    head: int
    epoch: int
    preferences: PreferencesView | UnsetType = UNSET
    picture: PictureView | None = None


class Conversations(msgspec.Struct, frozen=True):
    """One's conversations, the most recently changed first.

    Attributes:
        next: What to pass as `before` for more; null if there are none.
    """

    conversations: list[Conversation]
    next: str | None


class RegionView(msgspec.Struct, frozen=True):
    """A region and where it is reached."""

    region: str
    public_url: str


class RegionsView(msgspec.Struct, frozen=True):
    """All regions.

    Attributes:
        nearest: The region that answers.
    """

    regions: list[RegionView]
    nearest: str


class Alive(msgspec.Struct, frozen=True):
    """The region answers."""

    ok: bool


class Problem(msgspec.Struct, frozen=True):
    """What went wrong (RFC 9457).

    Attributes:
        type: A URN that ends in the code.
        title: The code in words.
        status: The HTTP status.
        detail: A sentence for a person: what went wrong, and what to do.
        code: Stable, for programs.
        definite: Whether the request certainly changed nothing.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    definite: bool


SHOWN: Final = (
    RegisterRequest,
    LoginRequest,
    TokenRequest,
    PasswordRequest,
    ProfileRequest,
    Tokens,
    Devices,
    SendRequest,
    Message,
    *BLOBS,
    Page,
    Conversations,
    Profile,
    OwnProfile,
    People,
    RegionsView,
    Alive,
    Problem,
    PreferencesRequest,
    PreferencesView,
    *GROUPS,
    *ALTERATIONS,
    *CHANNELS,
    *FRIENDS,
    *MODERATION,
    *SIGNS,
    *SEARCHING,
)

_encoder = msgspec.json.Encoder()
T = TypeVar("T", bound=msgspec.Struct)


def answer(value: msgspec.Struct, status: int = 200) -> Response:
    """Return a JSON response."""
    return Response(_encoder.encode(value), status, media_type="application/json")


async def body_of(request: Request, kind: type[T]) -> T:
    """Read a request's JSON body; none at all is an empty object, and null where it means nothing else is a field left out.

    Raises:
        MalformedRequestError: It is no JSON object.
        InvalidFieldError: A field is missing, or of a wrong type.
        TooLargeError: It is larger than any request may be.
    """
    raw = await request.body()
    try:
        return lenient.read(raw, kind)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        if not place and "field" not in reason:
            raise MalformedRequestError(reason="a JSON object is needed") from None
        field = place.strip(".`") or reason.partition("`")[2].rpartition("`")[0].rpartition("`")[2]
        raise InvalidFieldError(field=field, reason=reason[:1].lower() + reason[1:]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedRequestError(reason=str(error)) from None


def schema_components() -> Mapping[str, object]:
    """Return OpenAPI schemas of all requests and answers, by name."""
    _, components = msgspec.json.schema_components(SHOWN, ref_template="#/components/schemas/{name}")
    return components
