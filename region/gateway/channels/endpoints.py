"""Endpoints of channels."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AfterValidator
from starlette.responses import Response

from region.accounts.tokens import AccessClaims
from region.gateway.admission import BEARER, residents, senders
from region.gateway.callers import Callers
from region.gateway.channels.desk import ChannelDesk
from region.gateway.channels.finding import MOST
from region.gateway.channels.schemas import ChannelChangeRequest, ChannelRequest, ChannelRoleRequest, SubscribeRequest
from region.gateway.groups.endpoints import DONE, Name, done
from region.gateway.groups.schemas import GroupSendRequest, InviteRequest, MemberRequest
from region.gateway.guards import Guards
from region.gateway.http_messages import USUAL, Cursor, Limit, Log
from region.gateway.messages import Asked
from region.gateway.openapi import answers, at_most, takes
from region.gateway.schemas import answer, body_of


def channels(*, callers: Callers, desk: ChannelDesk, guards: Guards) -> APIRouter:  # noqa: C901 — one function an endpoint
    """Return the endpoints of channels."""
    router = APIRouter(dependencies=[Depends(BEARER)], prefix="/channels")

    Resident = Annotated[AccessClaims, Depends(residents(callers))]  # noqa: N806 — it is a type
    Sender = Annotated[AccessClaims, Depends(senders(callers, guards))]  # noqa: N806 — it is a type

    @router.post(
        "",
        status_code=201,
        responses=answers(201, "ChannelView", 400, 401, 404, 409, 413, 421, 422, 429, also={200: "It was made before"}),
        openapi_extra=takes("ChannelRequest", {"name": "News", "public": True}),
    )
    async def create(request: Request, caller: Sender) -> Response:
        """Make a channel; the caller is its owner, and the caller's home region decides in it."""
        made = await desk.begin(caller, await body_of(request, ChannelRequest))
        return answer(made.channel, 201 if made.created else 200)

    @router.get("", responses=answers(200, "FoundChannels", 400, 401, 421, 422, 429))
    async def find(
        *,
        caller: Resident,
        query: Annotated[str, Query(max_length=256)],
        limit: Annotated[int, Query(ge=1), AfterValidator(at_most(MOST))] = 20,
    ) -> Response:
        """Find public channels of all regions by the beginning of any word of their names, whatever case and accents."""
        await guards.find(caller.sub)
        return answer(await desk.find(query, limit))

    @router.get("/{channel_id}", responses=answers(200, "ChannelView", 401, 404, 421, 429))
    async def one(channel_id: str, caller: Resident) -> Response:
        """Return a channel. For whoever never was subscribed, it does not exist unless it is public."""
        return answer(await desk.look(caller, channel_id))

    @router.patch(
        "/{channel_id}", status_code=201, responses=DONE, openapi_extra=takes("ChannelChangeRequest", {"slow": 60})
    )
    async def change(channel_id: str, request: Request, caller: Sender) -> Response:
        """Change what a channel is called, who may come and how fast posters post; owners may."""
        return done(await desk.alter(caller, channel_id, await body_of(request, ChannelChangeRequest)))

    @router.get("/{channel_id}/messages", responses=answers(200, "Page", 400, 401, 404, 421, 422, 429))
    async def page(
        *,
        channel_id: str,
        caller: Resident,
        limit: Limit = USUAL,
        before: Cursor = None,
        after: Cursor = None,
        log: Log = False,
    ) -> Response:
        """Page through a channel's posts: newest first, or with `after` oldest first. A stranger is shown the newest of a public one."""
        return answer(await desk.page(caller, Asked(None, channel_id, limit, before, after, log)))

    @router.post(
        "/{channel_id}/message",
        status_code=201,
        responses=DONE,
        openapi_extra=takes("GroupSendRequest", {"text": "Hello, all"}),
    )
    async def post(channel_id: str, request: Request, caller: Sender) -> Response:
        """Post; owners and posters may. See `POST /messages`."""
        return done(await desk.post(caller, channel_id, await body_of(request, GroupSendRequest)))

    @router.get("/{channel_id}/messages/{message_id}/views", responses=answers(200, "Views", 401, 404, 421, 429))
    async def views(channel_id: str, message_id: str, caller: Resident) -> Response:
        """Tell about how many subscribers have seen a post: those who have read up to it, where their regions answer."""
        return answer(await desk.views(caller, channel_id, message_id))

    @router.post(
        "/{channel_id}/subscribers",
        status_code=201,
        responses=answers(
            201, "Message", 400, 401, 403, 404, 409, 410, 413, 421, 422, 429, also={200: "It was done before"}
        ),
        openapi_extra=takes("SubscribeRequest", {"token": "4f1c…"}),
    )
    async def subscribe(channel_id: str, request: Request, caller: Sender) -> Response:
        """Subscribe: to a public channel just so, to another by a link's token."""
        return done(await desk.subscribe(caller, channel_id, await body_of(request, SubscribeRequest)))

    @router.delete("/{channel_id}/subscribers/{user_id}", status_code=201, responses=DONE)
    async def remove(channel_id: str, user_id: str, caller: Sender, client_message_id: Name = None) -> Response:
        """Leave, if that is oneself; else remove somebody, which owners may."""
        return done(await desk.remove(caller, channel_id, user_id, client_message_id))

    @router.put(
        "/{channel_id}/subscribers/{user_id}/role",
        status_code=201,
        responses=DONE,
        openapi_extra=takes("ChannelRoleRequest", {"role": "poster"}),
    )
    async def give_role(channel_id: str, user_id: str, request: Request, caller: Sender) -> Response:
        """Promote or demote somebody, or hand the channel over; owners may."""
        return done(await desk.give_role(caller, channel_id, user_id, await body_of(request, ChannelRoleRequest)))

    @router.get("/{channel_id}/staff", responses=answers(200, "Staff", 401, 404, 421))
    async def staff(channel_id: str, caller: Resident) -> Response:
        """List a channel's owners and posters."""
        return answer(await desk.staff(caller, channel_id))

    @router.post(
        "/{channel_id}/bans",
        status_code=201,
        responses=DONE,
        openapi_extra=takes("MemberRequest", {"user_id": "u3f2a9c…-us"}),
    )
    async def ban(channel_id: str, request: Request, caller: Sender) -> Response:
        """Remove somebody, who may not come back; owners may."""
        return done(await desk.ban(caller, channel_id, await body_of(request, MemberRequest)))

    @router.delete("/{channel_id}/bans/{user_id}", status_code=201, responses=DONE)
    async def unban(channel_id: str, user_id: str, caller: Sender, client_message_id: Name = None) -> Response:
        """Let somebody come back; owners may."""
        return done(await desk.unban(caller, channel_id, user_id, client_message_id))

    @router.post(
        "/{channel_id}/invites",
        status_code=201,
        responses=answers(201, "ChannelInviteView", 400, 401, 403, 404, 409, 413, 421, 422, 429),
        openapi_extra=takes("InviteRequest", {"expires_in": 86_400}),
    )
    async def invite(channel_id: str, request: Request, caller: Sender) -> Response:
        """Make a link by which others may subscribe until it expires; owners may."""
        return answer(await desk.link(caller, channel_id, await body_of(request, InviteRequest)), 201)

    @router.delete("/{channel_id}/invites/{invite_id}", status_code=201, responses=DONE)
    async def end_invite(channel_id: str, invite_id: str, caller: Sender, client_message_id: Name = None) -> Response:
        """End a link before it expires; owners may."""
        return done(await desk.end_invite(caller, channel_id, invite_id, client_message_id))

    return router
