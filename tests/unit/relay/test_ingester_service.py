"""The ingester as a service: it leaves the store alone until it is known to be one that its software understands."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import cast

import pytest

from infra.health import Health
from infra.serve import Host
from relay.ingester import service
from relay.ingester.intake import HAD, Aside, Step
from relay.ingester.telling import verdict_of
from replication.poison.records import Kind


class Closed:
    """A guard of a store that this software is not for."""

    watching: asyncio.Event
    about: dict[str, object]

    def __init__(self, *_: object, **about: object) -> None:
        """Keep for whom it watches."""
        Closed.about = about

    async def watch_over(self, work: Callable[[], Awaitable[None]]) -> None:
        """Never let the work begin."""
        Closed.watching.set()
        await asyncio.Event().wait()
        await work()


async def test_nothing_is_read_before_the_schema_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the mirrored topics nor the table `aside`."""
    Closed.watching, Closed.about = asyncio.Event(), {}
    begun: list[object] = []
    settings = SimpleNamespace(
        region="us", here="us", sites={}, others=("eu",), store="postgresql://127.0.0.1:1/none", instance="us/ingester"
    )
    monkeypatch.setattr(service, "read", lambda _: settings)
    monkeypatch.setattr(service, "Guard", Closed)
    monkeypatch.setattr(service, "DirectoryClient", begun.append)
    host = cast("Host", SimpleNamespace(health=Health(), mutual_tls=begun.append, finish=None))
    running = asyncio.create_task(service.service(host))
    watched = asyncio.create_task(Closed.watching.wait())
    await asyncio.wait({running, watched}, return_when=asyncio.FIRST_COMPLETED)

    assert not running.done()
    assert begun == []
    assert Closed.about["service"] == "ingester"
    running.cancel()


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        (HAD, "dropped"),
        (Aside("no record"), "refused"),
        (Aside("not the author's home", Kind.IMPOSSIBLE), "refused"),
        (Aside("version 9", Kind.NEWER), "newer"),
    ],
)
def test_what_waits_for_newer_software_is_not_refused(step: Step, verdict: str) -> None:
    """A rolling upgrade must not look like an intrusion."""
    assert verdict_of(step) == verdict
