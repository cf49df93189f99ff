"""The directory's HTTP API for operators; sessions and passes come as bearer tokens."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from global_directory.operators.accounts import Accounts
from global_directory.operators.actors import Shown
from global_directory.operators.desk import Desk
from global_directory.operators.operations import Operations
from global_directory.operators.schemas import (
    Asked,
    Granted,
    LoggedIn,
    LoginRequest,
    NewOperator,
    OperationEnd,
    OperationRequest,
    OperatorsView,
    OperatorView,
    PasswordRequest,
    RoleRequest,
    Trace,
)
from infra.identity import caller_of


def router(desk: Desk) -> APIRouter:
    """Return what is to be served."""
    made = APIRouter()
    _offer_sessions(made, desk)
    _offer_operators(made, desk.accounts)
    _offer_operations(made, desk.operations)
    return made


def shown_by(request: Request) -> Shown:
    """Return what comes with a request."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return Shown(token.strip() if kind.lower() == "bearer" else "", caller_of(request.scope) or "")


def _offer_sessions(made: APIRouter, desk: Desk) -> None:
    @made.post("/operator-sessions", summary="Log in as an operator")
    async def login(wanted: LoginRequest, request: Request) -> LoggedIn:
        return await desk.logins.login(wanted, shown_by(request))

    @made.delete("/operator-sessions", status_code=204, summary="End all of one's sessions")
    async def logout(request: Request) -> None:
        await desk.accounts.logout(shown_by(request))


def _offer_operators(made: APIRouter, accounts: Accounts) -> None:
    @made.get("/operators", summary="Who the operators are")
    async def operators(request: Request) -> OperatorsView:
        return await accounts.operators(shown_by(request))

    @made.post("/operators", summary="Make a new operator")
    async def add(wanted: NewOperator, request: Request) -> OperatorView:
        return await accounts.add(shown_by(request), wanted)

    @made.put("/operators/{name}/role", status_code=204, summary="Let an operator do more, or less")
    async def set_role(name: str, wanted: RoleRequest, request: Request) -> None:
        await accounts.set_role(shown_by(request), name, wanted.role)

    @made.put("/operators/{name}/password", status_code=204, summary="Give an operator another password")
    async def set_password(name: str, wanted: PasswordRequest, request: Request) -> None:
        await accounts.set_password(shown_by(request), name, wanted)

    @made.delete("/operators/{name}", status_code=204, summary="Remove an operator")
    async def remove(name: str, request: Request) -> None:
        await accounts.remove(shown_by(request), name)


def _offer_operations(made: APIRouter, operations: Operations) -> None:
    @made.post("/operations", summary="Ask whether something may be done; it stands in the trace, whatever is answered")
    async def begin(wanted: OperationRequest, request: Request) -> Granted:
        return await operations.begin(shown_by(request), wanted)

    @made.post("/operations/{operation_id}/end", status_code=204, summary="Tell how it ended")
    async def end(operation_id: str, ended: OperationEnd, request: Request) -> None:
        await operations.end(shown_by(request), operation_id, ended)

    @made.get("/operations", summary="What operators did, and were refused; newest first")
    async def trace(  # noqa: PLR0917 — each is a way to choose
        request: Request,
        verb: str = "",
        target: str = "",
        who: str = "",
        result: str = "",
        since: Annotated[int, Query(ge=0, le=2**62)] = 0,
        most: Annotated[int, Query(ge=1, le=1_000)] = 100,
    ) -> Trace:
        return await operations.trace(shown_by(request), Asked(verb, target, who, result, since, most))
