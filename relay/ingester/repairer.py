"""Asks an origin for what its mirror skipped, over HTTP through the link between the regions, beside the reader."""

import asyncio
from collections.abc import Callable
from typing import Final

import httpx
import structlog

from infra.errors import CausewayError, TooLargeError, UnavailableError
from infra.identity import host_name
from infra.telling import told
from relay.edge.http import make_client
from relay.ingester import metrics
from replication.repair.pages import LARGEST_ANSWER, PATH, Page, Want, decode_page, query

log = structlog.get_logger()

SECONDS: Final = 15.0
"""How long an answer may take in all."""


class Repairer:
    """Asks one origin; what it answers waits here until the reader fetches it."""

    def __init__(
        self, origin: str, url: str | Callable[[], str], *, here: str, client: httpx.AsyncClient | None = None
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            origin: Who is asked.
            url: Of its internal port, as reached from here, or what tells it; empty if none is known.
            here: Who asks.
            client: Carries the questions; the one for gateways by default.
        """
        self._origin = origin
        self._url = url
        self._headers = {"causeway-region": here, "accept-encoding": "identity"}
        self._client = client or make_client()
        self._asking: dict[asyncio.Task[Page | None], Want] = {}
        self.arrived = asyncio.Event()
        """Set when an answer may be there; whoever waits for it clears it."""

    def ask(self, want: Want) -> None:
        """Ask for a range, in the background."""
        task = asyncio.create_task(self._ask(want), name=f"repair from {self._origin}")
        self._asking[task] = want
        task.add_done_callback(lambda _: self.arrived.set())

    def answers(self) -> list[tuple[Want, Page | None]]:
        """Return what was asked for and has ended since, each with the answer; None if there was none."""
        done = [task for task in self._asking if task.done()]
        return [(self._asking.pop(task), task.result()) for task in done]

    async def forget(self) -> None:
        """Stop asking."""
        tasks, self._asking = list(self._asking), {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Stop asking for good."""
        await self.forget()
        await self._client.aclose()

    async def _ask(self, want: Want) -> Page | None:
        try:
            async with asyncio.timeout(SECONDS):
                page = decode_page(await self._fetch(want), want)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, CausewayError) as error:  # the timeout among them
            reason = told(error)
            log.warning("repair not answered", origin=self._origin, first=want.first, last=want.last, reason=reason)
            metrics.REPAIRS.labels(self._origin, "unanswered").inc()
            return None
        metrics.REPAIRS.labels(self._origin, "answered").inc()
        metrics.REPAIRED.labels(self._origin).inc(len(page.records))
        return page

    async def _fetch(self, want: Want) -> bytes:
        if not (known := self._url if isinstance(self._url, str) else self._url()):
            raise UnavailableError(what=f"The internal port of {self._origin}, which is not among CAUSEWAY_PEERS,")
        body = bytearray()
        url = known.rstrip("/") + PATH
        only = {"sni_hostname": host_name(self._origin)}  # over TLS, nobody else may answer
        async with self._client.stream(
            "GET", url, params=query(want), headers=self._headers, extensions=only
        ) as response:
            async for part in response.aiter_bytes():
                body += part
                if len(body) > LARGEST_ANSWER:
                    raise TooLargeError(what="The answer", size=len(body), limit=LARGEST_ANSWER)
        if response.status_code != httpx.codes.OK:
            raise UnavailableError(what=f"What {self._origin} is asked for (status {response.status_code})")
        return bytes(body)
