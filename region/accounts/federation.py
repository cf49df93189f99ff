"""All regions as the directory announces them: their keys, who holds them, where they are; kept when the directory is away."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable

import structlog

from global_directory.schemas import Region
from infra.errors import CausewayError, NotTheHolderError, UnavailableError
from region.accounts.ports import Directory
from region.accounts.tokens import PublicKey, public_key

log = structlog.get_logger()

REFRESH_SECONDS = 30.0
UNKNOWN_KEY_SECONDS = 2.0
"""How long an unknown key id waits before the directory is asked again: forged ids must not cause a flood."""
UNKNOWN_REGION_SECONDS = 0.5
"""Likewise after all regions were asked for, and one of them is not known."""
WHOLE_SECONDS = 1.0
"""So long they wait for the directory."""


class Federation:
    """What is known of all regions; `keep_fresh` is to run beside it."""

    def __init__(
        self,
        directory: Directory,
        own_keys: Iterable[PublicKey],
        *,
        names: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with the region's own keys alone.

        Args:
            directory: Who knows them all.
            own_keys: This region's public keys, good without the directory.
            names: The regions that there are; they announce themselves one after another.
            clock: Seconds, monotonic.
        """
        self._names = frozenset(names)
        self._directory = directory
        self._own = {key.kid: key for key in own_keys}
        self._clock = clock
        self._others: dict[str, PublicKey] = {}
        self._distrusted: frozenset[str] = frozenset()
        self._regions: dict[str, Region] = {}
        self._asked_at = self._asked_for_key_at = self._asked_for_all_at = float("-inf")
        self._away = False
        """Whether the directory did not answer when it was asked last."""
        self._asking = asyncio.Lock()

    @property
    def regions(self) -> tuple[Region, ...]:
        """The regions known so far that are trusted, sorted by name."""
        return tuple(self._regions[name] for name in sorted(self._regions) if name not in self._distrusted)

    async def whole(self) -> tuple[Region, ...]:
        """Return the same; the directory is asked first if one that there is has never been heard of, for as long as `WHOLE_SECONDS`."""
        if not self.is_whole and self._clock() - self._asked_for_all_at > UNKNOWN_REGION_SECONDS:
            try:
                async with asyncio.timeout(WHOLE_SECONDS):
                    await self.refresh()
            except (UnavailableError, TimeoutError) as error:
                log.info("not all regions are known", problem=str(error))
            finally:
                self._asked_for_all_at = self._clock()
        return self.regions

    @property
    def is_whole(self) -> bool:
        """Whether all regions that there are have been heard of."""
        return bool(self._regions) and self._names <= self._regions.keys()

    def distrust(self, regions: frozenset[str]) -> None:
        """From now on know no key of these regions, but again those of others that were named before."""
        self._distrusted = regions

    async def find(self, kid: str) -> PublicKey | None:
        """Return the key of that id, asking the directory if it is new; None if nobody has announced it.

        Raises:
            UnavailableError: It is new, and the directory cannot be reached.
        """
        known = self._known(kid)
        if known is not None:
            return known
        if self._clock() - self._asked_for_key_at > UNKNOWN_KEY_SECONDS:
            try:
                await self.refresh()
            finally:
                self._asked_for_key_at = self._clock()
        elif self._away:  # it may have been announced, so nobody is told that it was not; nor does each one ask
            raise UnavailableError(what="The directory")
        return self._known(kid)

    def renew(self, own_keys: Iterable[PublicKey]) -> None:
        """Take in that the region has other keys."""
        self._own = {key.kid: key for key in own_keys}

    async def refresh(self) -> None:
        """Ask the directory once, however many want to know.

        Raises:
            UnavailableError: It cannot be reached.
        """
        before = self._asked_at
        async with self._asking:
            if self._asked_at != before:
                if self._away:
                    raise UnavailableError(what="The directory")
                return
            try:
                regions = await self._directory.regions()
            except CausewayError as error:
                self._asked_at, self._away = self._clock(), True
                if isinstance(error, UnavailableError):
                    raise
                raise UnavailableError(what="The directory") from error
            self._asked_at, self._away = self._clock(), False
            self._take(regions)

    def elsewhere(self, region: str) -> NotTheHolderError:
        """Return the error that sends the caller to whoever holds that region."""
        known = self._regions.get(region)
        return NotTheHolderError(
            region=region, holder=known.holder if known else region, epoch=known.epoch if known else 0
        )

    async def keep_fresh(self) -> None:
        """Ask the directory now and then, until cancelled."""
        while True:
            try:
                await self.refresh()
            except UnavailableError as error:
                log.warning("directory away", problem=str(error))
            await asyncio.sleep(REFRESH_SECONDS if self.is_whole else UNKNOWN_KEY_SECONDS)

    def _known(self, kid: str) -> PublicKey | None:
        other = self._others.get(kid)
        return self._own.get(kid) or (None if other is None or other.region in self._distrusted else other)

    def _take(self, regions: tuple[Region, ...]) -> None:
        keys: dict[str, PublicKey] = {}
        for region in regions:
            for signing in region.keys:
                key = public_key(
                    region.region,
                    signing.kid,
                    signing.jwk.x,
                    not_before=signing.not_before,
                    not_after=signing.not_after,
                )
                keys.setdefault(signing.kid, key)
        self._others = keys
        self._regions = {region.region: region for region in regions}
