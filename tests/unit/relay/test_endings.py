"""The forwarder and the ingester end when asked, even if a library answers the request with an error of its own."""

import asyncio

import pytest

from infra.health import Health
from infra.kafka import KafkaError
from infra.settings import RegionalSettings
from relay.forwarder import drain
from relay.forwarder.drain import Drain
from relay.ingester import reader
from relay.ingester.asking import Asking
from relay.ingester.intake import Intake
from relay.ingester.reader import Reader
from relay.ingester.repairer import Repairer
from relay.ingester.shelf import Shelf

PATIENCE = 30.0


class Swallower:
    """Waits for Kafka; a request to end becomes an error, as when both come at once."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def __call__(self, *_arguments: object, **_named: object) -> int:
        """Wait until the request to end."""
        self.asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as request:
            raise KafkaError from request
        return 0


@pytest.mark.parametrize("part", ["forwarder", "ingester"])
async def test_a_request_to_end_is_heeded_though_it_was_swallowed(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise whoever awaits the end of the process would hang."""
    kafka = Swallower()
    monkeypatch.setattr(drain, "ensure_topics", kafka)
    monkeypatch.setattr(reader, "count_partitions", kafka)
    settings = RegionalSettings(
        instance="us/relay",
        admin_port=0,
        log_level="info",
        region="us",
        regions="us,eu",
        partitions=1,
        kafka="127.0.0.1:1",
        store="postgresql://127.0.0.1:1/none",
        redis="redis://127.0.0.1:1",
        directory="http://127.0.0.1:1",
    )
    running = asyncio.create_task(
        Drain(settings, Health(), asyncio.Event()).run()
        if part == "forwarder"
        else Reader(
            Intake(origin="eu", here="us", partitions=1),
            kafka="127.0.0.1:1",
            health=Health(),
            repairer=Repairer("eu", "", here="us"),
            asking=Asking(patience=1, retry=1),
            shelf=Shelf("postgresql://127.0.0.1:1/none", "eu.relay.us"),
        ).run()
    )
    await kafka.asked.wait()
    kafka.asked.clear()
    running.cancel()

    asked_again = asyncio.create_task(kafka.asked.wait())
    await asyncio.wait({running, asked_again}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    ended = running.cancelled()
    for task in (running, asked_again):
        task.cancel()
    assert ended
