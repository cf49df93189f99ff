"""The HTTP app: FastAPI with problem details for every error, limits of size, and OpenAPI made from `schemas`."""

from collections.abc import Mapping
from typing import Final, cast

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from psycopg.errors import UndefinedTable
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from infra.bodies import BoundedBody
from infra.errors import (
    CausewayError,
    InvalidFieldError,
    MalformedRequestError,
    MethodNotAllowedError,
    NotFoundError,
    OutcomeUnknownError,
    UnavailableError,
)
from infra.postgres import STORE_FAILURES
from infra.telling import told
from region.gateway import lenient
from region.gateway.asyncapi import describe
from region.gateway.errors import InternalError
from region.gateway.schemas import schema_components

log = structlog.get_logger()

SAFE: Final = frozenset({"GET", "HEAD"})
LATER: Final = frozenset({429, 503})
RETRY_SECONDS: Final = 1
"""After how many seconds to come again, if the error does not say."""
PROBLEM: Final = "application/problem+json"

DESCRIPTION: Final = """
Causeway is a federated messenger. Any region's URL serves any user. Log in, then send the access token as
`Authorization: Bearer …`. Every error is a problem (RFC 9457) with a stable `code`; `definite` says whether the request
certainly changed nothing. Repeat what is not definite, or has status 503, with the same `client_message_id`.
The WebSocket is described by `/asyncapi.json`.
"""


def make_app(routers: Mapping[str, APIRouter]) -> FastAPI:
    """Return the HTTP app.

    Args:
        routers: Endpoints by the tag that they are shown under. A path that differs from theirs is none: a redirect would name the
            host that the request did, or this gateway's own address.
    """
    app = FastAPI(title="Causeway", version="0.1.0", description=DESCRIPTION, redoc_url=None, redirect_slashes=False)
    for tag, router in routers.items():
        app.include_router(router, tags=[tag])
    app.state.endpoints = [route for router in routers.values() for route in router.routes]
    app.add_exception_handler(CausewayError, _on_error)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    for kind in (*STORE_FAILURES, UndefinedTable):
        app.add_exception_handler(kind, _on_away)
    app.add_exception_handler(Exception, _on_anything)
    app.add_middleware(BoundedBody)
    app.add_middleware(lenient.WithoutEmpty)

    def openapi() -> dict[str, object]:
        if not app.openapi_schema:
            schema = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
            components = schema.setdefault("components", {})
            components["schemas"] = dict(schema_components())
            for path in schema["paths"].values():
                for operation in path.values():
                    _forget_fastapis_errors(operation["responses"])
                    lenient.describe(operation, components["schemas"])
            app.openapi_schema = schema
        return app.openapi_schema

    async def asyncapi(_: Request) -> Response:
        return Response(describe(app.title, app.version), media_type="application/json")

    app.add_route("/asyncapi.json", asyncapi, include_in_schema=False)
    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI documents this as the way to extend it
    return app


def _forget_fastapis_errors(responses: dict[str, dict[str, object]]) -> None:
    """Take out the 422 that FastAPI adds where no endpoint of ours gives one: errors look otherwise here."""
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]


def problem(error: CausewayError) -> Response:
    """Return the response of an error."""
    content = error.problem()
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}  # noqa: PLR2004
    if content["status"] in LATER:
        headers["Retry-After"] = str(error.details.get("retry_after", RETRY_SECONDS))
    return JSONResponse(content, cast("int", content["status"]), headers=headers, media_type=PROBLEM)


async def _on_error(_: Request, error: Exception) -> Response:
    return problem(cast("CausewayError", error))


async def _on_http(request: Request, error: Exception) -> Response:
    status = cast("HTTPException", error).status_code
    if status == 404:  # noqa: PLR2004
        return problem(NotFoundError(what="path"))
    if status == 405:  # noqa: PLR2004
        response = problem(MethodNotAllowedError(method=request.method))
        response.headers["Allow"] = ", ".join(_methods(request))
        return response
    return problem(MalformedRequestError(reason=str(cast("HTTPException", error).detail)))


def _methods(request: Request) -> list[str]:
    """Return the methods of all endpoints at that path; Starlette names those of the first alone."""
    found: set[str] = set()
    for route in request.app.state.endpoints:
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return sorted(found)


async def _on_validation(_: Request, error: Exception) -> Response:
    first = cast("RequestValidationError", error).errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:]) or "request"
    return problem(InvalidFieldError(field=field[:64], reason=str(first["msg"]).lower()))


async def _on_away(request: Request, error: Exception) -> Response:
    log.warning("store away", problem=told(error))
    if request.method in SAFE:
        return problem(UnavailableError(what="The store"))
    return problem(OutcomeUnknownError(what="The request"))


async def _on_anything(request: Request, error: Exception) -> Response:
    log.error("request failed", method=request.method, path=request.scope.get("path"), exc_info=error)
    return problem(InternalError())
