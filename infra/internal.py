"""What regions ask each other at their internal ports: who asks, and answers that are read no further than they may go."""

from collections.abc import Mapping
from typing import Final

import httpx
from starlette.types import Scope

from infra.identity import caller_of, host_name

REGION_HEADER: Final = b"causeway-region"
BRIDGED_HEADER: Final = b"causeway-bridged"
"""What an edge adds to every request that it carries for a device; a device cannot take it away."""


def peer_of(scope: Scope) -> str | None:
    """Return the region that asks: the one that its certificate names, or, while TLS is off, the one that it says it is."""
    if (caller := caller_of(scope)) is not None:
        return caller
    named = [value for name, value in scope["headers"] if name == REGION_HEADER]
    return named[0].decode("latin-1") if len(named) == 1 else None


def is_bridged(scope: Scope) -> bool:
    """Whether an edge carries the request for a device, which may ask nothing of what is between regions."""
    return any(name == BRIDGED_HEADER for name, _ in scope["headers"])


async def ask(
    client: httpx.AsyncClient,
    region: str,
    url: str,
    params: Mapping[str, str],
    *,
    most: int,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
) -> bytes:
    """Return what a region answers to a GET; or to a POST, if there is something to post.

    Args:
        client: What asks.
        region: Whom; over TLS, nobody else may answer.
        url: Of what is asked for.
        params: Of the query.
        most: Bytes of the largest answer that is read.
        headers: What else is said.
        content: JSON that is posted.

    Raises:
        httpx.HTTPError: There is no answer, or one of an error.
        ValueError: It is larger.
    """
    only = {"sni_hostname": host_name(region)}
    method, typed = ("GET", {}) if content is None else ("POST", {"content-type": "application/json"})
    said = {**(headers or {}), **typed}
    async with client.stream(method, url, params=params, headers=said, content=content, extensions=only) as response:
        response.raise_for_status()
        answered = bytearray()
        async for part in response.aiter_bytes():
            answered += part
            if len(answered) > most:
                reason = "the answer is too large"
                raise ValueError(reason)
    return bytes(answered)
