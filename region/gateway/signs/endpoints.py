"""Endpoints of presence."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from infra.errors import InvalidFieldError
from region.accounts.tokens import AccessClaims
from region.gateway.admission import BEARER, residents
from region.gateway.callers import Callers
from region.gateway.openapi import answers
from region.gateway.schemas import answer
from region.gateway.signs.desk import PresenceDesk
from region.gateway.signs.residents import MOST
from region.gateway.signs.schemas import PresencesView, view
from replication.ids import is_user_id


def presences(*, callers: Callers, desk: PresenceDesk) -> APIRouter:
    """Return the endpoints of presence."""
    router = APIRouter(dependencies=[Depends(BEARER)])

    @router.get("/presence", responses=answers(200, "PresencesView", 400, 401, 404, 421, 422, 429))
    async def of(
        caller: Annotated[AccessClaims, Depends(residents(callers))],
        user_id: Annotated[list[str], Query(min_length=1, max_length=MOST, description="Repeat it for several.")],
    ) -> Response:
        """Return how friends are there; whoever is none is `unknown`, as is everybody whose home cannot be asked now."""
        if not all(map(is_user_id, user_id)):
            raise InvalidFieldError(field="user_id", reason="it is none")
        found = await desk.of(caller.sub, dict.fromkeys(user_id))
        return answer(PresencesView([view(user, presence) for user, presence in found.items()]))

    return router
