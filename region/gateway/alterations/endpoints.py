"""Endpoints of what is done to messages that are there."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from infra.errors import InvalidFieldError
from region.accounts.tokens import AccessClaims
from region.gateway.admission import BEARER, bearer_of, residents, senders
from region.gateway.alterations.desk import Alterations
from region.gateway.alterations.schemas import EditRequest
from region.gateway.callers import Callers
from region.gateway.concealing import Concealing
from region.gateway.guards import Guards
from region.gateway.messages import Sent
from region.gateway.openapi import answers, takes
from region.gateway.schemas import answer, body_of

Name = Annotated[
    str | None,
    Query(
        max_length=128,
        description="Repeat it when you repeat the request: it happens once. Without it, what was undone meanwhile is done again.",
    ),
]
Whom = Annotated[
    str, Query(alias="for", max_length=8, description="`all`: take it away from everybody; `me`: from oneself alone.")
]
DONE = answers(201, "Message", 400, 401, 403, 404, 409, 410, 413, 421, 422, 429, also={200: "It is so already"})


def alterations(*, callers: Callers, desk: Alterations, concealing: Concealing, guards: Guards) -> APIRouter:
    """Return the endpoints. Each answers with the entry of the conversation's log, whose `seq` is null while the owner has not decided."""
    router = APIRouter(dependencies=[Depends(BEARER)], prefix="/messages/{message_id}")

    Resident = Annotated[AccessClaims, Depends(residents(callers))]  # noqa: N806 — it is a type
    Sender = Annotated[AccessClaims, Depends(senders(callers, guards))]  # noqa: N806 — it is a type

    @router.patch("", status_code=201, responses=DONE, openapi_extra=takes("EditRequest", {"text": "Hello, all"}))
    async def edit(message_id: str, request: Request, caller: Sender) -> Response:
        """Give a message of one's own another text, for 48 hours as a rule; what it said before stays in its history."""
        return _done(await desk.edit(caller, message_id, await body_of(request, EditRequest)))

    @router.delete("", status_code=201, responses=DONE | answers(204, None))
    async def delete(message_id: str, caller: Sender, whom: Whom = "all", client_message_id: Name = None) -> Response:
        """Delete a message for all: its author may, and in a group admins. Or for oneself alone, on all of one's devices (204)."""
        if whom == "me":
            await concealing.conceal(caller, message_id)
            return Response(status_code=204)
        if whom != "all":
            raise InvalidFieldError(field="for", reason="use all, or me")
        return _done(await desk.delete(caller, message_id, client_message_id))

    @router.get("/edits", responses=answers(200, "Edits", 401, 404, 421))
    async def edits(message_id: str, caller: Resident) -> Response:
        """Return all that a message said."""
        return answer(await desk.edits(caller, message_id))

    @router.put("/reactions/{emoji}", status_code=201, responses=DONE)
    async def react(message_id: str, emoji: str, caller: Sender, client_message_id: Name = None) -> Response:
        """React to a message; with up to ten different emoji."""
        return _done(await desk.react(caller, message_id, emoji, client_message_id, on=True))

    @router.delete("/reactions/{emoji}", status_code=201, responses=DONE)
    async def unreact(message_id: str, emoji: str, caller: Sender, client_message_id: Name = None) -> Response:
        """Take a reaction back."""
        return _done(await desk.react(caller, message_id, emoji, client_message_id, on=False))

    @router.put("/pin", status_code=201, responses=DONE)
    async def pin(message_id: str, caller: Sender, client_message_id: Name = None) -> Response:
        """Put a message where all members find it; admins may, and both of a 1:1 conversation."""
        return _done(await desk.pin(caller, message_id, client_message_id, on=True))

    @router.delete("/pin", status_code=201, responses=DONE)
    async def unpin(message_id: str, caller: Sender, client_message_id: Name = None) -> Response:
        """Take a message from there; likewise."""
        return _done(await desk.pin(caller, message_id, client_message_id, on=False))

    whole = APIRouter()
    whole.include_router(router)
    whole.include_router(_pins(callers=callers, desk=desk))
    return whole


def _pins(*, callers: Callers, desk: Alterations) -> APIRouter:
    """Return the endpoint of what is pinned."""
    router = APIRouter(dependencies=[Depends(BEARER)], prefix="/conversations/{conversation_id}")

    @router.get("/pins", responses=answers(200, "Pins", 401, 404, 421))
    async def pinned(conversation_id: str, request: Request) -> Response:
        """Return what is pinned in a conversation, as far as one may see it."""
        return answer(await desk.pins(await callers.resident(bearer_of(request)), conversation_id))

    return router


def _done(sent: Sent) -> Response:
    return answer(sent.message, 201 if sent.created else 200)
