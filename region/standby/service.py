"""The standby service: offers this region's changes to who stands by, and keeps copies of those that it stands by for."""

import asyncio
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from global_directory.client import DirectoryClient
from global_directory.trust import Trust
from infra.blobs import Blobs
from infra.identity import Door
from infra.postgres import elsewhere, make_pool
from infra.schema.guard import Guard
from infra.serve import Host
from infra.settings import read
from infra.tls import MutualTls
from region.media.fetching import Fetcher
from region.standby.approach import Approach
from region.standby.blobs import Bytes, NoNotes
from region.standby.copy import Copy, name_of
from region.standby.gate import Gate
from region.standby.publisher import Publisher
from region.standby.settings import StandbySettings
from region.store.revisions import SCHEMA


async def service(host: Host) -> None:
    """Offer, and keep, until cancelled."""
    settings = read(StandbySettings)
    settings.check()
    tls = host.mutual_tls(settings.region)
    publisher = Publisher(settings.standby, host.health) if settings.standby else None
    copies = [_copy(settings, region, host) for region in settings.stands_by_for]
    async with DirectoryClient(settings.directory, tls=tls) as directory, asyncio.TaskGroup() as group:
        trust = Trust(directory, kafka=settings.kafka if tls else None)
        group.create_task(trust.run())
        if publisher is not None:
            door = Door([settings.standby])
            door.hold([settings.standby])
            trust.tell(door.expel)
            group.create_task(Gate(settings.store, door).serve(settings.gate_host, settings.gate_port, tls))
            guard = Guard(SCHEMA, settings.store, instance=settings.instance, service="standby", health=host.health)
            group.create_task(guard.watch_over(partial(_publish, settings, publisher)))
        for copy in copies:
            origin = settings.stands_by_for[copy.region]
            approach = Approach(copy.region, origin.address, copy.may_follow)
            lead = partial(approach.serve, settings.approach_host, origin.port, tls)
            group.create_task(trust.while_trusted(copy.region, lead))
            group.create_task(trust.while_trusted(copy.region, copy.run))
            if settings.place is not None and copy.region in settings.media_peers:
                group.create_task(_bring(settings, copy.region, tls, trust))


def _copy(settings: StandbySettings, region: str, host: Host) -> Copy:
    database = urlsplit(settings.store).path.lstrip("/")
    way = f"host={settings.approach_host} port={settings.stands_by_for[region].port} dbname={database}"
    return Copy(region, here=settings.region, server=settings.store, source=way, health=host.health)


async def _publish(settings: StandbySettings, publisher: Publisher) -> None:
    async with make_pool(settings.store, size=1, name=f"{settings.instance} standby") as store:
        await publisher.run(store)


async def _bring(settings: StandbySettings, region: str, tls: MutualTls | None, trust: Trust) -> None:
    """Bring the bytes of a region's images and files, into a bucket of their own."""
    assert settings.place is not None
    bucket = settings.stands_by_for[region].bucket or f"causeway-{region}"
    async with Blobs(replace(settings.place, bucket=bucket)) as blobs:
        fetcher = Fetcher(
            region=settings.region,
            peers={region: settings.media_peers[region]},
            notes=NoNotes(),
            blobs=blobs,
            tls=tls,
            tell=trust.tell,
        )
        try:
            copy = elsewhere(settings.store, name_of(region))
            await Bytes(region, copy=copy, blobs=blobs, fetcher=fetcher).run()
        finally:
            await fetcher.close()
