"""What parts of the federation measure, read as an operator's monitoring reads it."""

import asyncio
import contextlib
from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families

from chaos.federation import Status

RECOVERY_SECONDS = 120.0


@dataclass
class Gauges:
    """What parts of the federation measure, as an operator sees it."""

    http: httpx.AsyncClient
    status: Status

    async def read(self, part: str, metric: str, **labels: str) -> float:
        """Return a metric, summed over what the labels leave open."""
        port = self.status.parts()[part].ports["admin"]
        text = (await self.http.get(f"http://127.0.0.1:{port}/metrics")).text
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == metric and labels.items() <= sample.labels.items()
        )

    async def pages(self) -> list[str]:
        """Return what each part says that answers; of links nothing is measured."""
        pages = []
        for name, part in self.status.parts().items():
            if name != "links" and "admin" in part.ports:
                with contextlib.suppress(httpx.HTTPError):
                    pages.append((await self.http.get(f"http://127.0.0.1:{part.ports['admin']}/metrics")).text)
        return pages

    async def reach(self, part: str, metric: str, at_least: float, **labels: str) -> None:
        """Wait until a metric is as high as that."""
        async with asyncio.timeout(RECOVERY_SECONDS):
            while await self.read(part, metric, **labels) < at_least:  # noqa: ASYNC110 — it lies in another process
                await asyncio.sleep(0.2)

    async def falls(self, part: str, metric: str, **labels: str) -> None:
        """Wait until a metric is 0."""
        async with asyncio.timeout(RECOVERY_SECONDS):
            while await self.read(part, metric, **labels):  # noqa: ASYNC110 — it lies in another process
                await asyncio.sleep(0.2)
