"""Asks the admin ports of the regions where a message has been."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx
import msgspec

from infra.errors import CausewayError
from infra.tls import public

ASK_SECONDS = 5.0


class NoMessageIdError(CausewayError):
    """'{text}' is no message id. One looks like m8ac9f0…-eu: `m`, 35 hexadecimal digits, and a region; sends and histories show it as `message_id`."""

    code = "no-message-id"
    definite = True


class NobodyAskedError(CausewayError):
    """No gateway could be asked ({reasons}). Start the federation (`causeway up`), or name admin ports: --admin us=http://host:port."""

    code = "nobody-asked"
    definite = True


class Trace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one gateway and its store know of a message; times are microseconds since the epoch, 0 for never or not known.

    Attributes:
        region: The gateway's region.
        instance: The gateway.
        state: `entry`, `held`, `pending`, `refused`, or `unknown`.
        conversation_id: Its conversation.
        author: Who sent it.
        recipient: To whom.
        seq: Its number.
        waits_for: The region that has to decide.
        code: Why it was refused.
        received: Whether a device of the recipient has it.
        read: Whether the recipient has read it.
        hops: Where it had been when this region put it out: stage and time; empty once that was pruned.
        committed_at: When this region's projector wrote it.
        accepted_at: When the journal had acknowledged it.
        published_at: When fan-out sent it to this gateway.
        delivered_at: When this gateway queued it for devices.
        devices: For how many.
        had_at: When a device of the recipient, or the first one of another member, said that it has it.
        members: Of a group: who may see it, its author not counted; 0 for a 1:1 conversation.
        received_by: Of them, whose devices have it.
        read_by: Of them, who have read it.
    """

    region: str
    instance: str
    state: str = "unknown"
    conversation_id: str = ""
    author: str = ""
    recipient: str = ""
    seq: int = 0
    waits_for: str = ""
    code: str = ""
    received: bool = False
    read: bool = False
    hops: tuple[tuple[str, int], ...] = ()
    committed_at: int = 0
    accepted_at: int = 0
    published_at: int = 0
    delivered_at: int = 0
    devices: int = 0
    had_at: int = 0
    members: int = 0
    received_by: int = 0
    read_by: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking everybody.

    Attributes:
        answers: Of the gateways that answered.
        silent: Region to why none of its gateways could be asked.
    """

    answers: tuple[Trace, ...] = ()
    silent: Mapping[str, str] = field(default_factory=dict)


async def ask(message_id: str, admins: Mapping[str, Sequence[str]]) -> Asked:
    """Ask all gateways about a message.

    Args:
        message_id: Whose way is wanted.
        admins: Region to the base URLs of its admin ports; those without a gateway say so, and do not matter.

    Raises:
        NobodyAskedError: No gateway answered.
    """
    async with httpx.AsyncClient(verify=public(), timeout=ASK_SECONDS, trust_env=False) as client:
        regions = await asyncio.gather(*(_ask_region(client, message_id, urls) for urls in admins.values()))
    answers = tuple(answer for found in regions for answer in found if isinstance(answer, Trace))
    silent = {
        region: "; ".join(str(why) for why in found) or "no admin port is known"
        for region, found in zip(admins, regions, strict=True)
        if not any(isinstance(answer, Trace) for answer in found)
    }
    if not answers:
        raise NobodyAskedError(reasons="; ".join(f"{region}: {why}" for region, why in silent.items()) or "none is up")
    return Asked(answers, silent)


async def _ask_region(client: httpx.AsyncClient, message_id: str, urls: Sequence[str]) -> list[Trace | str]:
    asked = await asyncio.gather(*(_ask_one(client, f"{url}/trace/{message_id}") for url in urls))
    return [answer for answer in asked if answer is not None]


async def _ask_one(client: httpx.AsyncClient, url: str) -> Trace | str | None:
    """Return what a gateway answers, why it does not, or None where there is no gateway."""
    try:
        response = await client.get(url)
    except httpx.HTTPError as error:
        return f"{httpx.URL(url).netloc.decode()} does not answer ({type(error).__name__})"
    if response.status_code == httpx.codes.NOT_FOUND:
        return None
    if response.is_success:
        with contextlib.suppress(msgspec.DecodeError):
            return msgspec.json.decode(response.content, type=Trace)
    return _problem(response)


def _problem(response: httpx.Response) -> str:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return str(response.json()["detail"])
    return f"status {response.status_code}"
