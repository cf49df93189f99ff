"""Endpoints of groups."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from region.accounts.tokens import AccessClaims
from region.gateway.admission import BEARER, residents, senders
from region.gateway.callers import Callers
from region.gateway.groups.desk import Desk
from region.gateway.groups.schemas import (
    GroupChangeRequest,
    GroupRequest,
    GroupSendRequest,
    InviteRequest,
    JoinRequest,
    MemberRequest,
    RoleRequest,
)
from region.gateway.guards import Guards
from region.gateway.http_messages import USUAL, Cursor, Limit, Log
from region.gateway.messages import Asked, Messages, Sent
from region.gateway.openapi import answers, takes
from region.gateway.schemas import answer, body_of

Name = Annotated[str | None, Query(max_length=128, description="Repeat it when you repeat the request.")]
DONE = answers(201, "Message", 400, 401, 403, 404, 409, 413, 421, 422, 429, also={200: "It was done before"})


def groups(*, callers: Callers, desk: Desk, messages: Messages, guards: Guards) -> APIRouter:  # noqa: C901 — one function an endpoint
    """Return the endpoints of groups."""
    router = APIRouter(dependencies=[Depends(BEARER)], prefix="/groups")

    Resident = Annotated[AccessClaims, Depends(residents(callers))]  # noqa: N806 — it is a type
    Sender = Annotated[AccessClaims, Depends(senders(callers, guards))]  # noqa: N806 — it is a type

    @router.post(
        "",
        status_code=201,
        responses=answers(201, "GroupView", 400, 401, 404, 409, 413, 421, 422, 429, also={200: "It was made before"}),
        openapi_extra=takes("GroupRequest", {"name": "Travellers", "member_ids": ["u3f2a9c…-us"]}),
    )
    async def create(request: Request, caller: Sender) -> Response:
        """Make a group; the caller is its owner, and the caller's home region decides in it."""
        made = await desk.create(caller, await body_of(request, GroupRequest))
        return answer(made.group, 201 if made.created else 200)

    @router.get("/{group_id}", responses=answers(200, "GroupView", 401, 404, 421))
    async def one(group_id: str, caller: Resident) -> Response:
        """Return a group. For whoever never was a member, it does not exist."""
        return answer(await desk.view(caller, group_id))

    @router.patch(
        "/{group_id}", status_code=201, responses=DONE, openapi_extra=takes("GroupChangeRequest", {"name": "Travelled"})
    )
    async def change(group_id: str, request: Request, caller: Sender) -> Response:
        """Change what a group is called, and how it is joined; admins may."""
        return done(await desk.change(caller, group_id, await body_of(request, GroupChangeRequest)))

    @router.get("/{group_id}/messages", responses=answers(200, "Page", 400, 401, 404, 421, 422, 429))
    async def page(
        *,
        group_id: str,
        caller: Resident,
        limit: Limit = USUAL,
        before: Cursor = None,
        after: Cursor = None,
        log: Log = False,
    ) -> Response:
        """Page through a group's messages, as far as one may see them: newest first, or with `after` oldest first."""
        return answer(await messages.page(caller, Asked(None, group_id, limit, before, after, log)))

    @router.post(
        "/{group_id}/message",
        status_code=201,
        responses=DONE,
        openapi_extra=takes("GroupSendRequest", {"text": "Hello, all"}),
    )
    async def post(group_id: str, request: Request, caller: Sender) -> Response:
        """Send a message into a group; see `POST /messages`."""
        return done(await desk.post(caller, group_id, await body_of(request, GroupSendRequest)))

    @router.get("/{group_id}/messages/{message_id}/receipts", responses=answers(200, "Receipts", 401, 404, 421))
    async def receipts(group_id: str, message_id: str, caller: Resident) -> Response:
        """Tell who has received and read a message."""
        return answer(await desk.receipts(caller, group_id, message_id))

    @router.get("/{group_id}/members", responses=answers(200, "Members", 401, 404, 421))
    async def members(group_id: str, caller: Resident) -> Response:
        """List a group's members; to admins also who has asked to join, and who is banned."""
        return answer(await desk.members(caller, group_id))

    @router.post(
        "/{group_id}/members",
        status_code=201,
        responses=DONE,
        openapi_extra=takes("MemberRequest", {"user_id": "u3f2a9c…-us"}),
    )
    async def add(group_id: str, request: Request, caller: Sender) -> Response:
        """Add somebody, or let in who has asked; admins may."""
        return done(await desk.add(caller, group_id, await body_of(request, MemberRequest)))

    @router.delete("/{group_id}/members/{user_id}", status_code=201, responses=DONE)
    async def remove(group_id: str, user_id: str, caller: Sender, client_message_id: Name = None) -> Response:
        """Remove somebody, or decline who has asked; or leave, if that is oneself."""
        return done(await desk.remove(caller, group_id, user_id, client_message_id))

    @router.put(
        "/{group_id}/members/{user_id}/role",
        status_code=201,
        responses=DONE,
        openapi_extra=takes("RoleRequest", {"role": "admin"}),
    )
    async def change_role(group_id: str, user_id: str, request: Request, caller: Sender) -> Response:
        """Promote or demote somebody, or hand the group over; owners may."""
        return done(await desk.change_role(caller, group_id, user_id, await body_of(request, RoleRequest)))

    @router.post(
        "/{group_id}/bans",
        status_code=201,
        responses=DONE,
        openapi_extra=takes("MemberRequest", {"user_id": "u3f2a9c…-us"}),
    )
    async def ban(group_id: str, request: Request, caller: Sender) -> Response:
        """Remove somebody, who may not come back; admins may."""
        return done(await desk.ban(caller, group_id, await body_of(request, MemberRequest)))

    @router.delete("/{group_id}/bans/{user_id}", status_code=201, responses=DONE)
    async def unban(group_id: str, user_id: str, caller: Sender, client_message_id: Name = None) -> Response:
        """Let somebody come back; admins may."""
        return done(await desk.unban(caller, group_id, user_id, client_message_id))

    @router.post(
        "/{group_id}/invites",
        status_code=201,
        responses=answers(201, "InviteView", 400, 401, 403, 404, 409, 413, 421, 422, 429),
        openapi_extra=takes("InviteRequest", {"expires_in": 86_400}),
    )
    async def invite(group_id: str, request: Request, caller: Sender) -> Response:
        """Make a link by which others may join until it expires; admins may."""
        return answer(await desk.invite(caller, group_id, await body_of(request, InviteRequest)), 201)

    @router.delete("/{group_id}/invites/{invite_id}", status_code=201, responses=DONE)
    async def end_invite(group_id: str, invite_id: str, caller: Sender, client_message_id: Name = None) -> Response:
        """End a link before it expires; admins may."""
        return done(await desk.end_invite(caller, group_id, invite_id, client_message_id))

    @router.post(
        "/{group_id}/join",
        status_code=201,
        responses=answers(
            201, "Message", 400, 401, 403, 404, 409, 410, 413, 421, 422, 429, also={200: "It was done before"}
        ),
        openapi_extra=takes("JoinRequest", {"token": "4f1c…"}),
    )
    async def join(group_id: str, request: Request, caller: Sender) -> Response:
        """Join by a link; where approval is needed, one has asked then (`kind` is `join_asked`)."""
        wanted = await body_of(request, JoinRequest)
        return done(await desk.join(caller, group_id, wanted.token, wanted.client_message_id))

    return router


def done(sent: Sent) -> Response:
    """Return the answer about what stands in a log now, or will."""
    return answer(sent.message, 201 if sent.created else 200)
