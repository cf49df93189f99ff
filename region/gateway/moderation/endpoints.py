"""Endpoints of reports, and of moderators."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from region.accounts.tokens import AccessClaims
from region.gateway.admission import BEARER, residents
from region.gateway.callers import Callers
from region.gateway.guards import Guards
from region.gateway.moderation.desk import ModerationDesk
from region.gateway.moderation.schemas import ReportRequest, SuspendRequest
from region.gateway.openapi import answers, takes
from region.gateway.schemas import answer, body_of

DONE = answers(204, None, 400, 401, 403, 404, 413, 421, 422)


def moderating(*, callers: Callers, desk: ModerationDesk, guards: Guards) -> APIRouter:
    """Return the endpoints of moderation."""
    router = APIRouter(dependencies=[Depends(BEARER)])

    Resident = Annotated[AccessClaims, Depends(residents(callers))]  # noqa: N806 — it is a type

    @router.post(
        "/reports",
        status_code=204,
        responses=answers(204, None, 400, 401, 404, 413, 421, 422, 429),
        openapi_extra=takes("ReportRequest", {"user_id": "u3f2a9c…-us", "reason": "Sells what is not theirs"}),
    )
    async def report(request: Request, caller: Resident) -> Response:
        """Report a user, or a message that one can see, to the moderators where who is reported lives."""
        wanted = await body_of(request, ReportRequest)
        await guards.report(caller.sub)
        await desk.report(caller, wanted)
        return Response(status_code=204)

    @router.get("/moderation/reports", responses=answers(200, "ReportsView", 401, 403, 404, 421))
    async def queue(caller: Resident) -> Response:
        """List the open reports, the oldest first; for moderators."""
        return answer(await desk.queue(caller))

    @router.get("/moderation/reports/{report_id}", responses=answers(200, "ReportView", 401, 403, 404, 421))
    async def one(report_id: str, caller: Resident) -> Response:
        """Return a report, decided or not; for moderators."""
        return answer(await desk.one(caller, report_id))

    @router.post("/moderation/reports/{report_id}/dismiss", status_code=204, responses=DONE)
    async def dismiss(report_id: str, caller: Resident) -> Response:
        """Close a report without consequences; for moderators."""
        await desk.dismiss(caller, report_id)
        return Response(status_code=204)

    @router.post("/moderation/reports/{report_id}/delete", status_code=204, responses=DONE)
    async def delete(report_id: str, caller: Resident) -> Response:
        """Take the reported message away from everybody, and close the report; for moderators."""
        await desk.delete(caller, report_id)
        return Response(status_code=204)

    @router.put(
        "/moderation/suspensions/{user_id}",
        status_code=204,
        responses=DONE,
        openapi_extra=takes("SuspendRequest", {"why": "You sold what was not yours."}),
    )
    async def suspend(user_id: str, request: Request, caller: Resident) -> Response:
        """Suspend an account of this region, and close its open reports; for moderators."""
        await desk.suspend(caller, user_id, (await body_of(request, SuspendRequest)).why)
        return Response(status_code=204)

    @router.delete("/moderation/suspensions/{user_id}", status_code=204, responses=DONE)
    async def restore(user_id: str, caller: Resident) -> Response:
        """Let a suspended account log in again; for moderators."""
        await desk.restore(caller, user_id)
        return Response(status_code=204)

    return router
