"""Carry one HTTP request to a gateway in another process, and its answer back."""

import asyncio
import contextlib
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import httpx
from starlette.types import Scope, Send

from infra.errors import NotFoundError
from infra.identity import host_name
from infra.internal import BRIDGED_HEADER
from infra.tls import public
from infra.trunk.client import TrunkPool
from relay.edge import metrics
from relay.edge.errors import BridgedTooOftenError, RegionSilentError, RegionUnreachableError

MOST_BRIDGED: Final = 3
LARGEST_ANSWER: Final = 32 * 1024 * 1024
"""Of a gateway; a page of 200 messages, each of which came in a request of 64 KiB at most, has less than half of it."""
LENGTH: Final = b"content-length"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_OWN: Final = frozenset(
    {
        # of this connection only: RFC 9110, 7.6.1
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        # made anew
        b"accept-encoding",
        LENGTH,
        b"host",
        b"x-forwarded-for",
        BRIDGED_HEADER,
    }
)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a gateway answered."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    content: bytes


def make_client(tls: ssl.SSLContext | None = None) -> httpx.AsyncClient:
    """Return a client for gateways: its idle connections are given up before their server does, which would look like a failure."""
    return httpx.AsyncClient(
        verify=public() if tls is None else tls,
        timeout=httpx.Timeout(10, connect=3, pool=3),
        limits=httpx.Limits(max_connections=256, max_keepalive_connections=32, keepalive_expiry=3),
        follow_redirects=False,
        trust_env=False,
    )


def bridged_headers(scope: Scope, region: str) -> list[tuple[bytes, bytes]]:
    """Return the headers that go on: end-to-end ones, who asked, and how often it was bridged.

    Raises:
        BridgedTooOftenError: It would be once more than is allowed.
    """
    headers: list[tuple[bytes, bytes]] = list(scope["headers"])
    # A device may write anything there; an edge writes one digit.
    counts = (int(value) for name, value in headers if name == BRIDGED_HEADER and len(value) == 1 and value.isdigit())
    count = 1 + max(counts, default=0)
    if count > MOST_BRIDGED:
        raise BridgedTooOftenError(count=count - 1, region=region)
    came_from = [value for name, value in headers if name == b"x-forwarded-for"]
    if scope.get("client"):
        came_from.append(scope["client"][0].encode())
    return [
        *end_to_end(headers),
        (b"accept-encoding", b"identity"),
        (b"x-forwarded-for", b", ".join(came_from)),
        (BRIDGED_HEADER, str(count).encode()),
    ]


def end_to_end(headers: Iterable[tuple[bytes, bytes]], *, length: int | None = None) -> list[tuple[bytes, bytes]]:
    """Return the headers that are not about one connection alone; names in lower case.

    Args:
        headers: As they came.
        length: Of the body as it is sent on, to stand where one was told; None: it is told elsewhere.
    """
    pairs = [(name.lower(), value) for name, value in headers]
    named = {token.strip().lower() for name, value in pairs if name == b"connection" for token in value.split(b",")}
    if length is not None:
        pairs = [(name, b"%d" % length if name == LENGTH else value) for name, value in pairs]
    left_out = (_OWN if length is None else _OWN - {LENGTH}) | named
    return [(name, value) for name, value in pairs if name not in left_out]


async def bridge(
    client: httpx.AsyncClient,
    url: str,
    region: str,
    *,
    scope: Scope,
    body: bytes,
    send: Send,
    deadline: float,
    pool: TrunkPool | None = None,
) -> None:
    """Carry a request to the region's gateway and its answer back.

    Args:
        client: From `make_client`.
        url: Of the gateway.
        region: Whose gateway it is.
        scope: The request.
        body: Its body.
        send: Where the answer goes.
        deadline: When to give up, by the event loop's clock.
        pool: Trunks to the same gateway; when they are all lost, nobody waits on.

    Raises:
        RegionUnreachableError: It was not sent, or only asked for something; nothing was done.
        RegionSilentError: It was sent, and no answer came.
        BridgedTooOftenError: It has been through too many regions.
        NotFoundError: No URL can have that path.
    """
    request = client.build_request(
        scope["method"],
        _url(url, scope),
        headers=bridged_headers(scope, region),
        content=body,
        extensions={"sni_hostname": host_name(region)},  # over TLS, nobody else may answer
    )
    with metrics.SECONDS.labels(region).time():
        response = await _ask(client, request, region, deadline=deadline, pool=pool)
    metrics.BRIDGED.labels(region, response.status).inc()
    await send({"type": "http.response.start", "status": response.status, "headers": _headers_of(response)})
    await send({"type": "http.response.body", "body": response.content})


def _headers_of(response: Answered) -> list[tuple[bytes, bytes]]:
    """Return an answer's headers in the order in which the gateway of this process would send them, so that nothing tells who did."""
    length = len(response.content)
    kept = end_to_end(response.headers, length=length)
    return kept if LENGTH in dict(kept) else [*kept, (LENGTH, b"%d" % length)]


def _url(url: str, scope: Scope) -> httpx.URL:
    path = scope.get("raw_path") or scope["path"].encode()
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    try:
        return httpx.URL(url).copy_with(raw_path=path + query)
    except (httpx.InvalidURL, UnicodeDecodeError) as error:  # such as `*`
        raise NotFoundError(what="path") from error


async def _ask(
    client: httpx.AsyncClient, request: httpx.Request, region: str, *, deadline: float, pool: TrunkPool | None
) -> Answered:
    safe = request.method in _SAFE
    failure: Exception
    try:
        async with asyncio.timeout_at(deadline) as limit:
            with contextlib.nullcontext() if pool is None else pool.hurrying(limit):
                return await _send(client, request, attempts=2 if safe else 1)
    except (httpx.TransportError, TimeoutError) as error:
        failure = error
    metrics.BRIDGED.labels(region, "unreachable").inc()
    if safe or isinstance(failure, _NOT_SENT):
        raise RegionUnreachableError(region=region) from failure
    raise RegionSilentError(region=region) from failure


async def _send(client: httpx.AsyncClient, request: httpx.Request, *, attempts: int) -> Answered:
    """Send a request, and again if the connection broke, but not if the region is silent."""
    for _ in range(attempts - 1):
        try:
            return await _read(client, request)
        except httpx.TimeoutException:
            raise
        except httpx.TransportError:
            await asyncio.sleep(0.05)
    return await _read(client, request)


async def _read(client: httpx.AsyncClient, request: httpx.Request) -> Answered:
    response = await client.send(request, stream=True)
    content = bytearray()
    try:
        async for piece in response.aiter_bytes():
            content += piece
            if len(content) > LARGEST_ANSWER:
                reason = "the answer is too large"
                raise httpx.RemoteProtocolError(reason)
    finally:
        await response.aclose()
    return Answered(response.status_code, response.headers.raw, bytes(content))
