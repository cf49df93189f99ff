"""The media service of a region: a process of its own, so that no image and no file can slow a message down."""

import asyncio

import structlog

from infra.backoff import Backoff
from infra.blobs import FAILURES, AbsentError, Blobs
from infra.errors import SettingsError
from infra.health import Health
from infra.schema.guard import Guard
from infra.serve import Host
from infra.settings import read
from region.media.settings import MediaSettings
from region.store.revisions import SCHEMA

log = structlog.get_logger()

WATCH_SECONDS = 5.0


async def service(host: Host) -> None:
    """Look after blobs until cancelled."""
    settings = read(MediaSettings)
    guard = Guard(SCHEMA, settings.store, instance=settings.instance, service="media", health=host.health)
    await guard.watch_over(Media(settings, host.health).run)


class Media:
    """All parts of one media service."""

    def __init__(self, settings: MediaSettings, health: Health) -> None:
        """Compose the parts; nothing is connected yet.

        Raises:
            SettingsError: This region has no blob store.
        """
        if settings.place is None:
            raise SettingsError(problems="CAUSEWAY_S3_URL: missing; the media service needs a blob store")
        self._place = settings.place
        self._health = health
        health.expect("blobs")

    async def run(self) -> None:
        """Run all parts until cancelled."""
        async with Blobs(self._place) as blobs:
            await self._watch(blobs)

    async def _watch(self, blobs: Blobs) -> None:
        """Make the bucket, then tell whether the store answers."""
        made, backoff = False, Backoff(first=0.2)
        while True:
            try:
                await (blobs.answers() if made else blobs.make_bucket())
            except AbsentError:
                made, pause = False, backoff.next()
            except FAILURES as error:
                self._health.tell("blobs", ok=False, detail=f"the blob store does not answer: {type(error).__name__}")
                pause = backoff.next()
            else:
                self._health.tell("blobs", ok=True)
                made, pause = True, WATCH_SECONDS
                backoff.reset()
            await asyncio.sleep(pause)
