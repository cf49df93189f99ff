"""Endpoints of blocks, and of who may begin to write."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from region.accounts.tokens import AccessClaims
from region.gateway.admission import BEARER, bearer_of, residents
from region.gateway.callers import Callers
from region.gateway.friends.restraints import Keeper
from region.gateway.friends.schemas import WritersView
from region.gateway.guards import Guards
from region.gateway.openapi import answers, takes
from region.gateway.schemas import answer, body_of

DONE = answers(204, None, 401, 404, 421, 422, 429)


def blocks(*, callers: Callers, keeper: Keeper, guards: Guards) -> APIRouter:
    """Return the endpoints of whom one keeps away."""
    router = APIRouter(dependencies=[Depends(BEARER)])

    async def changer(request: Request) -> AccessClaims:
        """Whoever changes something, as often as profiles may be changed."""
        caller = await callers.resident(bearer_of(request))
        await guards.block(caller.sub)
        return caller

    Resident = Annotated[AccessClaims, Depends(residents(callers))]  # noqa: N806 — it is a type
    Changer = Annotated[AccessClaims, Depends(changer)]  # noqa: N806 — it is a type

    @router.get("/blocks", responses=answers(200, "BlocksView", 401, 404, 421))
    async def listed(caller: Resident) -> Response:
        """List whom one blocks."""
        return answer(await keeper.blocks(caller))

    @router.put("/blocks/{user_id}", status_code=204, responses=DONE)
    async def block(user_id: str, caller: Changer) -> Response:
        """Block somebody, who is not told: what they send looks sent, stays `unread`, and is never shown."""
        await keeper.block(caller, user_id)
        return Response(status_code=204)

    @router.delete("/blocks/{user_id}", status_code=204, responses=DONE)
    async def unblock(user_id: str, caller: Changer) -> Response:
        """Show again what somebody sends from now on; what was stopped does not come back."""
        await keeper.unblock(caller, user_id)
        return Response(status_code=204)

    @router.get("/settings/writers", responses=answers(200, "WritersView", 401, 404, 421))
    async def writers(caller: Resident) -> Response:
        """Tell who may begin to write to one."""
        return answer(await keeper.writers(caller))

    @router.put(
        "/settings/writers",
        responses=answers(200, "WritersView", 400, 401, 404, 413, 421, 422, 429),
        openapi_extra=takes("WritersView", {"who": "friends"}),
    )
    async def choose(request: Request, caller: Changer) -> Response:
        """Say who may begin to write to one: `everyone` or `friends`. Conversations that have begun go on."""
        return answer(await keeper.choose(caller, (await body_of(request, WritersView)).who))

    return router
