"""Asks the directory about operators and operations, as who has a session or a pass."""

from dataclasses import asdict
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote, urlencode

import httpx

from global_directory.operators.schemas import (
    Asked,
    Granted,
    LoggedIn,
    LoginRequest,
    NewOperator,
    OperationEnd,
    OperationRequest,
    OperationView,
    OperatorsView,
    OperatorView,
    PasswordRequest,
    RoleRequest,
    Trace,
)
from global_directory.place import ATTEMPTS, SECONDS
from global_directory.transport import Transport
from infra.identity import DIRECTORY
from infra.tls import MutualTls, PeerTransport

_LIMITS: Final = httpx.Limits(max_connections=2, max_keepalive_connections=1, keepalive_expiry=4)


class OperatorsClient:
    """An async context manager; its methods raise what the directory refuses, or that it cannot be reached."""

    def __init__(
        self,
        url: str,
        *,
        tls: MutualTls | None = None,
        token: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Prepare.

        Args:
            url: Of the directory's HTTP API.
            tls: With what certificate to come; None: in plain text.
            token: A session, or a pass.
            transport: What carries requests, instead of the network.
        """
        self._http = httpx.AsyncClient(
            base_url=url,
            timeout=httpx.Timeout(SECONDS, connect=SECONDS / 3),
            transport=transport or PeerTransport(DIRECTORY, tls, limits=_LIMITS),
            trust_env=False,
            headers={"authorization": f"Bearer {token}"} if token else {},
        )
        self._transport = Transport(self._http, attempts=ATTEMPTS)

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        await self._http.aclose()

    async def login(self, name: str, password: str) -> LoggedIn:
        """Log in."""
        return await self._transport.call(
            "POST",
            "/operator-sessions",
            LoggedIn,
            name="operator_login",
            body=LoginRequest(name, password),
        )

    async def logout(self) -> None:
        """End all of one's sessions."""
        await self._transport.call("DELETE", "/operator-sessions", type(None), name="operator_logout", changes=True)

    async def operators(self) -> tuple[OperatorView, ...]:
        """Return who the operators are, sorted by name."""
        return (await self._transport.call("GET", "/operators", OperatorsView, name="operators")).operators

    async def add(self, name: str, role: str, password: str = "") -> OperatorView:
        """Make a new operator."""
        wanted = NewOperator(name, role, password)
        return await self._transport.call(
            "POST", "/operators", OperatorView, name="operator_add", body=wanted, changes=True
        )

    async def set_role(self, name: str, role: str) -> None:
        """Let an operator do more, or less."""
        await self._put(name, "role", RoleRequest(role))

    async def set_password(self, name: str, password: str) -> None:
        """Give an operator another password."""
        await self._put(name, "password", PasswordRequest(password))

    async def remove(self, name: str) -> None:
        """Remove an operator."""
        path = f"/operators/{quote(name, safe='')}"
        await self._transport.call("DELETE", path, type(None), name="operator_remove", changes=True)

    async def begin(self, wanted: OperationRequest) -> Granted:
        """Ask whether something may be done."""
        return await self._transport.call(
            "POST", "/operations", Granted, name="operation_begin", body=wanted, changes=True
        )

    async def end(self, operation_id: str, ended: OperationEnd) -> None:
        """Tell how it ended."""
        path = f"/operations/{quote(operation_id, safe='')}/end"
        await self._transport.call("POST", path, type(None), name="operation_end", body=ended, changes=True)

    async def trace(self, asked: Asked) -> tuple[OperationView, ...]:
        """Return lines of the trace, newest first."""
        query = urlencode({key: value for key, value in asdict(asked).items() if value})
        return (await self._transport.call("GET", f"/operations?{query}", Trace, name="operations")).operations

    async def _put(self, name: str, what: str, body: RoleRequest | PasswordRequest) -> None:
        path = f"/operators/{quote(name, safe='')}/{what}"
        await self._transport.call("PUT", path, type(None), name=f"operator_{what}", body=body, changes=True)
