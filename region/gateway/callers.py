"""Whose token it is, whether this region is the one to serve them, and whether the device is still logged in."""

import asyncio
import itertools
import time
from collections import OrderedDict
from collections.abc import Callable

import psycopg

from infra.errors import UnavailableError
from infra.postgres import STORE_FAILURES, Pool
from region.accounts.endings import ended
from region.accounts.federation import Federation
from region.accounts.repository import DeviceRow, devices_at_once
from region.accounts.tokens import AccessClaims, Verifier, refused
from region.gateway.revoked import RevokedElsewhere

FRESH_SECONDS = 2.0
"""How long it is remembered that a device is logged in; so long may a revoked device still read at another gateway."""
STALE_SECONDS = 900.0
"""How long it is believed while the store is away: as long as an access token lives."""
KNOWN_SECONDS = 2.0
"""How long a look is waited for before a device is believed that was seen: a store that stands still tells nothing, not even that.

Counted from the first look since the last answer: while the store stands still, the first wait so long, and all others next to nothing."""
AGAIN_SECONDS = 0.2
"""How long a look is waited for after one that had no answer: a store that is back has answered by then."""
UNKNOWN_SECONDS = 5.0
"""How long before a device that was not seen is told that the store is away."""
MOST_REMEMBERED = 50_000
MOST_AT_ONCE = 256
"""Devices of one question to the store."""


class Callers:
    """Tells who calls."""

    def __init__(
        self,
        *,
        region: str,
        verifier: Verifier,
        federation: Federation,
        store: Pool,
        elsewhere: RevokedElsewhere,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; `elsewhere` knows devices of other homes that were logged out, `clock` gives seconds, monotonic."""
        self._elsewhere = elsewhere
        self._region = region
        self._verifier = verifier
        self._federation = federation
        self._store = store
        self._clock = clock
        self._asked: dict[tuple[str, str], asyncio.Future[DeviceRow | None]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._unanswered: float | None = None
        self._logged_in: OrderedDict[tuple[str, str], float] = OrderedDict()

    async def anybody(self, token: str | None) -> AccessClaims:
        """Return what a good token says, wherever its user lives, unless its device is known to be logged out.

        Of those who live here the store knows; what other homes have told last is known of their users.

        Raises:
            InvalidTokenError: It is missing or not good, or its device was logged out.
            UnavailableError: The store or the directory is needed to tell, and away.
        """
        claims = await self._verified(token)
        if claims.home == self._region:
            await self._check_device(claims)
        elif (why := self._elsewhere.why(claims.home, claims.sub, claims.device)) is not None:
            raise ended(why)
        return claims

    async def resident(self, token: str | None) -> AccessClaims:
        """Return what the good token of a logged-in device says, whose user lives here.

        Raises:
            InvalidTokenError: It is missing or not good, or its device was logged out.
            NotTheHolderError: The user lives elsewhere.
            UnavailableError: The store or the directory is needed to tell, and away.
        """
        claims = await self._verified(token)
        if claims.home != self._region:
            raise self._federation.elsewhere(claims.home)
        await self._check_device(claims)
        return claims

    def forget(self, user_id: str, device_id: str) -> None:
        """Look at that device anew the next time, since it may have been logged out."""
        self._logged_in.pop((user_id, device_id), None)

    async def _verified(self, token: str | None) -> AccessClaims:
        if not token:
            raise refused("missing", "none was given")
        return await self._verifier.access(token)

    async def _look_up(self, key: tuple[str, str]) -> DeviceRow | None:
        """Return a device; many who ask at the same time, as after a gateway's death, share one question to the store."""
        answer = self._asked.get(key)
        if answer is None:
            answer = self._asked[key] = asyncio.get_running_loop().create_future()
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(answer)

    async def _look(self) -> None:
        await asyncio.sleep(0)  # others who are here already
        while self._asked:
            batch = dict(itertools.islice(self._asked.items(), MOST_AT_ONCE))
            if self._unanswered is None:
                self._unanswered = self._clock()
            try:
                async with self._store.connection() as connection:
                    found = await devices_at_once(connection, list(batch))
            except Exception as error:  # noqa: BLE001 — whoever asked judges it
                outcome: dict[tuple[str, str], DeviceRow] | Exception = error
            else:
                outcome, self._unanswered = found, None
            for key, answer in batch.items():
                del self._asked[key]
                if isinstance(outcome, Exception):
                    answer.set_exception(outcome)
                    answer.exception()  # seen, even if nobody waits any more
                else:
                    answer.set_result(outcome.get(key))

    async def _check_device(self, claims: AccessClaims) -> None:
        key, now = (claims.sub, claims.device), self._clock()
        seen = self._logged_in.get(key, float("-inf"))
        if now - seen < FRESH_SECONDS:
            return
        known = now - seen < STALE_SECONDS
        seconds = UNKNOWN_SECONDS
        if known:
            silent = 0.0 if self._unanswered is None else now - self._unanswered
            seconds = max(AGAIN_SECONDS, KNOWN_SECONDS - silent)
        try:
            async with asyncio.timeout(seconds):
                found = await self._look_up(key)
        except (*STORE_FAILURES, psycopg.Error, TimeoutError) as error:
            if known:
                return
            raise UnavailableError(what="The store") from error
        if found is None:
            raise refused("foreign", "its user or device is not known at home")
        if found.revoked:
            self.forget(*key)
            raise ended(found.revoked_why)
        self._logged_in[key] = now
        self._logged_in.move_to_end(key)
        if len(self._logged_in) > MOST_REMEMBERED:
            self._logged_in.popitem(last=False)
