"""Two users who come through one address and write to each other there, so that a service which nobody knows of has something to do.

What they write is in no ledger: it is there to be carried, and judged by nobody.
"""

import asyncio
import secrets

from region.client import Client, ClientError, Stage

EVERY_SECONDS = 0.5
AGAIN_SECONDS = 1.0


async def visit(url: str) -> None:
    """Write through an address until cancelled, however often it fails; each message waits until the one before it has its number.

    Args:
        url: Public URL, of an edge.
    """
    while True:
        try:
            async with (
                Client([url], device_name="drill visitor") as one,
                Client([url], device_name="drill visitor") as other,
            ):
                for client in (one, other):
                    await client.register(f"visitor-{secrets.token_hex(6)}", secrets.token_urlsafe(12))
                    await client.online()
                while True:
                    handle = await one.send(f"a visitor's {secrets.token_hex(6)}", to=other.user_id)
                    await handle.reach(Stage.NUMBERED)
                    await asyncio.sleep(EVERY_SECONDS)
        except ClientError:
            await asyncio.sleep(AGAIN_SECONDS)
