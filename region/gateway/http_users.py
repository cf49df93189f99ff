"""Endpoints of a user's devices and password."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from region.accounts.credentials import Credentials
from region.accounts.sessions import Sessions
from region.accounts.tokens import AccessClaims
from region.gateway.admission import BEARER, residents
from region.gateway.callers import Callers
from region.gateway.guards import Guards
from region.gateway.hub import Hub
from region.gateway.openapi import answers, takes
from region.gateway.schemas import Device, Devices, PasswordRequest, answer, body_of
from region.gateway.views import rfc3339


def users(
    *,
    sessions: Sessions,
    credentials: Credentials,
    callers: Callers,
    hub: Hub,
    guards: Guards,
) -> APIRouter:
    """Return the endpoints of a user's devices and password."""
    router = APIRouter(dependencies=[Depends(BEARER)])

    Resident = Annotated[AccessClaims, Depends(residents(callers))]  # noqa: N806 — it is a type

    @router.post("/logout", status_code=204, responses=answers(204, None, 401, 421))
    async def logout(caller: Resident) -> Response:
        """Log this device out, for good."""
        await revoke(caller, caller.device)
        return Response(status_code=204)

    @router.get("/devices", responses=answers(200, "Devices", 401, 421))
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
    )
    async def revoke_device(device_id: str, caller: Resident) -> Response:
        """Log one of one's devices out, for good."""
        await revoke(caller, device_id)
        return Response(status_code=204)

    @router.post(
        "/password",
        status_code=204,
        responses=answers(204, None, 400, 401, 409, 413, 421, 422, 429),
        openapi_extra=takes(
            "PasswordRequest",
            {"old_password": "correct horse", "new_password": "better horse", "keep_this_device": True},
        ),
    )
    async def password(request: Request, caller: Resident) -> Response:
        """Change one's password. All other devices are logged out with it, and this one too unless it is kept.

        With 503 and `definite` false it may or may not have happened: repeat it.
        """
        wanted = await body_of(request, PasswordRequest)
        await guards.password(caller.sub)
        await credentials.change(
            caller, old=wanted.old_password, new=wanted.new_password, keep_device=wanted.keep_this_device
        )
        return Response(status_code=204)

    async def revoke(caller: AccessClaims, device_id: str) -> None:
        await sessions.revoke(caller, device_id)
        hub.revoke(caller.sub, device_id)

    return router
