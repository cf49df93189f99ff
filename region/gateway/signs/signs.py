"""All of this gateway's signs, put together."""

import asyncio
import ssl
from collections.abc import Callable

from redis.asyncio import Redis
from starlette.types import ASGIApp

from infra.peers import Peers
from infra.postgres import Pool
from infra.ways import Ways
from region.gateway.connection import Connection
from region.gateway.hub import Hub
from region.gateway.settings import GatewaySettings
from region.gateway.signs.carriers import Carriers
from region.gateway.signs.desk import PresenceDesk
from region.gateway.signs.hearing import Hearing
from region.gateway.signs.neighbours import Neighbours
from region.gateway.signs.residents import Residents
from region.gateway.signs.typists import Typists
from region.gateway.signs.watchers import Watchers


class Signs:
    """The parts; `run` them until cancelled."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        store: Pool,
        redis: Redis,
        hub: Hub,
        tell: Callable[[Callable[[frozenset[str]], None]], None],
        ways: Ways,
    ) -> None:
        """Compose them.

        Args:
            settings: Of the gateway.
            store: Where it is read who are friends, and who is a member.
            redis: Where it stands whose devices are connected.
            hub: The devices here.
            tell: Takes what wants to be told which regions are expelled from trust.
            ways: To the other regions.
        """
        self._residents = Residents(region=settings.region, instance=settings.instance, store=store, redis=redis)
        self._peers = Peers(settings.region, ways, tell=tell)
        self.presence = PresenceDesk(
            region=settings.region,
            residents=self._residents,
            neighbours=Neighbours(self._peers),
            rate=settings.rate_presence,
        )
        self.watchers = Watchers(self.presence.look)
        self._carriers = Carriers(settings.region, ways, tell=tell)
        self.typists = Typists(region=settings.region, store=store, redis=redis, carriers=self._carriers)
        self._hearing = Hearing(redis, instance=settings.instance, devices=hub.devices_of)

    def watched(self, device: Connection, users: tuple[str, ...]) -> None:
        """Take in whom a device watches."""
        self.watchers.watch(device, device.session.user_id, users)

    async def run(self, tls: ssl.SSLContext | None) -> None:
        """Run what runs beside requests, until cancelled; `tls` verifies other regions, None in plain text."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._peers.run(tls))
            group.create_task(self._carriers.run(tls))
            group.create_task(self.typists.run())
            group.create_task(self._hearing.run())
            group.create_task(self.watchers.run())

    def serve(self, app: ASGIApp) -> ASGIApp:
        """Return the app of the internal port, with what other regions ask about signs; the rest goes to the app that is given."""
        return self.typists.serve(self._residents.serve(app))
