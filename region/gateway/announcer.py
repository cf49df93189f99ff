"""Tells the directory of this region, now and then and when its keys change."""

import asyncio
import contextlib
from typing import Final

import structlog
from prometheus_client import Gauge

from global_directory.client import Announcement, DirectoryClient
from infra.backoff import Backoff
from infra.errors import CausewayError
from infra.health import Health
from infra.postgres import Pool
from infra.tasks import heed_cancellation
from region.accounts.federation import Federation
from region.accounts.keyring import Keyring
from region.gateway.settings import GatewaySettings
from region.store.repository.setup import wait_ready

log = structlog.get_logger()

ANNOUNCE_SECONDS: Final = 30.0

ANNOUNCED_AT = Gauge(
    "causeway_gateway_announced_timestamp_seconds",
    "When the directory last took an announcement of this region; when this gateway began, before it did.",
)


class Announcer:
    """Announces the region as long as it holds itself."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        keyring: Keyring,
        directory: DirectoryClient,
        federation: Federation,
        store: Pool,
        health: Health,
    ) -> None:
        """Prepare."""
        self._settings = settings
        self._keyring = keyring
        self._directory = directory
        self._federation = federation
        self._store = store
        self._health = health
        self._keys_changed = asyncio.Event()

    def take_keys(self) -> None:
        """Use the keys that are in force by now, and announce them at once."""
        self._federation.renew(self._keyring.public_keys())
        self._keys_changed.set()

    async def run(self) -> None:
        """Announce until cancelled; what fails is told, and tried again."""
        settings, backoff = self._settings, Backoff(first=0.2)
        ANNOUNCED_AT.set_to_current_time()
        while True:
            heed_cancellation()
            state = await wait_ready(self._store)
            announcement = Announcement(
                holder=settings.here,
                epoch=state.epoch,
                incarnation=state.incarnation,
                public_url=settings.public_url,
                gateway_url=settings.gateway_url,
                keys=self._keyring.announced(),
                standby=settings.standby,
                blobs_url=settings.place.public_url if settings.place else "",
            )
            self._keys_changed.clear()
            try:
                await self._directory.announce(settings.region, announcement)
                await self._federation.refresh()
                ANNOUNCED_AT.set_to_current_time()
                self._health.tell("directory", ok=True)
                backoff.reset()
                pause = ANNOUNCE_SECONDS
            except CausewayError as error:
                log.warning("region not announced", problem=str(error))
                self._health.tell("directory", ok=False, detail=str(error))
                pause = backoff.next()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._keys_changed.wait()
