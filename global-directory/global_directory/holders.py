"""Who holds which region's duties, followed by every process that asks regions, or is sent something by them.

    holders = Holders(directory, settings.sites)
    group.create_task(holders.run())
    holders.site_of("us")              # "us", or "eu" once eu has taken over
    holders.has("us", "eu", 2)         # whether eu held us's duties in epoch 2; None if that is not known yet

Where no duties can be held elsewhere nothing is asked, and each region holds its own. While the directory cannot be reached, what it said last holds:
a region that is asked for what it does not hold any more does not answer, and a newer epoch is heard of once the directory is back.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple, Protocol

import structlog

from global_directory.holding.schemas import DutyView
from infra.errors import CausewayError
from infra.tasks import heed_cancellation

log = structlog.get_logger()

ASK_SECONDS: Final = 0.5
"""How often the directory is asked."""

Listener = Callable[[str, str, int], None]


class Directory(Protocol):
    """Who knows."""

    async def duties(self) -> tuple[DutyView, ...]:
        """Return who holds what.

        Raises:
            CausewayError: It cannot be told.
        """
        ...


class Held(NamedTuple):
    """Who holds a region's duties.

    Attributes:
        site: The region at whose site they are.
        epoch: In which; 0 if nobody has told.
    """

    site: str
    epoch: int


class Holders:
    """What is known of who holds what; `run` it until cancelled."""

    def __init__(self, directory: Directory, movable: Collection[str], *, pause: float = ASK_SECONDS) -> None:
        """Begin by knowing nothing.

        Args:
            directory: Who knows.
            movable: Regions whose duties can be held elsewhere than at home; all others hold their own.
            pause: Between two questions, seconds.
        """
        self.movable = frozenset(movable)
        self._directory = directory
        self._pause = pause
        self._known: Mapping[str, DutyView] = {}
        self._listeners: list[Listener] = []
        self._changed = asyncio.Event()

    def held(self, region: str) -> Held:
        """Return who holds a region's duties now, as far as is known."""
        known = self._known.get(region)
        return Held(region, 0) if known is None else Held(known.holder, known.epoch)

    def duty(self, region: str) -> DutyView | None:
        """Return what the directory has last said of a region's duties; None if it has not yet."""
        return self._known.get(region)

    def site_of(self, region: str) -> str:
        """Return at whose site a region's duties are."""
        return self.held(region).site

    def has(self, region: str, site: str, epoch: int) -> bool | None:
        """Whether a site had a region's duties in an epoch, and what it said in it stands; None if that is not known yet.

        Of an epoch that is over all stands if it was laid down. Otherwise its holder may have gone on beyond what the next one began with; who
        has that hands it in anew. Until the directory was heard a region's own site counts, so that its outage alone stops nobody.
        """
        if region not in self.movable:
            return site == region
        known = self._known.get(region)
        if known is None and site == region:
            return True
        if known is None or epoch > known.epoch:
            return None
        if epoch == known.epoch:
            return site == known.holder
        former = next((one for one in known.former if one.epoch == epoch), None)
        return site == region if former is None else former.holder == site and former.laid_down

    def is_over(self, region: str, site: str, epoch: int) -> bool:
        """Whether a site had a region's duties in an epoch that another one has ended: what it said in it, its successor says anew to whom it has not reached."""
        known = self._known.get(region)
        if known is None or epoch >= known.epoch:
            return False
        return any(one.epoch == epoch and one.holder == site and not one.laid_down for one in known.former)

    def tell(self, listener: Listener) -> None:
        """Tell a listener whenever the holder of a region is another: region, site, epoch."""
        self._listeners.append(listener)

    async def wait(self) -> None:
        """Wait until something changes."""
        await self._changed.wait()

    async def run(self) -> None:
        """Ask again and again, until cancelled."""
        while True:
            heed_cancellation()
            if not self.movable:
                await asyncio.Event().wait()
            try:
                self.take(await self._directory.duties())
            except CausewayError as error:
                log.debug("who holds what cannot be asked", problem=str(error))
            await asyncio.sleep(self._pause)

    def take(self, duties: Collection[DutyView]) -> None:
        """Take in what the directory says; epochs only rise, whichever of its nodes answers."""
        news = {
            duty.region: duty
            for duty in duties
            if duty.region in self.movable and duty.epoch >= self.held(duty.region).epoch
        }
        moved = [duty for region, duty in news.items() if self.held(region) != (duty.holder, duty.epoch)]
        self._known = {**self._known, **news}
        for duty in moved:
            if duty.holder != duty.region or duty.epoch > 1:
                log.info("duties are held", region=duty.region, holder=duty.holder, epoch=duty.epoch)
            for listener in self._listeners:
                listener(duty.region, duty.holder, duty.epoch)
        if moved:
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()
