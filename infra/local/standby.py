"""Standbys in the local federation: the service that copies stores from region to region, its links, and what it needs of PostgreSQL."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from infra.local import held, services
from infra.local.federation import Federation
from infra.local.linkproxy import Passage
from infra.local.numbering import Ports
from infra.local.parts import Part
from infra.local.tools import Tools

SERVICE = "standby"


def stands_by_for(federation: Federation, region: str) -> list[str]:
    """Return the regions whose stores are copied to that one."""
    return [held for held, standby in federation.standbys.items() if standby == region]


def passages(federation: Federation, source: str) -> list[Passage]:
    """Return a region's links to the stores that it copies."""
    ports = Ports.of(federation.base_port, source)
    return [
        Passage(
            f"{source}-{held}/store",
            source,
            held,
            ports.link_to_gate(held),
            Ports.of(federation.base_port, held).gate,
        )
        for held in stands_by_for(federation, source)
    ]


def parts(
    federation: Federation,
    tools: Tools,
    home: Path,
    region: str,
    *,
    env: Mapping[str, str],
    needs: frozenset[str],
) -> list[Part]:
    """Return the process of the region's standby service, if that has anything to do; where it is to take over by itself, that service runs there, too.

    Args:
        federation: Which.
        tools: What it is made of.
        home: Of the federation.
        region: Whose.
        env: The environment of the region's services.
        needs: What must be well before it starts.
    """
    held_here = stands_by_for(federation, region)
    if federation.processes == "none" or not (held_here or region in federation.standbys):
        return []
    ports = Ports.of(federation.base_port, region)
    origins = {one: {"gate": f"127.0.0.1:{ports.link_to_gate(one)}", "port": ports.approach(one)} for one in held_here}
    name = f"{region}/{SERVICE}"
    listens = {"gate": ports.gate} if region in federation.standbys else {}
    listens |= {f"way-{one}": ports.approach(one) for one in held_here}
    acts = federation.takeover == "automatic" and bool(held_here)
    return [
        services.service_part(
            name,
            [SERVICE, "takeover"] if acts else [SERVICE],
            python=tools.python,
            directory=home / region / SERVICE,
            log=home / "logs" / f"{region}-{SERVICE}.log",
            admin=ports.standby_admin,
            env=dict(env)
            | {
                "CAUSEWAY_GATE_PORT": str(ports.gate),
                "CAUSEWAY_STANDS_BY_FOR": msgspec.json.encode(origins).decode(),
                **(_acting(federation, home, region) if acts else {}),
            },
            ports=listens,
            needs=needs,
            build=federation.build,
        )
    ]


def _acting(federation: Federation, home: Path, region: str) -> dict[str, str]:
    """Return what the takeover service is told: what stands by, and the home where it is written down, whichever version's process it is."""
    standing_by = {
        one: {"partitions": federation.partitions, "services": names, "health": urls}
        for one, (names, urls) in held.standing_by(federation, region).items()
    }
    return {"CAUSEWAY_TAKES_OVER": msgspec.json.encode(standing_by).decode(), "CAUSEWAY_HOME": str(home)}
