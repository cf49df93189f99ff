"""Endpoints with which one gets tokens: register, login, token."""

from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from infra.errors import InvalidFieldError
from region.accounts.registration import Application, Registration, unfinished
from region.accounts.sessions import Grant, Sessions
from region.gateway.guards import Guards
from region.gateway.openapi import answers, takes
from region.gateway.schemas import (
    LoginRequest,
    RegisterRequest,
    TokenRequest,
    Tokens,
    answer,
    body_of,
)

LONGEST_KEY = 256


def accounts(*, region: str, registration: Registration, sessions: Sessions, guards: Guards) -> APIRouter:
    """Return the endpoints with which one gets tokens."""
    router = APIRouter()

    @router.post(
        "/register",
        status_code=201,
        responses=answers(201, "Tokens", 400, 409, 413, 421, 422, 429),
        openapi_extra=takes(
            "RegisterRequest", {"handle": "ada", "password": "correct horse", "display_name": "Ada L."}
        ),
    )
    async def register(request: Request, idempotency_key: Annotated[str, Header()] = "") -> Response:
        """Make an account and log this device in.

        The same handle and password again with the same `Idempotency-Key` is the same registration: safe to repeat when the answer
        was lost. Without one, a handle that somebody has, be it oneself, is taken: 409. With 503 and `definite` false the account may or may not exist: repeat it, or log in.
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
        await guards.register(request)
        user = await registration.register(application)
        with unfinished():
            grant = await sessions.add_device(user, name)
        return answer(_tokens(grant, region), 201)

    @router.post(
        "/login",
        responses=answers(200, "Tokens", 400, 401, 413, 421, 422, 429),
        openapi_extra=takes("LoginRequest", {"handle": "ada", "password": "correct horse", "device_name": "laptop"}),
    )
    async def login(request: Request) -> Response:
        """Log a device in. The answer does not tell whether the handle exists."""
        wanted = await body_of(request, LoginRequest)
        name = sessions.device_name(wanted.device_name)
        await guards.login(request, wanted.handle)
        grant = await sessions.log_in(wanted.handle, wanted.password, name)
        return answer(_tokens(grant, region))

    @router.post(
        "/token",
        responses=answers(200, "Tokens", 400, 401, 421, 422, 429),
        openapi_extra=takes("TokenRequest", {"refresh_token": "eyJ…"}),
    )
    async def token(request: Request) -> Response:
        """Exchange a refresh token, which is good once, for new tokens."""
        wanted = await body_of(request, TokenRequest)
        async with guards.strangers(request.scope):
            grant = await sessions.refresh(wanted.refresh_token, admit=guards.refresh)
        return answer(_tokens(grant, region))

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
