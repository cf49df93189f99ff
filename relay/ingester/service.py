"""The ingester: one reader for each other region."""

import asyncio
from collections.abc import Iterable
from functools import partial

from global_directory.client import DirectoryClient
from global_directory.trust import Trust
from infra.health import Health
from infra.schema.guard import Guard
from infra.schema.known import find_schema
from infra.serve import Host
from infra.settings import read
from infra.tasks import run_for_ever
from infra.tls import MutualTls
from relay.edge.http import make_client
from relay.ingester import metrics
from relay.ingester.asking import Asking
from relay.ingester.intake import Intake
from relay.ingester.reader import Reader
from relay.ingester.repairer import Repairer
from relay.ingester.settings import IngesterSettings
from relay.ingester.shelf import Shelf
from replication.poison import keeping
from replication.poison.records import Room
from replication.topics import mirrored_topic


async def service(host: Host) -> None:
    """Take in what the other regions relay here, until cancelled."""
    settings = read(IngesterSettings)
    host.health.expect(*(f"from {origin}" for origin in settings.others))
    for origin in settings.others:
        metrics.begin(origin)
        keeping.begin(mirrored_topic(origin, settings.region))
    if not settings.others:
        host.health.tell("regions", ok=True, detail="there is no other")
        await asyncio.Event().wait()
    guard = Guard(
        find_schema("region"), settings.store, instance=settings.instance, service="ingester", health=host.health
    )
    await guard.watch_over(partial(_take_in, settings, host))


async def _take_in(settings: IngesterSettings, host: Host) -> None:
    tls = host.mutual_tls(settings.region)
    async with DirectoryClient(settings.directory, tls=tls) as directory, asyncio.TaskGroup() as group:
        trust = Trust(directory, kafka=settings.kafka if tls else None)
        trust.tell(partial(tell_expelled, host.health, settings.others))
        group.create_task(trust.run())
        for origin in settings.others:
            read_on = partial(_read, origin, settings, host.health, tls, trust)
            group.create_task(trust.while_trusted(origin, read_on), name=f"from {origin}")


async def _read(origin: str, settings: IngesterSettings, health: Health, tls: MutualTls | None, trust: Trust) -> None:
    intake = Intake(origin, settings.region, settings.partitions)
    client = make_client(tls.client if tls else None)
    repairer = Repairer(origin, settings.peers.get(origin, ""), here=settings.region, client=client)
    asking = Asking(patience=settings.repair_patience, retry=settings.repair_retry)
    room = Room(settings.aside_records, settings.aside_bytes)
    shelf = Shelf(settings.store, mirrored_topic(origin, settings.region), room=room)
    reader = Reader(
        intake,
        kafka=settings.kafka,
        health=health,
        repairer=repairer,
        asking=asking,
        shelf=shelf,
        silence=settings.ingester_silence,
    )
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(run_for_ever(shelf.run()), name=f"poison from {origin}")
            group.create_task(run_for_ever(reader.run()), name=f"reader from {origin}")
    finally:
        tell_expelled(health, [origin], trust.expelled)  # the reader may have told something else while it was ending
        await repairer.close()


def tell_expelled(health: Health, origins: Iterable[str], expelled: frozenset[str]) -> None:
    """What an expelled region sent waits in its mirrored topic, which is as it should be: no alert is to be raised for it."""
    for origin in origins:
        metrics.EXPELLED.labels(origin).set(origin in expelled)
        if origin in expelled:
            health.tell(f"from {origin}", ok=True, detail="expelled from trust; nothing of it is taken in")
