"""Begins every service as far as its first neighbour, and writes what `/metrics` tells then; run by itself, so that nothing was counted before."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module

from prometheus_client import generate_latest

from infra.serve import Host

SERVICES = {
    "region.gateway.service": (),
    "region.projector.service": ("Guard",),
    "region.fanout.service": ("Guard",),
    "relay.edge.service": ("TrunkPool",),
    "relay.forwarder.service": ("Guard",),
    "relay.ingester.service": ("Guard",),
    "global_directory.service": (),
    "region.media.service": (),
    "region.standby.service": ("DirectoryClient",),
}
"""Modules, and what of them stands for the first neighbour; without any, what is imported has to be enough."""

SETTINGS = {
    "CAUSEWAY_REGION": "us",
    "CAUSEWAY_REGIONS": "us,eu",
    "CAUSEWAY_INSTANCE": "us/one",
    "CAUSEWAY_PUBLIC_URL": "http://127.0.0.1:1",
    "CAUSEWAY_GATEWAY_URL": "http://127.0.0.1:2",
    "CAUSEWAY_ADMIN_PORT": "1",
    "CAUSEWAY_PUBLIC_PORT": "1",
    "CAUSEWAY_PARTITIONS": "2",
    "CAUSEWAY_KAFKA": "127.0.0.1:4",
    "CAUSEWAY_STORE": "postgresql://127.0.0.1:5/none",
    "CAUSEWAY_REDIS": "redis://127.0.0.1:6/0",
    "CAUSEWAY_DIRECTORY": "http://127.0.0.1:7",
    "CAUSEWAY_STANDBY": "eu",
    "CAUSEWAY_STANDS_BY_FOR": '{"eu": {"gate": "127.0.0.1:8", "port": 9}}',
    "CAUSEWAY_PEERS": '{"eu": "http://127.0.0.1:3"}',
}


class NeighbourReached(Exception):  # noqa: N818 — no error: it is as far as a service is to come
    """A service wants to speak to somebody."""


def reach(*_: object, **__: object) -> None:
    """Stand for a neighbour."""
    raise NeighbourReached


async def begin(service: Callable[[Host], Awaitable[None]]) -> None:
    """Run a service until it wants to speak to somebody."""
    with contextlib.suppress(NeighbourReached):
        await service(Host(("edge",)))
        message = "a service ended without a neighbour"
        raise AssertionError(message)


def main() -> None:
    """Begin, and write."""
    os.environ.update(SETTINGS)
    for name, neighbours in SERVICES.items():
        module = import_module(name)
        for neighbour in neighbours:
            setattr(module, neighbour, reach)
        if neighbours:
            asyncio.run(begin(module.service))
    sys.stdout.write(generate_latest().decode())


if __name__ == "__main__":
    main()
