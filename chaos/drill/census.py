"""Once everything was read: asks each region whether its own store has some messages of each conversation, where its people are members and where not.

It asks as an operator does who traces a message (`causeway trace`), and is told no bodies.
"""

import asyncio
from collections.abc import Mapping, Sequence

import aiohttp
import msgspec

from chaos.judge import events as e
from chaos.judge.ledger import Ledger

ASK_SECONDS = 10.0
AT_ONCE = 4
RESTS = frozenset({"entry", "held", "pending"})
"""States of a message whose body is in the store."""


class _Trace(msgspec.Struct):
    region: str
    state: str = "unknown"


async def census(ledger: Ledger, admins: Mapping[str, Sequence[int]], messages: Mapping[str, Sequence[str]]) -> None:
    """Note of each message and each region whether the region has it; whoever does not answer is not noted.

    Args:
        ledger: Where.
        admins: Region to the admin ports of its processes; those without a gateway say so.
        messages: Conversation to some of its messages.
    """
    limit = asyncio.Semaphore(AT_ONCE)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ASK_SECONDS)) as http:

        async def ask(region: str, conversation: str, message: str) -> None:
            async with limit:
                for port in admins[region]:
                    if (found := await _trace(http, port, message)) is not None and found.region == region:
                        has = found.state in RESTS
                        ledger.note(e.Held(ledger.now(), region, conversation, message, has=has))
                        return

        async with asyncio.TaskGroup() as group:
            for conversation, some in messages.items():
                for message in some:
                    for region in admins:
                        group.create_task(ask(region, conversation, message))


async def _trace(http: aiohttp.ClientSession, port: int, message: str) -> _Trace | None:
    """Return what a process knows of a message; None if it has no gateway, or does not answer."""
    try:
        async with http.get(f"http://127.0.0.1:{port}/trace/{message}") as answer:
            return msgspec.json.decode(await answer.read(), type=_Trace) if answer.ok else None
    except (aiohttp.ClientError, TimeoutError, OSError, msgspec.DecodeError):
        return None
