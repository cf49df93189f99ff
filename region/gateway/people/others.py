"""Asks other regions' gateways who is found there: within a deadline, and not at all for a moment after one was silent."""

import time
from collections.abc import Callable
from typing import Final

import msgspec
import structlog
from prometheus_client import Counter

from infra.peers import NotToldError, Peers
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

    def __init__(self, peers: Peers, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare.

        Args:
            peers: What asks them.
            clock: Seconds, monotonic.
        """
        self._peers = peers
        self._clock = clock
        self._silent_until: dict[str, float] = {}

    @property
    def names(self) -> list[str]:
        """All other regions."""
        return self._peers.names

    async def find(self, region: str, query: Query, typed: str, *, after: Place | None, most: int) -> Found | None:
        """Return who is found in a region, of those who live there; None if it does not answer."""
        if not self._peers.trusts(region) or self._clock() < self._silent_until.get(region, 0.0):
            ASKED.labels(region, "passed over").inc()
            return None
        asked = {"query": typed, "limit": str(most), **({"cursor": write_cursor(after)} if after else {})}
        try:
            answered = await self._peers.ask(region, PATH, asked, most=MOST_BYTES, seconds=ASK_SECONDS)
            found = _decoder.decode(answered)
        except (NotToldError, msgspec.DecodeError, ValueError) as error:
            if not isinstance(error, NotToldError) or error.asked:
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
