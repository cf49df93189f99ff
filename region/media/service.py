"""The media service of a region: a process of its own, so that no image and no file can slow a message down."""

import asyncio
from functools import partial

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from global_directory.client import DirectoryClient
from global_directory.holders import Holders
from global_directory.trust import Trust
from infra.backoff import Backoff
from infra.blobs import FAILURES, AbsentError, Blobs, load
from infra.errors import SettingsError
from infra.health import Health
from infra.identity import Door
from infra.postgres import make_pool
from infra.schema.guard import Guard
from infra.serve import Host
from infra.settings import read
from infra.tls import MutualTls
from infra.ways import Ways
from infra.web import serve_app
from region.media.checking import Checker
from region.media.collecting import Collector
from region.media.fetching import Fetcher, StoreNotes
from region.media.sandbox import Sandbox
from region.media.serving import BlobServer, make_app
from region.media.settings import MediaSettings
from region.media.wakes import listen
from region.media.work import Worker
from region.store.revisions import SCHEMA
from replication.turns.waiting import in_turn

log = structlog.get_logger()

WATCH_SECONDS = 5.0


async def service(host: Host) -> None:
    """Look after blobs until cancelled."""
    settings = read(MediaSettings)
    if settings.place is not None:
        load()
    await in_turn(
        settings, "media", host.health, partial(_look_after, settings, host), accepting=True, finish=host.finish
    )


async def _look_after(settings: MediaSettings, host: Host) -> None:
    guard = Guard(SCHEMA, settings.store, instance=settings.instance, service="media", health=host.health)
    tls = host.mutual_tls(settings.region)
    async with DirectoryClient(settings.directory, tls=tls) as directory:
        await guard.watch_over(Media(settings, directory, host.health, tls).run)


class Media:
    """All parts of one media service."""

    def __init__(
        self, settings: MediaSettings, directory: DirectoryClient, health: Health, tls: MutualTls | None
    ) -> None:
        """Compose the parts; nothing is connected yet.

        Raises:
            SettingsError: This region has no blob store.
        """
        if settings.place is None:
            raise SettingsError(problems="CAUSEWAY_S3_URL: missing; the media service needs a blob store")
        self._place = settings.place
        self._settings = settings
        self._health = health
        self._tls = tls
        self._directory = directory
        self._store = make_pool(settings.store, size=settings.media_workers + 5, name=f"media {settings.instance}")
        self._redis = Redis.from_url(
            settings.redis, socket_connect_timeout=3, socket_timeout=None, retry=Retry(NoBackoff(), 0)
        )
        health.expect("blobs", "store")

    async def run(self) -> None:
        """Run all parts until cancelled."""
        settings, store, tls = self._settings, self._store, self._tls
        door = Door(settings.others)
        door.hold(settings.others)
        trust = Trust(self._directory, kafka=settings.kafka if tls else None)
        trust.tell(door.expel)
        holders = Holders(self._directory, settings.sites)
        woken = asyncio.Event()
        await store.open(wait=False)
        async with Blobs(self._place) as blobs:
            fetcher = Fetcher(
                region=settings.region,
                peers=Ways(settings.media_peers, where=holders.site_of),
                notes=StoreNotes(store),
                blobs=blobs,
                tls=tls,
                tell=trust.tell,
            )
            checker = Checker(store=store, blobs=blobs, sandbox=Sandbox())
            collector = Collector(
                store=store,
                blobs=blobs,
                orphan_seconds=settings.media_orphan_seconds,
                pinned_seconds=settings.media_pinned_seconds,
                pause=settings.media_collect_seconds,
            )
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._watch(blobs))
                    group.create_task(trust.run())
                    group.create_task(holders.run())
                    group.create_task(listen(self._redis, woken))
                    group.create_task(collector.run())
                    for number in range(settings.media_workers):
                        worker = Worker(
                            name=f"{settings.instance} {number}",
                            states=("checking", "fetching") if number else ("checking",),
                            store=store,
                            checker=checker,
                            fetcher=fetcher,
                            health=self._health,
                            woken=woken,
                        )
                        group.create_task(worker.run())
                    group.create_task(
                        serve_app(
                            make_app(
                                BlobServer(region=settings.region, store=store, blobs=blobs, standby=settings.standby)
                            ),
                            host=settings.media_host,
                            port=settings.media_port,
                            tls=tls,
                            door=door,
                        )
                    )
            finally:
                await fetcher.close()
                await self._redis.aclose()
                await store.close()

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
