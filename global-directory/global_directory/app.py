"""The directory's HTTP API, described by OpenAPI under `/docs`; spoken by `client`, inside the federation only."""

import json
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from global_directory.directory import Directory
from global_directory.errors import NotYoursError
from global_directory.holding.duties import Guard
from global_directory.holding.schemas import (
    Claim,
    DutiesView,
    DutyView,
    Grant,
    Keeping,
    LayingDown,
    LeaseRequest,
    Permit,
    ProposalsView,
    Sighted,
    TakeoverRequest,
)
from global_directory.operators.desk import Desk
from global_directory.operators.detector import Detector
from global_directory.operators.endpoints import router, shown_by
from global_directory.operators.errors import NoOperatorsError
from global_directory.operators.verbs import AT_WORK, HANDS_OVER
from global_directory.roll import Roll
from global_directory.schemas import (
    Announcement,
    Expulsions,
    Region,
    Regions,
    Reservation,
    ReserveRequest,
    TokenRequest,
    User,
)
from infra.bodies import BoundedBody
from infra.deadlines import USUAL_SECONDS, InTime
from infra.errors import CausewayError, MalformedRequestError, MethodNotAllowedError, NotFoundError
from infra.identity import DIRECTORY, caller_of

PROBLEM = "application/problem+json"


def make_app(
    directory: Directory,
    roll: Roll | None = None,
    operators: Desk | None = None,
    *,
    detector: Detector | None = None,
    seconds: float = USUAL_SECONDS,
) -> FastAPI:
    """Return the ASGI app that answers for a directory.

    Args:
        directory: The use cases.
        roll: Who was expelled, as far as is known without asking the store.
        operators: Who may act, beyond what regions do in their own names; without it nobody may.
        detector: Who lets standbys take over by themselves; without it nobody does.
        seconds: After how long a request is answered without what it waits for.
    """
    app = FastAPI(title="Causeway directory", description=__doc__, redirect_slashes=False)
    app.add_exception_handler(CausewayError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _no_such_path)
    app.add_middleware(BoundedBody)
    app.add_middleware(InTime, seconds=seconds)
    _offer_reservations(app, directory)
    _offer_lookups(app, directory)
    _offer_duties(app, directory, operators)
    _offer_claims(app, directory, operators, detector)
    _offer_sightings(app, directory, operators, detector)
    _offer_expulsion(app, directory, roll or Roll(directory), operators)
    if operators is not None:
        app.include_router(router(operators))
    return app


def _offer_reservations(app: FastAPI, directory: Directory) -> None:
    @app.post("/reservations", summary="Reserve a handle; fixes the user id")
    async def reserve(wanted: ReserveRequest, request: Request) -> Reservation:
        _only(wanted.home_region, request, "reserve a handle there")
        return await directory.reserve(wanted)

    @app.post("/reservations/confirm", summary="Make a reservation permanent")
    async def confirm(request: TokenRequest) -> User:
        return await directory.confirm(request.handle, request.token)

    @app.post("/reservations/release", status_code=204, summary="Give a reservation up")
    async def release(request: TokenRequest) -> None:
        await directory.release(request.handle, request.token)


def _offer_lookups(app: FastAPI, directory: Directory) -> None:
    @app.get("/handles/{handle}", summary="Who has a handle, in any spelling")
    async def find_handle(handle: str) -> User:
        return await directory.find_handle(handle)

    @app.get("/users/{user_id}", summary="Where a user lives")
    async def find_user(user_id: str) -> User:
        return await directory.find_user(user_id)

    @app.get("/regions", summary="Regions, their holders, endpoints and signing keys")
    async def regions() -> Regions:
        return await directory.regions()

    @app.put("/regions/{region}", summary="Announce a region")
    async def announce(region: str, announcement: Announcement, request: Request) -> Region:
        _only(region, request, "announce it")
        return await directory.announce(region, announcement)


def _offer_duties(app: FastAPI, directory: Directory, operators: Desk | None) -> None:
    @app.post("/regions/{region}/lease", summary="Grant a region's holder its lease anew")
    async def renew(region: str, wanted: LeaseRequest, request: Request) -> Grant:
        _only(wanted.holder, request, f"ask for the lease of {region}", or_else=region)
        return await directory.duties.renew(region, wanted)

    @app.post(
        "/regions/{region}/laying-down", summary="Take a region's lease back from its holder, for good in its epoch"
    )
    async def lay_down(region: str, wanted: LayingDown, request: Request) -> DutyView:
        _only(wanted.holder, request, f"lay the duties of {region} down", or_else=DIRECTORY)
        guard = await _by_an_operator_unless_a_region(region, request, operators)
        return await directory.duties.lay_down(region, wanted, guard=guard)

    @app.post("/regions/{region}/keepers", summary="Say who has everything that a region lets others have")
    async def keep(region: str, wanted: Keeping, request: Request) -> DutyView:
        _only(wanted.holder, request, f"say who keeps what {region} decides", or_else=region)
        return await directory.duties.keep(region, wanted)

    @app.get("/duties", summary="Who holds which region's duties, in which epoch, until when, and who stands by")
    async def duties() -> DutiesView:
        return await directory.duties.all()


def _offer_claims(app: FastAPI, directory: Directory, operators: Desk | None, detector: Detector | None) -> None:
    @app.post(
        "/regions/{region}/claim",
        summary="Begin the next epoch of a region's duties, as who stands by, or as who holds them",
    )
    async def claim(region: str, wanted: Claim, request: Request) -> DutyView:
        _only(wanted.claimer, request, f"claim the duties of {region}", or_else=DIRECTORY)
        guard = await _by_an_operator_unless_a_region(region, request, operators, claims=True)
        caller, shown = caller_of(request.scope), shown_by(request)
        if (
            detector is not None and caller != DIRECTORY and (caller or shown.token)
        ):  # while TLS is off, nobody is known
            if caller is None and not detector.gave(shown):
                guard = await _by_an_operator(region, request, operators, verbs=HANDS_OVER, claims=True)
            else:
                guard = detector.guard(shown, region, wanted.claimer)
        return await directory.duties.claim(region, wanted, guard=guard)

    @app.post("/regions/{region}/takeover", summary="Let who stands by take over by itself, or go on with that")
    async def take_over(region: str, wanted: TakeoverRequest, request: Request) -> Permit:
        _only(wanted.standby, request, f"take {region} over by itself")
        if detector is None:
            raise NoOperatorsError
        return await detector.permit(region, wanted.standby, came_by=shown_by(request).came_by)


def _offer_sightings(app: FastAPI, directory: Directory, operators: Desk | None, detector: Detector | None) -> None:
    @app.post(
        "/regions/{region}/sightings", summary="Tell what a region sees of the others; answers which are taken for down"
    )
    async def sighted(region: str, wanted: Sighted, request: Request) -> ProposalsView:
        _only(region, request, "tell what it sees", or_else=DIRECTORY)  # an evacuation tells of its plan
        await _by_an_operator_unless_a_region(region, request, operators, verbs=AT_WORK)
        return await directory.detection.report(region, wanted)

    @app.get("/proposals", summary="Regions that are taken for down, and what follows from that")
    async def proposals() -> ProposalsView:
        return await (directory.detection if detector is None else detector).proposals()


def _offer_expulsion(app: FastAPI, directory: Directory, roll: Roll, operators: Desk | None) -> None:
    @app.get("/expulsions", summary="Regions that were expelled from trust")
    async def expulsions() -> Expulsions:
        return Expulsions(tuple(sorted(await roll.expelled())))

    @app.put("/expulsions/{region}", status_code=204, summary="Expel a region from trust")
    async def expel(region: str, request: Request) -> None:
        _only(DIRECTORY, request, "expel a region")
        await _by_an_operator(region, request, operators, verbs=frozenset({"expel"}))
        await directory.expel(region)
        await roll.read()

    @app.delete("/expulsions/{region}", status_code=204, summary="Trust a region again")
    async def readmit(region: str, request: Request) -> None:
        _only(DIRECTORY, request, "readmit a region")
        await _by_an_operator(region, request, operators, verbs=frozenset({"readmit"}))
        await directory.readmit(region)
        await roll.read()


def _only(owner: str, request: Request, what: str, *, or_else: str = "") -> None:
    """Refuse whoever is neither of those two; while TLS is off, nobody is known."""
    caller = caller_of(request.scope)
    if caller is not None and caller not in {owner, or_else}:
        raise NotYoursError(caller=caller, what=what, owner=owner)


async def _by_an_operator(
    target: str, request: Request, operators: Desk | None, *, verbs: frozenset[str], claims: bool = False
) -> Guard:
    """Refuse whoever shows no pass of an operator for that; return what looks again in the transaction of what is done."""
    if operators is None:
        raise NoOperatorsError
    await operators.operations.admit(shown_by(request), target, verbs=verbs)
    return operators.operations.guard(shown_by(request), claims=claims)


async def _by_an_operator_unless_a_region(
    region: str,
    request: Request,
    operators: Desk | None,
    *,
    verbs: frozenset[str] = HANDS_OVER,
    claims: bool = False,
) -> Guard | None:
    """As above, where the directory's own certificate is shown: a region does in its own name what it decides by itself."""
    if caller_of(request.scope) == DIRECTORY:
        return await _by_an_operator(region, request, operators, verbs=verbs, claims=claims)
    return None


def _problem(error: CausewayError) -> Response:
    return Response(json.dumps(error.problem(), default=str), status_code=error.status, media_type=PROBLEM)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, CausewayError)
    return _problem(error)


async def _malformed(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    reasons = (f"{'.'.join(str(part) for part in item['loc'])}: {item['msg'].lower()}" for item in error.errors())
    return _problem(MalformedRequestError(reason="; ".join(reasons)))


async def _no_such_path(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.NOT_FOUND:
        return _problem(NotFoundError(what="path"))
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        refused = _problem(MethodNotAllowedError(method=request.method))
        refused.headers.update(error.headers or {})
        return refused
    return _problem(MalformedRequestError(reason=error.detail))
