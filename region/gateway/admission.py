"""Who asks over HTTP: what endpoints depend on to be told."""

from collections.abc import Awaitable, Callable

from fastapi import Request
from fastapi.security import HTTPBearer

from region.accounts.tokens import AccessClaims
from region.gateway.callers import Callers
from region.gateway.guards import Guards

BEARER = HTTPBearer(auto_error=False, description="The access token that /register, /login or /token gave.")

Admits = Callable[[Request], Awaitable[AccessClaims]]


def bearer_of(request: Request) -> str | None:
    """Return the bearer token of a request; None if it has none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def residents(callers: Callers) -> Admits:
    """Return what admits whoever lives here and is logged in; raises as `Callers.resident`."""

    async def resident(request: Request) -> AccessClaims:
        return await callers.resident(bearer_of(request))

    return resident


def senders(callers: Callers, guards: Guards) -> Admits:
    """Return what admits whoever changes something, as often as messages may be sent; raises besides as `Guards.send`."""

    async def sender(request: Request) -> AccessClaims:
        caller = await callers.resident(bearer_of(request))
        await guards.send(caller.sub, caller.device)
        return caller

    return sender
