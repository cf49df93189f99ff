"""Comes in as one of the demonstration's two lasting accounts, and makes it if it is not there."""

import secrets
from pathlib import Path

from infra.local.guests import Guest, keep, read
from region.client import Client, ProblemError

GONE = frozenset({"wrong-credentials", "account-suspended"})


async def enter(client: Client, name: str, region: str, home: Path) -> bool:
    """Log in; return whether the account was made just now.

    Whoever has changed its password, or has that handle, keeps it: another one is made then.

    Args:
        client: The device.
        name: What the demonstration calls them.
        region: Where a new account is to live.
        home: The federation's home, where the account is kept before it is made, so that one whose answer was lost is found again.

    Raises:
        ClientError: It could not be done.
    """
    known = read(home).get(name)
    if known is not None and known.region == region:
        try:
            await client.log_in(known.handle, known.password)
        except ProblemError as error:
            if error.code not in GONE:
                raise
        else:
            return False
    try:
        await _register(client, name, name.lower(), region, home)
    except ProblemError as error:
        if error.code != "handle-taken":
            raise
        await _register(client, name, f"{name.lower()}-{secrets.token_hex(3)}", region, home)
    return True


async def _register(client: Client, name: str, handle: str, region: str, home: Path) -> None:
    guest = Guest(handle, "-".join(secrets.token_hex(2) for _ in range(3)), region)
    keep(home, name, guest)
    await client.register(handle, guest.password, display_name=name, home_region=region)
