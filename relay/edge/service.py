"""The edge: the public port of a region."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from starlette.middleware.cors import CORSMiddleware

from global_directory.client import DirectoryClient
from global_directory.holders import Holders
from global_directory.trust import Trust
from infra.deadlines import InTime
from infra.health import Health
from infra.serve import Host
from infra.settings import read
from infra.trunk.client import TrunkPool
from infra.ways import ends
from infra.web import serve_app
from relay.edge import metrics
from relay.edge.app import Edge, Local
from relay.edge.http import make_client
from relay.edge.proxies import behind
from relay.edge.settings import EdgeSettings


async def service(host: Host) -> None:
    """Serve the public port, until cancelled."""
    settings = read(EdgeSettings)
    host.health.expect("public port")
    for region in (settings.region, *settings.others):
        metrics.begin(region)
    local = Local() if "gateway" in host.names else None
    gateways = dict(settings.peers)
    if local is None:
        gateways[settings.region] = settings.gateway_url
    tls = host.mutual_tls(settings.region)
    context = tls.client if tls else None
    pools = {
        name: TrunkPool(url, peer=ends(name)[0], size=settings.trunks, tls=context) for name, url in gateways.items()
    }
    for region, pool in pools.items():
        metrics.TRUNKS.labels(region).set_function(partial(_connections, pool))
    async with DirectoryClient(settings.directory, tls=tls) as directory, make_client(context) as client:
        holders = Holders(directory, settings.sites)
        edge = Edge(
            region=settings.region,
            public_url=settings.public_url,
            regions=frozenset({settings.region, *settings.others}),
            gateways=gateways,
            pools=pools,
            local=local,
            directory=directory,
            client=client,
            holders=holders,
            ending=host.ending.begun,
        )
        origins = [origin.strip() for origin in settings.cors_origins.split(",")]
        app = CORSMiddleware(
            InTime(edge, seconds=settings.request_seconds, tell=edge.answer_problem),
            allow_origins=origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["Causeway-Region", "Location", "Retry-After"],
        )
        started = asyncio.Event()
        trust = Trust(directory, kafka=settings.kafka if tls else None)
        async with asyncio.TaskGroup() as group:
            group.create_task(trust.run())
            group.create_task(holders.run())
            for name, pool in pools.items():
                run: Callable[[], Awaitable[None]] = pool.run
                for end in {*ends(name)} - {settings.region}:
                    run = partial(trust.while_trusted, end, run)
                group.create_task(_do(run))
            if local is not None:
                group.create_task(_find_gateway(host, local))
            group.create_task(_tell_started(host.health, started))
            group.create_task(
                serve_app(
                    behind(app, settings.trusted_proxies),
                    host=settings.public_host,
                    port=settings.public_port,
                    started=started,
                    ending=host.ending,
                )
            )


async def _do(run: Callable[[], Awaitable[None]]) -> None:
    await run()


async def _find_gateway(host: Host, local: Local) -> None:
    local.app = await host.offered("gateway")


async def _tell_started(health: Health, started: asyncio.Event) -> None:
    await started.wait()
    health.tell("public port", ok=True)


def _connections(pool: TrunkPool) -> float:
    return pool.connections
