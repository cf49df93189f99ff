"""Asks other regions' gateways how their users are there: within a deadline, and not at all for a moment after one was silent."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Final

import msgspec
import structlog

from infra.peers import NotToldError, Peers
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

    def __init__(self, peers: Peers, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare.

        Args:
            peers: What asks them.
            clock: Seconds, monotonic.
        """
        self._peers = peers
        self._clock = clock
        self._silent_until: dict[str, float] = {}
        self._asking: Counter[str] = Counter()

    async def of(self, region: str, viewer: str, users: Collection[str]) -> Mapping[str, Presence]:
        """Return what a region tells of these users of it; of nobody if it cannot be asked, or does not answer."""
        if not self._peers.trusts(region) or self._clock() < self._silent_until.get(region, 0.0):
            metrics.PRESENCE["region"].inc()
            return {}
        if self._asking[region] >= AT_ONCE:
            metrics.PRESENCE["busy"].inc()
            return {}
        self._asking[region] += 1
        try:
            asked = {"viewer": viewer, "users": ",".join(users)}
            content = await self._peers.ask(region, PATH, asked, most=MOST_BYTES, seconds=ASK_SECONDS)
            told = _decoder.decode(content)
        except (NotToldError, ValueError, *DAMAGE) as error:
            if not isinstance(error, NotToldError) or error.asked:
                self._silent_until[region] = self._clock() + SILENT_SECONDS
            metrics.PRESENCE["region"].inc()
            log.info("presence not told", region=region, problem=type(error).__name__)  # its text names users
            return {}
        finally:
            self._asking[region] -= 1
        return {user: believed(told[user]) for user in users if user in told}
