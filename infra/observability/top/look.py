"""One look at a federation: what the supervisor says of its parts, and what the parts say of themselves."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from infra.local import up
from infra.local.control import Status
from infra.tls import public

ASK_SECONDS = 1.5
WANTED = ("causeway_", "process_")
Series = Mapping[str, tuple[tuple[Mapping[str, str], float], ...]]
"""Name of a series to its samples, each with labels."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a federation was at one moment.

    Attributes:
        at: When, seconds since the epoch.
        status: What the supervisor says.
        metrics: Part to its series; a part that does not answer is missing.
    """

    at: float
    status: Status
    metrics: Mapping[str, Series] = field(default_factory=dict)


async def look(home: Path) -> Look:
    """Look once; parts that are down, frozen or slow are left out within two seconds.

    Raises:
        StaleHomeError: The home cannot be read.
    """
    status = await asyncio.to_thread(up.current, home)
    ports = {
        name: part.ports["admin"]
        for name, part in status.parts().items()
        if "admin" in part.ports and part.pid is not None and name != "links"
    }
    async with httpx.AsyncClient(verify=public(), timeout=ASK_SECONDS, trust_env=False) as client:
        pages = await asyncio.gather(*(_page(client, port) for port in ports.values()))
    metrics = {name: read(page) for name, page in zip(ports, pages, strict=True) if page is not None}
    return Look(time.time(), status, metrics)


def read(page: str) -> Series:
    """Read a `/metrics` page; what is of no use here is left out."""
    found: defaultdict[str, list[tuple[Mapping[str, str], float]]] = defaultdict(list)
    kept = "\n".join(line for line in page.splitlines() if line.startswith(WANTED) and "_bucket{" not in line)
    for family in text_string_to_metric_families(kept + "\n"):
        for sample in family.samples:
            found[sample.name].append((sample.labels, sample.value))
    return {name: tuple(samples) for name, samples in found.items()}


async def _page(client: httpx.AsyncClient, port: int) -> str | None:
    try:
        response = await client.get(f"http://127.0.0.1:{port}/metrics")
    except httpx.HTTPError:
        return None
    return response.text if response.is_success else None
