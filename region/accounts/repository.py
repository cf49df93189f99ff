"""SQL reads of users and devices; nothing here writes, since only the projector does."""

from collections.abc import Sequence
from dataclasses import dataclass

from infra.postgres import Connection


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user who lives here.

    Attributes:
        user_id: The user.
        handle: As its owner spells it.
        display_name: What others see.
        password_hash: Argon2id, in PHC string format.
        reservation: The token that the directory's reservation was made with.
        home_epoch: The user's home epoch.
        confirmed: Whether the account can log in.
        created_at: Microseconds since the epoch.
        status_text: What the user says of the moment; may be empty.
        findable: Whether searches find the user by more than the exact handle.
        picture: What stands for the user, encoded; empty for nothing.
    """

    user_id: str
    handle: str
    display_name: str
    password_hash: str
    reservation: str
    home_epoch: int
    confirmed: bool
    created_at: int
    status_text: str = ""
    findable: bool = True
    picture: bytes = b""


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device of a user who lives here.

    Attributes:
        device_id: The device.
        name: What its owner calls it.
        family: Of its refresh tokens.
        generation: Of the refresh token that is good now.
        created_at: Microseconds since the epoch.
        revoked: Whether it was logged out.
        refreshed_at: When that generation was given, microseconds since the epoch; 0 for the first.
        revoked_why: A code, as in `region.accounts.endings`; empty if somebody logged it out.
        repeated: The last generation that was shown again; 0 for none.
    """

    device_id: str
    name: str
    family: str
    generation: int
    created_at: int
    revoked: bool
    refreshed_at: int = 0
    revoked_why: str = ""
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class RevokedRow:
    """A device that was logged out.

    Attributes:
        user_id: Whose.
        device_id: The device.
        revoked_at: When, microseconds since the epoch.
        why: A code; empty if somebody logged it out.
    """

    user_id: str
    device_id: str
    revoked_at: int
    why: str


_USER = "SELECT user_id, handle, display_name, password_hash, reservation, home_epoch, confirmed, created_at, status_text, findable, picture FROM users"
_DEVICE = "SELECT device_id, name, family, generation, created_at, revoked_at IS NOT NULL, refreshed_at, revoked_why, repeated FROM devices"


async def user_by_id(connection: Connection, user_id: str) -> UserRow | None:
    """Return the user of that id, confirmed or not."""
    cursor = await connection.execute(f"{_USER} WHERE user_id = %s", (user_id,))
    row = await cursor.fetchone()
    return None if row is None else UserRow(*row)


async def users_by_handle(connection: Connection, folded_handle: str) -> list[UserRow]:
    """Return who has that handle, the confirmed first; interrupted registrations may have left more than one behind."""
    cursor = await connection.execute(
        f"{_USER} WHERE folded_handle = %s ORDER BY confirmed DESC, created_at DESC LIMIT 8", (folded_handle,)
    )
    return [UserRow(*row) for row in await cursor.fetchall()]


async def device(connection: Connection, user_id: str, device_id: str) -> DeviceRow | None:
    """Return that device of the user, revoked or not."""
    cursor = await connection.execute(f"{_DEVICE} WHERE user_id = %s AND device_id = %s", (user_id, device_id))
    row = await cursor.fetchone()
    return None if row is None else DeviceRow(*row)


async def devices_at_once(connection: Connection, asked: Sequence[tuple[str, str]]) -> dict[tuple[str, str], DeviceRow]:
    """Return those devices, revoked or not, by user and device; what is missing does not exist."""
    cursor = await connection.execute(
        "SELECT a.user_id, a.device_id, d.name, d.family, d.generation, d.created_at, d.revoked_at IS NOT NULL, d.refreshed_at, d.revoked_why, d.repeated"
        " FROM unnest(%s::text[], %s::text[]) AS a(user_id, device_id)"
        " JOIN devices d ON d.user_id = a.user_id AND d.device_id = a.device_id",
        ([user for user, _ in asked], [device for _, device in asked]),
    )
    return {(row[0], row[1]): DeviceRow(*row[1:]) for row in await cursor.fetchall()}


async def devices(connection: Connection, user_id: str) -> list[DeviceRow]:
    """Return the user's devices that are logged in, the newest first."""
    cursor = await connection.execute(
        f"{_DEVICE} WHERE user_id = %s AND revoked_at IS NULL ORDER BY created_at DESC, device_id LIMIT 1000",
        (user_id,),
    )
    return [DeviceRow(*row) for row in await cursor.fetchall()]


async def revoked_since(connection: Connection, since: int, *, most: int) -> list[RevokedRow]:
    """Return devices of anybody that were logged out at that microsecond or later, the earliest first."""
    cursor = await connection.execute(
        "SELECT user_id, device_id, revoked_at, revoked_why FROM devices WHERE revoked_at >= %s"
        " ORDER BY revoked_at, user_id, device_id LIMIT %s",
        (since, most),
    )
    return [RevokedRow(*row) for row in await cursor.fetchall()]
