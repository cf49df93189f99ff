"""Asks other regions' gateways how their users are there: within a deadline, and not at all for a moment after one was silent."""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Final

import httpx
import msgspec
import structlog

from infra.internal import REGION_HEADER, ask
from region.gateway.signs import metrics
from region.gateway.signs.presence import Presence, believed
from region.gateway.signs.residents import PATH
from replication.codec import DAMAGE

log = structlog.get_logger()

ASK_SECONDS: Final = 1.5
"""How long another region may take; then its users are unknown."""
SILENT_SECONDS: Final = 2.0
"""How long it is not asked after it did not answer, so that not everybody waits for it."""
AT_ONCE: Final = 8
"""Questions to one region under way; one more is given up, not kept waiting."""
MOST_BYTES: Final = 64 * 1024
"""The largest answer that is read; an honest one has a tenth."""

_decoder = msgspec.json.Decoder(dict[str, Presence])


class Neighbours:
    """The other regions, by their gateways' internal ports."""

    def __init__(
        self,
        region: str,
        urls: Mapping[str, str],
        *,
        tell: Callable[[Callable[[frozenset[str]], None]], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            region: This region.
            urls: Other region to the URL of its gateway's internal port.
            tell: Takes what wants to be told which regions are expelled from trust.
            clock: Seconds, monotonic.
        """
        self._headers = {REGION_HEADER.decode(): region}
        self._urls = dict(urls)
        self._clock = clock
        self._expelled: frozenset[str] = frozenset()
        self._silent_until: dict[str, float] = {}
        self._asking: Counter[str] = Counter()
        self._client: httpx.AsyncClient | None = None
        tell(self.expel)

    async def run(self, tls: ssl.SSLContext | None, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Hold what asks open, until cancelled; without it nobody answers.

        Args:
            tls: How it is verified who answers; None in plain text.
            transport: What carries requests; connections by default.
        """
        limits = httpx.Limits(max_connections=32, keepalive_expiry=3)
        self._client = httpx.AsyncClient(
            verify=tls or True, timeout=ASK_SECONDS, limits=limits, transport=transport, trust_env=False
        )
        async with self._client:
            await asyncio.Event().wait()

    def expel(self, regions: frozenset[str]) -> None:
        """From now on ask none of these, but again those that were named before."""
        self._expelled = regions

    async def of(self, region: str, viewer: str, users: Collection[str]) -> Mapping[str, Presence]:
        """Return what a region tells of these users of it; of nobody if it cannot be asked, or does not answer."""
        client, url = self._client, self._urls.get(region)
        quiet = region in self._expelled or self._clock() < self._silent_until.get(region, 0.0)
        if client is None or url is None or quiet:
            metrics.PRESENCE["region"].inc()
            return {}
        if self._asking[region] >= AT_ONCE:
            metrics.PRESENCE["busy"].inc()
            return {}
        self._asking[region] += 1
        try:
            async with asyncio.timeout(ASK_SECONDS):
                asked = {"viewer": viewer, "users": ",".join(users)}
                content = await ask(
                    client, region, url.rstrip("/") + PATH, asked, most=MOST_BYTES, headers=self._headers
                )
            told = _decoder.decode(content)
        except (httpx.HTTPError, TimeoutError, ValueError, *DAMAGE) as error:
            self._silent_until[region] = self._clock() + SILENT_SECONDS
            metrics.PRESENCE["region"].inc()
            log.info("presence not told", region=region, problem=type(error).__name__)  # its text names users
            return {}
        finally:
            self._asking[region] -= 1
        return {user: believed(told[user]) for user in users if user in told}
