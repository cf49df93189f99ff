"""What happens to an account and its devices: the bodies of submissions that concern nobody but their author."""

import hashlib

import msgspec

from replication.pictures import Picture


class AccountCreated(msgspec.Struct, frozen=True, tag="account_created"):
    """A new account; it cannot log in until it is confirmed.

    Attributes:
        handle: As its owner spells it.
        display_name: What others see.
        password_hash: Argon2id, in PHC string format.
        reservation: The token that the directory's reservation was made with.
    """

    handle: str
    display_name: str
    password_hash: str
    reservation: str


class AccountConfirmed(msgspec.Struct, frozen=True, tag="account_confirmed"):
    """The directory has confirmed the account's handle; from now on it can log in.

    Attributes:
        reservation: The token that was confirmed.
    """

    reservation: str


class DeviceAdded(msgspec.Struct, frozen=True, tag="device_added"):
    """A device logged in.

    Attributes:
        device_id: Its new id.
        name: What its owner calls it.
        family: Of its refresh tokens.
        proof: Of which password: `proof_of` its hash when it was verified. Empty says nothing, as older gateways did.
    """

    device_id: str
    name: str
    family: str
    proof: str = ""


class DeviceRefreshed(msgspec.Struct, frozen=True, tag="device_refreshed"):
    """A device asks for its next refresh token.

    Attributes:
        device_id: The device.
        family: Of its refresh tokens.
        generation: Of the token that it showed; the next one is handed out.
    """

    device_id: str
    family: str
    generation: int


class DeviceRevoked(msgspec.Struct, frozen=True, tag="device_revoked"):
    """A device was logged out.

    Attributes:
        device_id: The device.
        why: Empty if somebody logged it out; else a code, such as `refresh-token-reused`.
    """

    device_id: str
    why: str = ""


class UserBlocked(msgspec.Struct, frozen=True, tag="user_blocked"):
    """What another user sends is stopped from now on; that user is not told. Of version 4.

    Attributes:
        user_id: The other.
    """

    user_id: str


class UserUnblocked(msgspec.Struct, frozen=True, tag="user_unblocked"):
    """What another user sends from now on is shown again. Of version 4."""

    user_id: str


class WritersChosen(msgspec.Struct, frozen=True, tag="writers_chosen"):
    """Who may begin to write to the author. Of version 4.

    Attributes:
        who: `everyone` or `friends`.
    """

    who: str


def proof_of(password_hash: str) -> str:
    """Return what tells one password hash from another without being of use to whoever reads it."""
    return hashlib.blake2b(password_hash.encode(), digest_size=16, person=b"causeway-proof").hexdigest()


class PasswordChanged(msgspec.Struct, frozen=True, tag="password_changed"):
    """A user has another password; all devices are logged out, except one that may be kept. Of version 2.

    Attributes:
        password_hash: Argon2id of the new one.
        replaces: `proof_of` the old hash, which was verified.
        keep_device: The device that stays logged in; empty for none.
    """

    password_hash: str
    replaces: str
    keep_device: str = ""


class ProfileChanged(msgspec.Struct, frozen=True, tag="profile_changed"):
    """A user changes what others see of them; None leaves as it is. Of version 3.

    Attributes:
        display_name: What others see.
        status_text: What the user says of the moment.
        findable: Whether searches find the user by more than the exact handle.
        picture: What stands for the user, `NO_PICTURE` for nothing. Of version 5.
    """

    display_name: str | None = None
    status_text: str | None = None
    findable: bool | None = None
    picture: Picture | None = None
