"""Carries signs to other regions: many at once, in order, never again; what cannot be carried now is shed."""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import httpx
import msgspec
import structlog

from infra.identity import host_name
from infra.internal import REGION_HEADER
from infra.tasks import heed_cancellation
from infra.tls import public
from infra.ways import Ways
from region.gateway.signs import metrics
from region.gateway.signs.typing import LATE_SECONDS, Carried

log = structlog.get_logger()

PATH: Final = "/internal/typing"
"""Where a gateway's internal port takes signs; not what an edge carries for a device."""
MOST_WAITING: Final = 500
"""Signs that wait for one region."""
MOST_AT_ONCE: Final = 100
MOST_BYTES: Final = 48 * 1024
"""Of one request; a region reads 64 KiB."""
CARRY_SECONDS: Final = 1.5
"""How long a region may take; then they are shed."""
SILENT_SECONDS: Final = 2.0
"""How long nothing is carried to a region that did not take anything."""
LARGEST_ANSWER: Final = 1024

_encoder = msgspec.json.Encoder()


class Carriers:
    """One queue for each other region; `run` empties them."""

    def __init__(
        self,
        region: str,
        urls: Mapping[str, str] | Ways,
        *,
        tell: Callable[[Callable[[frozenset[str]], None]], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; as `infra.peers.Peers`, with a clock in seconds, monotonic."""
        self._headers = {REGION_HEADER.decode(): region, "content-type": "application/json"}
        self._ways = Ways.of(urls)
        self._clock = clock
        self._expelled: frozenset[str] = frozenset()
        self._silent_until: dict[str, float] = {}
        self._waiting: dict[str, deque[tuple[float, Carried]]] = {name: deque() for name in self._ways.names}
        self._came = {name: asyncio.Event() for name in self._ways.names}
        tell(self.expel)

    def expel(self, regions: frozenset[str]) -> None:
        """From now on tell these nothing, but again those that were named before."""
        self._expelled = regions

    def offer(self, region: str, signs: Iterable[Carried]) -> None:
        """Have a region told soon, unless it cannot be."""
        now = self._clock()
        for sign in signs:
            if region not in self._waiting or region in self._expelled or now < self._silent_until.get(region, 0.0):
                metrics.TYPING["region"].inc()
            elif len(self._waiting[region]) >= MOST_WAITING:
                metrics.TYPING["busy"].inc()
            else:
                self._waiting[region].append((now, sign))
                self._came[region].set()

    async def run(self, tls: ssl.SSLContext | None, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Carry until cancelled.

        Args:
            tls: How it is verified who takes them; None in plain text.
            transport: What carries requests; connections by default.
        """
        limits = httpx.Limits(max_connections=16, keepalive_expiry=3)
        client = httpx.AsyncClient(
            verify=tls or public(), timeout=CARRY_SECONDS, limits=limits, transport=transport, trust_env=False
        )
        async with client, asyncio.TaskGroup() as group:
            for region in self._waiting:
                group.create_task(self._carry_all(region, client))
            await asyncio.Event().wait()

    async def _carry_all(self, region: str, client: httpx.AsyncClient) -> None:
        waiting, came = self._waiting[region], self._came[region]
        while True:
            heed_cancellation()
            came.clear()
            if not waiting:
                await came.wait()
                continue
            content, count = self._load(waiting)
            if not count:
                continue
            try:
                async with asyncio.timeout(CARRY_SECONDS):
                    await self._carry(region, client, content)
            except (httpx.HTTPError, TimeoutError, ValueError) as error:
                self._silent_until[region] = self._clock() + SILENT_SECONDS
                metrics.TYPING["region"].inc(count + len(waiting))
                waiting.clear()
                log.info("signs not carried", region=region, problem=type(error).__name__)

    def _load(self, waiting: deque[tuple[float, Carried]]) -> tuple[bytes, int]:
        """Take what goes into one request; return it, and how many signs it holds. What waited for too long is shed."""
        earliest, parts, size = self._clock() - LATE_SECONDS, list[bytes](), 2
        while waiting and len(parts) < MOST_AT_ONCE and size < MOST_BYTES:
            at, sign = waiting.popleft()
            if at < earliest:
                metrics.TYPING["late"].inc()
                continue
            parts.append(_encoder.encode(sign))
            size += len(parts[-1]) + 1
        return b"[" + b",".join(parts) + b"]", len(parts)

    async def _carry(self, region: str, client: httpx.AsyncClient, content: bytes) -> None:
        known, only = self._ways.url(region), {"sni_hostname": host_name(region)}
        if not known:
            reason = "there is no way to where its duties are held"
            raise ValueError(reason)
        url = known + PATH
        async with client.stream("POST", url, content=content, headers=self._headers, extensions=only) as response:
            response.raise_for_status()
            read = 0
            async for part in response.aiter_bytes():
                read += len(part)
                if read > LARGEST_ANSWER:
                    reason = "the answer is too large"
                    raise ValueError(reason)
