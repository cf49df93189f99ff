"""Asks other regions' gateways who is found there: within a deadline, and not at all for a moment after one was silent."""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Final

import httpx
import msgspec
import structlog
from prometheus_client import Counter

from infra.internal import ask
from region.gateway.people.here import PATH
from region.gateway.people.ranking import Found, Place, Query, those_of, write_cursor
from replication.ids import is_user_id, region_of

log = structlog.get_logger()

ASK_SECONDS: Final = 1.5
"""How long another region may take."""
SILENT_SECONDS: Final = 1.0
"""How long it is not asked after it did not answer, so that not every search waits for it."""
MOST_BYTES: Final = 512 * 1024
"""The largest answer that is read; a page has a fifth of it at most."""

ASKED = Counter(
    "causeway_gateway_people_asked_total", "Searches that another region was asked for.", ["region", "result"]
)

_decoder = msgspec.json.Decoder(Found)


class Others:
    """The other regions, by their gateways' internal ports."""

    def __init__(
        self,
        urls: Mapping[str, str],
        *,
        tell: Callable[[Callable[[frozenset[str]], None]], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            urls: Region to the URL of its gateway's internal port.
            tell: Takes what wants to be told which regions are expelled from trust.
            clock: Seconds, monotonic.
        """
        self._urls = dict(urls)
        self._clock = clock
        self._expelled: frozenset[str] = frozenset()
        self._silent_until: dict[str, float] = {}
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

    @property
    def names(self) -> list[str]:
        """All other regions."""
        return sorted(self._urls)

    def expel(self, regions: frozenset[str]) -> None:
        """From now on ask none of these, but again those that were named before."""
        self._expelled = regions

    async def find(self, region: str, query: Query, typed: str, *, after: Place | None, most: int) -> Found | None:
        """Return who is found in a region, of those who live there; None if it does not answer."""
        client = self._client
        if client is None or region in self._expelled or self._clock() < self._silent_until.get(region, 0.0):
            ASKED.labels(region, "passed over").inc()
            return None
        asked = {"query": typed, "limit": str(most), **({"cursor": write_cursor(after)} if after else {})}
        try:
            async with asyncio.timeout(ASK_SECONDS):
                answered = await ask(client, region, self._urls[region].rstrip("/") + PATH, asked, most=MOST_BYTES)
            found = _decoder.decode(answered)
        except (httpx.HTTPError, TimeoutError, msgspec.DecodeError, ValueError) as error:
            if not isinstance(error, httpx.PoolTimeout):  # that is this gateway's own crowd
                self._silent_until[region] = self._clock() + SILENT_SECONDS
            log.warning("region not searched", region=region, problem=str(error) or type(error).__name__)
            ASKED.labels(region, "silent").inc()
            return None
        if found.upto is not None and after is not None and found.upto <= after:
            ASKED.labels(region, "wrong").inc()  # it would be asked for the same for ever
            return None
        ASKED.labels(region, "answered").inc()
        own = [hit for hit in found.hits[:most] if is_user_id(hit.user_id) and region_of(hit.user_id) == region]
        return Found(those_of(query, own, after=after), found.upto)
