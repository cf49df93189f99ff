"""HTTP and WebSocket over aiohttp: typed calls, and fail-over from one endpoint to the next."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import aiohttp
import msgspec

from region.client.answers import Problem
from region.client.backoff import Backoff, longer
from region.client.errors import ClientError, ProblemError, UnreachableError

T = TypeVar("T")

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 15.0
CLOSE_SECONDS = 2.0
HEARTBEAT_SECONDS = 15.0
FRAME_LIMIT = 1024 * 1024
FIRST_FAILURE = 300
UNAUTHORIZED = 401
TOO_MANY_REQUESTS = 429
WORTH_REPEATING = frozenset({TOO_MANY_REQUESTS, 502, 503, 504})

TokenSource = Callable[[str | None], Awaitable[str]]
"""Gives an access token, unlike the one named."""


class Transport:
    """How one device reaches the federation.

    Attributes:
        endpoint: The endpoint in use: the base URL of a region.
    """

    def __init__(self, endpoints: Sequence[str], *, patience: float) -> None:
        """Prepare to connect.

        Args:
            endpoints: Base URLs of regions, the preferred one first.
            patience: How long a call is repeated, seconds, while no endpoint answers.
        """
        if not endpoints:
            message = "a client needs one endpoint at least"
            raise ValueError(message)
        self._endpoints = [endpoint.rstrip("/") for endpoint in endpoints]
        self._current = 0
        self._patience = patience
        self._http: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """What carries requests to others than regions."""
        assert self._http is not None
        return self._http

    @property
    def endpoint(self) -> str:
        """The endpoint in use."""
        return self._endpoints[self._current]

    def fail_over(self, failed: str) -> None:
        """Use the next endpoint, unless somebody did already."""
        if failed == self.endpoint:
            self._current = (self._current + 1) % len(self._endpoints)

    async def open(self) -> None:
        """Begin."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS, sock_connect=CONNECT_SECONDS)
        self._http = aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=64))

    async def close(self) -> None:
        """Close every connection."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        gives: type[T],
        body: msgspec.Struct | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        tokens: TokenSource | None = None,
    ) -> T:
        """Call an endpoint; every call here may be repeated without harm, and is until somebody answers or patience ends.

        Args:
            method: The HTTP method.
            path: With its leading slash.
            gives: The type of the answer; NoneType for none.
            body: What is sent as JSON.
            query: The query's parameters.
            headers: More headers.
            tokens: Where to get the access token; None calls without.

        Raises:
            ProblemError: The region turned it down.
            UnreachableError: Nobody answered.
            LoggedOutError: There is no session.
        """
        loop = asyncio.get_running_loop()
        backoff, deadline = Backoff(cap=2.0), loop.time() + self._patience
        refused: str | None = None
        definite = True
        while True:
            endpoint = self.endpoint
            token = None if tokens is None else await tokens(refused)
            failure: ClientError
            asked = 0.0
            try:
                status, content, asked = await self._once(
                    method, endpoint + path, body, query, {**(headers or {}), **_bearer(token)}
                )
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                definite = definite and isinstance(error, aiohttp.ClientConnectorError)
                failure = UnreachableError(f"{endpoint} does not answer: {type(error).__name__}.", definite=definite)
                self.fail_over(endpoint)
            else:
                if status < FIRST_FAILURE:
                    return _read(content, gives)
                if status == UNAUTHORIZED and token is not None and refused is None:
                    refused = token
                    continue
                failure = _problem(status, content)
                if status not in WORTH_REPEATING:
                    raise failure
                definite = definite and failure.definite
                if status != TOO_MANY_REQUESTS:
                    self.fail_over(endpoint)
            delay = max(backoff.next(), longer(asked))
            if loop.time() + delay > deadline:
                raise failure
            await asyncio.sleep(delay)

    @contextlib.asynccontextmanager
    async def socket(self, token: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open the device's WebSocket through the endpoint in use, and close it at the end.

        Raises:
            aiohttp.ClientError: It could not be opened; `WSServerHandshakeError` has the status of the refusal.
            TimeoutError: Nobody answered.
        """
        assert self._http is not None
        timeout = aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS)
        async with asyncio.timeout(ANSWER_SECONDS):
            socket = await self._http.ws_connect(
                self.endpoint + "/ws",
                headers=_bearer(token),
                heartbeat=HEARTBEAT_SECONDS,
                max_msg_size=FRAME_LIMIT,
                timeout=timeout,
            )
        try:
            yield socket
        finally:
            # aiohttp waits for the answer to the close anew with each message that still comes.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await socket.close()

    async def _once(
        self,
        method: str,
        url: str,
        body: msgspec.Struct | None,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str],
    ) -> tuple[int, bytes, float]:
        assert self._http is not None
        data = None if body is None else msgspec.json.encode(body)
        content_type = {} if body is None else {"Content-Type": "application/json"}
        async with self._http.request(
            method, url, data=data, params=query, headers={**headers, **content_type}
        ) as response:
            return response.status, await response.read(), _retry_after(response.headers.get("Retry-After", ""))


def _retry_after(value: str) -> float:
    """Return for how many seconds a region asks to wait; 0 if it does not, or names a date."""
    return float(value) if value.isdecimal() and len(value) < 6 else 0.0  # noqa: PLR2004  # more than a day is no waiting


def _bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def _read(content: bytes, gives: type[T]) -> T:
    try:
        return msgspec.json.decode(content or b"null", type=gives)
    except msgspec.DecodeError as error:
        raise ProblemError(
            "unreadable-answer", f"The region's answer cannot be read: {error}.", definite=False
        ) from error


def _problem(status: int, content: bytes) -> ProblemError:
    try:
        problem = msgspec.json.decode(content, type=Problem)
    except msgspec.DecodeError:
        problem = Problem(detail=f"The region answered {status}.")
    return ProblemError(problem.code, problem.detail, status=status, definite=problem.definite)
