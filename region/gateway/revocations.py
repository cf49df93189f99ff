"""Follows who is logged out: other regions' devices by asking their homes each second, this region's by looking into the store.

A home that cannot be reached is believed to have told everything: its users are still served here, until their tokens expire.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs

import httpx
import msgspec
import psycopg
import structlog
from prometheus_client import Gauge
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.answers import answer
from infra.backoff import Backoff
from infra.internal import ask, is_bridged
from infra.postgres import STORE_FAILURES, Pool
from infra.tasks import heed_cancellation
from infra.ways import Ways
from region.accounts.repository import revoked_since
from region.gateway.revoked import MOST_TOLD, OVERLAP_SECONDS, Ended, Revoked, RevokedElsewhere, Told, next_since

log = structlog.get_logger()

PATH: Final = "/internal/revocations"
"""Where a gateway's internal port tells; not what an edge carries for a device."""
PAUSE_SECONDS: Final = 1.0
FULL_SECONDS: Final = 0.2
"""The pause after an answer that may not be all; a home that answers nothing else costs no more than that."""
ASK_SECONDS: Final = 3.0
AT_ONCE: Final = 4
"""Answers that are made at the same time; who asks meanwhile waits."""
ANSWER_SECONDS: Final = 2.0
"""After which who asked is turned away, to come again."""
MOST_BYTES: Final = 2 * 1024 * 1024
"""The largest answer that is read; one with `MOST_TOLD` devices has a third of it."""

FOLLOWED_AT = Gauge(
    "causeway_gateway_revocations_timestamp_seconds",
    "When a home has last told which devices are logged out; this region itself among them.",
    ["home"],
)
KEPT = Gauge("causeway_gateway_revoked_devices", "Devices of other homes that are known to be logged out.")

_decoder = msgspec.json.Decoder(Told)


class Revocations:
    """Tells other regions of this region's devices that were logged out, and follows theirs."""

    def __init__(
        self,
        *,
        region: str,
        store: Pool,
        lifetime: float,
        revoke: Callable[[str, str, str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare.

        Args:
            region: This region.
            store: Its store.
            lifetime: Of its access tokens, seconds.
            revoke: Ends a device's connections here: user, device, why.
            clock: Seconds since the epoch.
        """
        self._region = region
        self._store = store
        self._lifetime = lifetime
        self._revoke = revoke
        self._clock = clock
        self.elsewhere = RevokedElsewhere()
        """Devices of other homes."""
        self.answered: dict[str, float] = {}
        """Other home to when it answered last, on the monotonic clock."""
        self._here = Revoked()

    async def told(self, since: int) -> Told:
        """Return this region's devices that were logged out since then, as far back as tokens of theirs may be about.

        Args:
            since: Microseconds since the epoch, by this region's clock.

        Raises:
            psycopg.Error: The store cannot be reached.
        """
        now = int(self._clock() * 1e6)
        earliest = now - int((self._lifetime + OVERLAP_SECONDS) * 1e6)
        async with self._store.connection() as connection:
            rows = await revoked_since(connection, max(since, earliest), most=MOST_TOLD)
        return Told(now, self._lifetime, [Ended(r.user_id, r.device_id, r.revoked_at, r.why) for r in rows])

    async def follow_own(self) -> None:
        """Look into the store each second, until cancelled: connections end here also while fan-out is away."""
        since, backoff = 0, Backoff(first=0.5, most=5.0)
        while True:
            heed_cancellation()
            pause = PAUSE_SECONDS
            try:
                told = await self.told(since)
            except (*STORE_FAILURES, psycopg.Error):
                pause = backoff.next()  # `_watch_store` says that it is away
            else:
                backoff.reset()
                for one in self._here.take(told, time.monotonic()):
                    self._revoke(one.user_id, one.device_id, one.why)
                since = next_since(told)
                FOLLOWED_AT.labels(self._region).set(time.time())
                pause = 0.0 if told.is_full else pause
            await asyncio.sleep(pause)

    async def follow(self, home: str, ways: Ways, client: httpx.AsyncClient) -> None:
        """Ask another home, until cancelled.

        Args:
            home: The region.
            ways: To the internal ports of gateways.
            client: What asks; it verifies whom it asks where regions are authenticated.
        """
        since, strange, backoff, before = 0, False, Backoff(first=0.5, most=2.0), ""
        while True:
            heed_cancellation()
            pause, where = PAUSE_SECONDS, ways.url(home)
            if where != before:  # another site's clock
                since, before = 0, where
            try:
                async with asyncio.timeout(ASK_SECONDS):
                    answered = await ask(client, home, where + PATH, {"since": str(since)}, most=MOST_BYTES)
                told = _decoder.decode(answered)
            except (httpx.HTTPError, TimeoutError, msgspec.DecodeError, ValueError) as error:
                if backoff.attempts == 0:
                    log.warning("revocations not followed", home=home, problem=str(error) or type(error).__name__)
                pause = backoff.next()
            else:
                backoff.reset()
                self.answered[home] = time.monotonic()
                strangers = self.elsewhere.take(home, told, time.monotonic())
                if strangers and not strange:
                    log.warning("revocations passed over", home=home, devices=strangers, reason="not of its users")
                strange = strangers > 0
                KEPT.set(len(self.elsewhere))
                since = next_since(told)
                FOLLOWED_AT.labels(home).set(time.time())
                pause = FULL_SECONDS if told.is_full else pause
            await asyncio.sleep(pause)


def make_internal(app: ASGIApp, revocations: Revocations) -> ASGIApp:
    """Return the app of the internal port: what regions ask each other, and everything that the public app serves."""
    making = asyncio.Semaphore(AT_ONCE)

    async def internal(scope: Scope, receive: Receive, send: Send) -> None:
        carried = scope["type"] != "http" or is_bridged(scope)
        if carried or scope["path"] != PATH:
            await app(scope, receive, send)
            return
        try:
            asked = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=8).get("since", ["0"])[0]
        except ValueError:
            content, status = b"{}", 400
        else:
            try:
                async with asyncio.timeout(ANSWER_SECONDS), making:
                    told = await revocations.told(int(asked[:20]) if asked.isdecimal() else 0)
                content, status = msgspec.json.encode(told), 200
            except (*STORE_FAILURES, psycopg.Error, TimeoutError):
                content, status = b"{}", 503
        await answer(send, status, content)

    return internal
