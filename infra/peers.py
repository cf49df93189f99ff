"""The other regions, as this one asks them: over mutual TLS, within a deadline, no further than an answer may go, and only while they are trusted.

    peers = Peers("us", settings.peers, tell=trust.tell)
    group.create_task(peers.run(tls))
    content = await peers.ask("eu", "/internal/people", {"query": "ada"}, most=512 * 1024, seconds=1.5)

Whoever asks a region goes through here, so that nothing of one that was expelled is taken by mistake.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import Final

import httpx

from infra.internal import REGION_HEADER, ask
from infra.tls import public
from infra.ways import Ways

LONGEST: Final = 5.0
"""Seconds for a part of a request: to connect, to say, to read; who asks has a deadline for the whole."""
CROWD_SECONDS: Final = 1.0
"""How long a question waits for a connection of this process's own."""
CONNECTIONS: Final = 32

Listener = Callable[[frozenset[str]], None]


class NotToldError(Exception):
    """A region tells nothing: it is unknown or not trusted, does not answer in time or in bounds, or answers with an error.

    Attributes:
        reason: Why; it names nothing of what was asked for.
        status: Of an answer that is an error; None without one.
        asked: Whether it was the region that failed; if not, it was not asked, or this process had no room.
    """

    def __init__(self, reason: str, *, status: int | None = None, asked: bool = True) -> None:
        """Say why."""
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.asked = asked


class Peers:
    """The other regions, by the URLs of their internal ports.

    Attributes:
        client: What asks; `run` holds one open, and without it nobody is asked.
    """

    def __init__(
        self, region: str, urls: Mapping[str, str] | Ways, *, tell: Callable[[Listener], None] | None = None
    ) -> None:
        """Prepare.

        Args:
            region: This region, in whose name is asked.
            urls: Other region to the URL of its internal port; or the ways to them, where duties may be held elsewhere than at home.
            tell: Takes what wants to be told which regions are expelled from trust. Until that was told nobody is
                trusted; without it everybody is, until `expel`.
        """
        self._headers = {REGION_HEADER.decode(): region}
        self._ways = Ways.of(urls)
        self._expelled = frozenset[str]() if tell is None else frozenset(self._ways.names)
        self.client: httpx.AsyncClient | None = None
        if tell is not None:
            tell(self.expel)

    async def run(self, tls: ssl.SSLContext | None) -> None:
        """Hold connections open, until cancelled.

        Args:
            tls: How it is verified who answers; None in plain text.
        """
        limits = httpx.Limits(max_connections=CONNECTIONS, keepalive_expiry=3)
        within = httpx.Timeout(LONGEST, pool=CROWD_SECONDS)
        async with httpx.AsyncClient(
            verify=tls or public(), timeout=within, limits=limits, trust_env=False
        ) as self.client:
            await asyncio.Event().wait()

    @property
    def names(self) -> list[str]:
        """All other regions, in order."""
        return self._ways.names

    def expel(self, regions: frozenset[str]) -> None:
        """From now on ask none of these, but again those that were named before."""
        self._expelled = regions

    def trusts(self, region: str) -> bool:
        """Whether a region is known, and trusted now."""
        return region in self._ways.names and region not in self._expelled

    async def ask(
        self,
        region: str,
        path: str,
        params: Mapping[str, str],
        *,
        most: int,
        seconds: float,
        content: bytes | None = None,
    ) -> bytes:
        """Return what a region answers to a question.

        Args:
            region: Whom; over TLS, nobody else may answer.
            path: Of what is asked for.
            params: Of the query.
            most: Bytes of the largest answer that is read.
            seconds: How long it may take altogether.
            content: JSON that is posted; without it nothing is.

        Raises:
            NotToldError: It is not asked, or there is no good answer; or it was expelled before there was.
        """
        if self.client is None or not self.trusts(region):
            raise NotToldError("not asked", asked=False)
        if not (known := self._ways.url(region)):
            raise NotToldError("there is no way to where its duties are held", asked=False)
        url = known + path
        try:
            async with asyncio.timeout(seconds):
                answered = await ask(
                    self.client, region, url, params, most=most, headers=self._headers, content=content
                )
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            raise NotToldError(f"it answers {status}", status=status) from error
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            raise NotToldError(type(error).__name__, asked=not isinstance(error, httpx.PoolTimeout)) from error
        if not self.trusts(region):
            raise NotToldError("expelled meanwhile", asked=False)
        return answered
