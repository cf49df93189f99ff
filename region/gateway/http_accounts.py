"""Endpoints of accounts: register, login, token, logout, devices, users."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.security import HTTPBearer
from starlette.responses import Response

from infra.errors import InvalidFieldError
from region.accounts.registration import Application, Registration
from region.accounts.sessions import Grant, Sessions
from region.accounts.tokens import AccessClaims
from region.gateway.callers import Callers
from region.gateway.hub import Hub
from region.gateway.openapi import answers, takes
from region.gateway.profiles import Profiles
from region.gateway.schemas import (
    Device,
    Devices,
    LoginRequest,
    RegisterRequest,
    TokenRequest,
    Tokens,
    answer,
    body_of,
)
from region.gateway.views import rfc3339

BEARER = HTTPBearer(auto_error=False, description="The access token that /register, /login or /token gave.")
LONGEST_KEY = 256


def bearer_of(request: Request) -> str | None:
    """Return the bearer token of a request; None if it has none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def accounts(
    *, region: str, registration: Registration, sessions: Sessions, callers: Callers, profiles: Profiles, hub: Hub
) -> APIRouter:
    """Return the endpoints of accounts."""
    router = APIRouter()

    async def resident(request: Request) -> AccessClaims:
        return await callers.resident(bearer_of(request))

    async def anybody(request: Request) -> AccessClaims:
        return await callers.anybody(bearer_of(request))

    Resident = Annotated[AccessClaims, Depends(resident)]  # noqa: N806 — it is a type
    Anybody = Annotated[AccessClaims, Depends(anybody)]  # noqa: N806 — it is a type

    @router.post(
        "/register",
        status_code=201,
        responses=answers(201, "Tokens", 400, 409, 413, 421, 422),
        openapi_extra=takes(
            "RegisterRequest", {"handle": "ada", "password": "correct horse", "display_name": "Ada L."}
        ),
    )
    async def register(request: Request, idempotency_key: Annotated[str, Header()] = "") -> Response:
        """Make an account and log this device in.

        The same handle and password again (with the same `Idempotency-Key`, if there is one) is the same registration: safe
        to repeat when the answer was lost.
        """
        wanted = await body_of(request, RegisterRequest)
        if len(idempotency_key) > LONGEST_KEY:
            raise InvalidFieldError(field="Idempotency-Key", reason=f"use at most {LONGEST_KEY} characters")
        application = Application(
            handle=wanted.handle,
            password=wanted.password,
            display_name=wanted.display_name or "",
            home_region=wanted.home_region or "",
            idempotency_key=idempotency_key,
        )
        name = sessions.device_name(wanted.device_name)
        user = await registration.register(application)
        return answer(_tokens(await sessions.add_device(user, name), region), 201)

    @router.post(
        "/login",
        responses=answers(200, "Tokens", 400, 401, 413, 421, 422),
        openapi_extra=takes("LoginRequest", {"handle": "ada", "password": "correct horse", "device_name": "laptop"}),
    )
    async def login(request: Request) -> Response:
        """Log a device in. The answer does not tell whether the handle exists."""
        wanted = await body_of(request, LoginRequest)
        grant = await sessions.log_in(wanted.handle, wanted.password, sessions.device_name(wanted.device_name))
        return answer(_tokens(grant, region))

    @router.post(
        "/token",
        responses=answers(200, "Tokens", 400, 401, 421, 422),
        openapi_extra=takes("TokenRequest", {"refresh_token": "eyJ…"}),
    )
    async def token(request: Request) -> Response:
        """Exchange a refresh token, which is good once, for new tokens."""
        wanted = await body_of(request, TokenRequest)
        return answer(_tokens(await sessions.refresh(wanted.refresh_token), region))

    @router.post("/logout", status_code=204, responses=answers(204, None, 401, 421), dependencies=[Depends(BEARER)])
    async def logout(caller: Resident) -> Response:
        """Log this device out, for good."""
        await revoke(caller, caller.device)
        return Response(status_code=204)

    @router.get("/devices", responses=answers(200, "Devices", 401, 421), dependencies=[Depends(BEARER)])
    async def devices(caller: Resident) -> Response:
        """List one's devices that are logged in."""
        found = await sessions.devices(caller.sub)
        return answer(
            Devices([Device(d.device_id, d.name, rfc3339(d.created_at), d.device_id == caller.device) for d in found])
        )

    @router.delete(
        "/devices/{device_id}",
        status_code=204,
        responses=answers(204, None, 401, 404, 421),
        dependencies=[Depends(BEARER)],
    )
    async def revoke_device(device_id: str, caller: Resident) -> Response:
        """Log one of one's devices out, for good."""
        await revoke(caller, device_id)
        return Response(status_code=204)

    @router.get("/users/{user_id}", responses=answers(200, "Profile", 401, 404, 421), dependencies=[Depends(BEARER)])
    async def user(user_id: str, _: Anybody) -> Response:
        """Return a user of any region."""
        return answer(await profiles.by_id(user_id))

    @router.get("/users", responses=answers(200, "Profile", 401, 404, 421, 422), dependencies=[Depends(BEARER)])
    async def user_by_handle(handle: Annotated[str, Query(max_length=128)], _: Anybody) -> Response:
        """Return the user of exactly that handle, whatever its case."""
        return answer(await profiles.by_handle(handle))

    async def revoke(caller: AccessClaims, device_id: str) -> None:
        await sessions.revoke(caller, device_id)
        callers.forget(caller.sub, device_id)
        hub.revoke(caller.sub, device_id)

    return router


def _tokens(grant: Grant, region: str) -> Tokens:
    return Tokens(
        user_id=grant.user.user_id,
        handle=grant.user.handle,
        display_name=grant.user.display_name,
        home_region=region,
        device_id=grant.device_id,
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        expires_in=grant.expires_in,
    )
