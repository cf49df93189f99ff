"""The forwarder: drains what goes to every other region."""

import asyncio
from functools import partial

from global_directory.client import DirectoryClient
from global_directory.trust import Trust
from infra.postgres import make_pool
from infra.schema.guard import Guard
from infra.schema.known import find_schema
from infra.serve import Host
from infra.settings import RegionalSettings, read
from infra.tls import MutualTls
from relay.forwarder import metrics
from relay.forwarder.access import CONDITION as ACCESS
from relay.forwarder.access import keep_access
from relay.forwarder.drain import CONDITION, Drain
from relay.forwarder.nudges import listen
from relay.forwarder.sluice import Sluice
from replication.topics import journal_topic
from replication.turns.decided import went_back
from replication.turns.waiting import in_turn


async def service(host: Host) -> None:
    """Forward to the other regions, until cancelled; and keep what they may read here, whosever duties are held here."""
    settings = read(RegionalSettings)
    tls = host.mutual_tls(settings.region)
    forward = partial(_forward, settings, host, tls)
    if tls is None or not settings.others or settings.here != settings.region:
        await in_turn(settings, "forwarder", host.health, forward, finish=host.finish)
        return
    host.health.expect(ACCESS)
    async with DirectoryClient(settings.directory, tls=tls) as directory, asyncio.TaskGroup() as group:
        trust = Trust(directory, kafka=settings.kafka)
        group.create_task(trust.run())
        access = keep_access(
            settings.kafka, settings.others, trust, host.health, site=settings.here, standbys=settings.sites
        )
        group.create_task(access)
        group.create_task(in_turn(settings, "forwarder", host.health, forward, finish=host.finish))


async def _forward(settings: RegionalSettings, host: Host, tls: MutualTls | None) -> None:
    health = host.health
    health.expect(CONDITION)
    for destination in settings.others:
        metrics.begin(destination)
    if not settings.others:
        health.tell(CONDITION, ok=True, detail="there is no other region")
        await asyncio.Event().wait()
    nudged = asyncio.Event()
    guard = Guard(find_schema("region"), settings.store, instance=settings.instance, service="forwarder", health=health)
    at_home = settings.here == settings.region and settings.sites.get(settings.region) == settings.standby
    async with DirectoryClient(settings.directory, tls=tls) as directory, asyncio.TaskGroup() as group:
        standby = settings.standby if at_home else ""
        older = partial(went_back, kafka=settings.kafka, topic=journal_topic(settings.region, settings.here))
        sluice = Sluice(settings.region, settings.here, standby, directory, went_back=older)
        group.create_task(listen(settings.redis, settings.others, nudged))
        group.create_task(guard.watch_over(Drain(settings, health, nudged, sluice).run))
        if sluice.standby:
            group.create_task(_watch(settings.store, sluice))


async def _watch(store: str, sluice: Sluice) -> None:
    async with make_pool(store, size=1, name="sluice") as pool:
        await sluice.run(pool)
