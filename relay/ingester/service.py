"""The ingester: one reader for each other region."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final

from global_directory.client import DirectoryClient
from global_directory.holders import Holders
from global_directory.trust import Trust
from infra.health import Health
from infra.schema.guard import Guard
from infra.schema.known import find_schema
from infra.serve import Host
from infra.settings import read
from infra.tasks import run_for_ever
from infra.tls import MutualTls
from infra.ways import Ways, ends, way
from relay.edge.http import make_client
from relay.ingester import metrics
from relay.ingester.asking import Asking
from relay.ingester.brought import Brought
from relay.ingester.intake import Intake
from relay.ingester.reader import Reader
from relay.ingester.repairer import Repairer
from relay.ingester.settings import IngesterSettings
from relay.ingester.shelf import Shelf
from replication.poison import keeping
from replication.poison.records import Room
from replication.topics import incoming_topic
from replication.turns.waiting import in_turn

FINISH_SECONDS: Final = 3.0
"""How long readers may take to come to an end; then what they have read and not committed is read again."""


async def service(host: Host) -> None:
    """Take in what the other regions relay here, until cancelled."""
    settings = read(IngesterSettings)
    await in_turn(
        settings, "ingester", host.health, partial(_serve, settings, host), accepting=True, finish=host.finish
    )


def ways_of(settings: IngesterSettings) -> list[tuple[str, str]]:
    """Return the ways by which something may come: each other region, with each site at which its duties are or may be held."""
    return [
        (origin, site)
        for origin in settings.others
        for site in dict.fromkeys((origin, settings.sites.get(origin, origin)))
    ]


async def _serve(settings: IngesterSettings, host: Host) -> None:
    ways = ways_of(settings)
    host.health.expect(*(f"from {way(*ends_)}" for ends_ in ways))
    for origin, held_at in ways:
        metrics.begin(way(origin, held_at))
        keeping.begin(incoming_topic(origin, settings.region, held_at=held_at, site=settings.here))
    if not settings.others:
        host.health.tell("regions", ok=True, detail="there is no other")
        await asyncio.Event().wait()
    guard = Guard(
        find_schema("region"), settings.store, instance=settings.instance, service="ingester", health=host.health
    )
    await guard.watch_over(partial(_take_in, settings, host))


async def _take_in(settings: IngesterSettings, host: Host) -> None:
    tls = host.mutual_tls(settings.region)
    brought, readers = await Brought.read(settings), set[Reader]()
    host.ending.farewells.append(partial(_finish, readers))
    async with DirectoryClient(settings.directory, tls=tls) as directory, asyncio.TaskGroup() as group:
        holders = Holders(directory, settings.sites)
        group.create_task(holders.run())
        trust = Trust(directory, kafka=settings.kafka if tls else None)
        trust.tell(partial(tell_expelled, host.health, [way(*ends_) for ends_ in ways_of(settings)]))
        group.create_task(trust.run())
        for origin, held_at in ways_of(settings):
            one = Way(origin, held_at, settings, host.health, tls, trust, holders, brought, readers)
            read_on: Callable[[], Awaitable[None]] = one.read_on
            for end in {origin, held_at} - {settings.here}:
                read_on = partial(trust.while_trusted, end, read_on)
            group.create_task(_do(read_on), name=f"from {one.name}")


async def _finish(readers: Iterable[Reader]) -> None:
    """End them in order; those of whom nothing came may not be reading at all."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FINISH_SECONDS):
            await asyncio.gather(*(reader.finish() for reader in readers))


async def _do(work: Callable[[], Awaitable[None]]) -> None:
    await work()


@dataclass(frozen=True, slots=True)
class Way:
    """One way by which an origin's records come: from one site at which its duties are, or were, or may be held.

    Attributes:
        origin: The region that sends them.
        held_at: At whose site.
        settings: Of the process.
        health: Where it is told how that goes.
        tls: With what the origin is asked; None: in plain text.
        trust: Who was expelled.
        holders: Who holds what.
        brought: What was taken in before this region's duties were held here.
        readers: Where whoever reads is noted, so that it can be ended in order.
    """

    origin: str
    held_at: str
    settings: IngesterSettings
    health: Health
    tls: MutualTls | None
    trust: Trust
    holders: Holders
    brought: Brought
    readers: set[Reader]

    @property
    def name(self) -> str:
        """Its name, for people and metrics."""
        return way(self.origin, self.held_at)

    def is_present(self) -> bool:
        """Whether the origin's duties are held there now, so that something is to be heard."""
        return self.holders.site_of(self.origin) == self.held_at

    async def read_on(self) -> None:
        """Read what comes, until cancelled."""
        settings = self.settings
        intake = Intake(
            self.origin,
            settings.region,
            settings.partitions,
            held_at=self.held_at,
            site=settings.here,
            holds=partial(self.holders.has, self.origin, self.held_at) if settings.sites else None,
            over=partial(self.holders.is_over, self.origin, self.held_at),
        )
        client = make_client(self.tls.client if self.tls else None)
        ways = Ways(settings.peers, where=self.holders.site_of)
        repairer = Repairer(self.origin, partial(ways.url, self.origin), here=settings.region, client=client)
        asking = Asking(patience=settings.repair_patience, retry=settings.repair_retry)
        room = Room(settings.aside_records, settings.aside_bytes)
        shelf = Shelf(settings.store, intake.topic, room=room)
        reader = Reader(
            intake,
            kafka=settings.kafka,
            health=self.health,
            repairer=repairer,
            asking=asking,
            shelf=shelf,
            silence=settings.ingester_silence,
            present=self.is_present,
            brought=self.brought,
        )
        self.readers.add(reader)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(run_for_ever(shelf.run()), name=f"poison from {self.name}")
                group.create_task(run_for_ever(reader.run()), name=f"reader from {self.name}")
        finally:
            self.readers.discard(reader)
            # the reader may have told something else while it was ending
            tell_expelled(self.health, [self.name], self.trust.expelled)
            await repairer.close()


def tell_expelled(health: Health, origins: Iterable[str], expelled: frozenset[str]) -> None:
    """Tell which ways nothing is taken in by: what an expelled region sent waits in its mirrored topic, which is as it should be: no alert is to be raised for it."""
    for origin in origins:
        out = not expelled.isdisjoint(ends(origin))
        metrics.EXPELLED.labels(origin).set(out)
        if out:
            health.tell(f"from {origin}", ok=True, detail="expelled from trust; nothing of it is taken in")
