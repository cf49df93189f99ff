"""Endpoints of what users want of conversations for themselves alone."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from region.accounts.tokens import AccessClaims
from region.gateway.admission import BEARER, residents
from region.gateway.callers import Callers
from region.gateway.guards import Guards
from region.gateway.openapi import answers, takes
from region.gateway.preferences import PreferencesRequest, Preferring
from region.gateway.schemas import answer, body_of


def preferences(*, callers: Callers, guards: Guards, preferring: Preferring) -> APIRouter:
    """Return the endpoints of preferences."""
    router = APIRouter(dependencies=[Depends(BEARER)])

    Resident = Annotated[AccessClaims, Depends(residents(callers))]  # noqa: N806 — it is a type

    @router.get(
        "/conversations/{conversation_id}/preferences", responses=answers(200, "PreferencesView", 401, 404, 421)
    )
    async def read(conversation_id: str, caller: Resident) -> Response:
        """Return what one wants of a conversation: muted, archived, pinned, marked unread, a draft."""
        return answer(await preferring.read(caller, conversation_id))

    @router.patch(
        "/conversations/{conversation_id}/preferences",
        responses=answers(200, "PreferencesView", 400, 401, 404, 409, 413, 421, 422, 429),
        openapi_extra=takes("PreferencesRequest", {"archived": True, "draft": "I will be", "version": 3}),
    )
    async def change(conversation_id: str, request: Request, caller: Resident) -> Response:
        """Change what one wants of a conversation; all of one's devices are told. The same again changes nothing more."""
        wanted = await body_of(request, PreferencesRequest)
        await guards.send(caller.sub, caller.device)
        return answer(await preferring.change(caller, conversation_id, wanted))

    return router
