"""What is said over HTTP about accounts, their devices and profiles."""

import msgspec
from msgspec import UNSET, UnsetType

from region.client.pictures import Picture


class User(msgspec.Struct, frozen=True):
    """What one user may know of another."""

    user_id: str
    handle: str
    home_region: str
    display_name: str = ""
    created_at: str = ""
    status_text: str = ""
    picture: Picture | None = None


class OwnProfile(User, frozen=True):
    """What others may know of oneself, and one's settings.

    Attributes:
        findable: Whether searches find one by more than the exact handle.
    """

    findable: bool = True


class ProfileChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """Asks for another profile; None leaves as it is, but takes the picture away."""

    display_name: str | None = None
    status_text: str | None = None
    findable: bool | None = None
    picture: str | UnsetType | None = UNSET


class People(msgspec.Struct, frozen=True):
    """A page of users who were found, the best first.

    Attributes:
        users: The users.
        next: The cursor for more; None if there are none.
        incomplete: Regions that did not answer: users who live there are missing.
    """

    users: list[User]
    next: str | None = None
    incomplete: tuple[str, ...] = ()


class Device(msgspec.Struct, frozen=True):
    """One of the user's devices."""

    device_id: str
    name: str
    created_at: str
    current: bool = False


class Tokens(msgspec.Struct, frozen=True):
    """What registering, logging in and refreshing give."""

    user_id: str
    handle: str
    home_region: str
    device_id: str
    access_token: str
    refresh_token: str
    expires_in: float
    display_name: str = ""


class Credentials(msgspec.Struct, frozen=True, omit_defaults=True):
    """What registering and logging in take."""

    handle: str
    password: str
    display_name: str | None = None
    home_region: str | None = None
    device_name: str | None = None


class PasswordChange(msgspec.Struct, frozen=True):
    """Asks for another password; all other devices are logged out."""

    old_password: str
    new_password: str
    keep_this_device: bool = True


class RefreshRequest(msgspec.Struct, frozen=True):
    """What refreshing takes."""

    refresh_token: str


class DeviceList(msgspec.Struct, frozen=True):
    """A user's devices."""

    devices: list[Device]
