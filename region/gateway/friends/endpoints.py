"""Endpoints of friends."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from region.accounts.tokens import AccessClaims
from region.gateway.admission import BEARER, residents, senders
from region.gateway.callers import Callers
from region.gateway.friends.desk import FriendDesk
from region.gateway.friends.schemas import FriendAnswerRequest, FriendRequest
from region.gateway.guards import Guards
from region.gateway.messages import Sent
from region.gateway.openapi import answers, takes
from region.gateway.schemas import answer, body_of

Name = Annotated[str | None, Query(max_length=128, description="Repeat it when you repeat the request.")]
DONE = answers(201, "Message", 400, 401, 404, 409, 413, 421, 422, 429, also={200: "It was done before"})


def friends(*, callers: Callers, desk: FriendDesk, guards: Guards) -> APIRouter:
    """Return the endpoints of friends."""
    router = APIRouter(dependencies=[Depends(BEARER)], prefix="/friends")

    Resident = Annotated[AccessClaims, Depends(residents(callers))]  # noqa: N806 — it is a type
    Sender = Annotated[AccessClaims, Depends(senders(callers, guards))]  # noqa: N806 — it is a type

    @router.get("", responses=answers(200, "FriendsView", 401, 404, 421))
    async def listed(caller: Resident) -> Response:
        """List friends, who waits for one's answer, and whose answer one waits for."""
        return answer(await desk.all(caller))

    @router.post("", status_code=201, responses=DONE, openapi_extra=takes("FriendRequest", {"user_id": "u3f2a9c…-us"}))
    async def ask(request: Request, caller: Sender) -> Response:
        """Ask somebody to be friends; if they have asked as well, both are friends (`kind` is `friend_accepted`)."""
        wanted = await body_of(request, FriendRequest)
        return _done(await desk.ask(caller, wanted.user_id, wanted.client_message_id))

    @router.post("/{user_id}/accept", status_code=201, responses=DONE, openapi_extra=takes("FriendAnswerRequest", {}))
    async def accept(user_id: str, request: Request, caller: Sender) -> Response:
        """Accept a request."""
        wanted = await body_of(request, FriendAnswerRequest)
        return _done(await desk.accept(caller, user_id, wanted.client_message_id))

    @router.post("/{user_id}/decline", status_code=201, responses=DONE, openapi_extra=takes("FriendAnswerRequest", {}))
    async def decline(user_id: str, request: Request, caller: Sender) -> Response:
        """Decline a request; who has asked is told, and may ask again."""
        wanted = await body_of(request, FriendAnswerRequest)
        return _done(await desk.decline(caller, user_id, wanted.client_message_id))

    @router.delete("/{user_id}", status_code=201, responses=DONE)
    async def remove(user_id: str, caller: Sender, client_message_id: Name = None) -> Response:
        """End a friendship, or take a request back."""
        return _done(await desk.remove(caller, user_id, client_message_id))

    return router


def _done(sent: Sent) -> Response:
    return answer(sent.message, 201 if sent.created else 200)
