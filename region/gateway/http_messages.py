"""Endpoints of messages and conversations."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AfterValidator
from starlette.responses import Response

from region.accounts.tokens import AccessClaims
from region.gateway.admission import BEARER, residents
from region.gateway.callers import Callers
from region.gateway.guards import Guards
from region.gateway.messages import Asked, Messages
from region.gateway.openapi import answers, at_most, takes
from region.gateway.schemas import SendRequest, answer, body_of

MOST = 200
USUAL = 50
CURSOR_LONGEST = 128

Limit = Annotated[
    int, Query(ge=1, description=f"The most to return; no page has more than {MOST}."), AfterValidator(at_most(MOST))
]
Cursor = Annotated[str | None, Query(max_length=CURSOR_LONGEST)]
Log = Annotated[
    bool,
    Query(
        description="The whole log: also what else happened, and what one may not see as tombstones. Else messages alone."
    ),
]
Identifier = Annotated[str | None, Query(max_length=64)]


def messages(*, callers: Callers, messages: Messages, guards: Guards) -> APIRouter:
    """Return the endpoints of messages."""
    router = APIRouter(dependencies=[Depends(BEARER)])

    Resident = Annotated[AccessClaims, Depends(residents(callers))]  # noqa: N806 — it is a type

    @router.post(
        "/messages",
        status_code=201,
        responses=answers(
            201, "Message", 400, 401, 403, 404, 409, 413, 421, 422, 429, also={200: "It was sent before"}
        ),
        openapi_extra=takes(
            "SendRequest", {"recipient_id": "u3f2a9c…-us", "text": "Hello", "client_message_id": "3c1e…"}
        ),
    )
    async def send(request: Request, caller: Resident) -> Response:
        """Send a message; answers when it is numbered, or queued for the region that numbers it (`seq` is null then).

        With 503 and `definite` false it may or may not have been sent: repeat it with the same `client_message_id`.
        """
        wanted = await body_of(request, SendRequest)
        await guards.send(caller.sub, caller.device)
        sent = await messages.send(caller, wanted)
        return answer(sent.message, 201 if sent.created else 200)

    @router.get("/messages", responses=answers(200, "Page", 400, 401, 404, 421, 422, 429))
    async def page(
        *,
        caller: Resident,
        peer_id: Identifier = None,
        conversation_id: Identifier = None,
        limit: Limit = USUAL,
        before: Cursor = None,
        after: Cursor = None,
        log: Log = False,
    ) -> Response:
        """Page through a conversation: newest first, or with `after` oldest first."""
        return answer(await messages.page(caller, Asked(peer_id, conversation_id, limit, before, after, log)))

    @router.get("/messages/{message_id}", responses=answers(200, "Message", 401, 404, 421))
    async def one(message_id: str, caller: Resident) -> Response:
        """Return one message. For whoever is no member of its conversation, it does not exist."""
        return answer(await messages.one(caller, message_id))

    @router.post("/messages/{message_id}/received", status_code=204, responses=answers(204, None, 401, 404, 421, 429))
    async def received(message_id: str, caller: Resident) -> Response:
        """Say that one's devices have everything up to that message."""
        await guards.send(caller.sub, caller.device)
        await messages.mark(caller, message_id, read=False)
        return Response(status_code=204)

    @router.post("/messages/{message_id}/read", status_code=204, responses=answers(204, None, 401, 404, 421, 429))
    async def read(message_id: str, caller: Resident) -> Response:
        """Say that one has read everything up to that message."""
        await guards.send(caller.sub, caller.device)
        await messages.mark(caller, message_id, read=True)
        return Response(status_code=204)

    @router.get("/conversations", responses=answers(200, "Conversations", 400, 401, 421, 422))
    async def conversations(caller: Resident, limit: Limit = USUAL, before: Cursor = None) -> Response:
        """List one's conversations, the most recently changed first."""
        return answer(await messages.conversations(caller, before=before, limit=limit))

    return router
