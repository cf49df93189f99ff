"""What the gateway's end of the journal lets wait for Kafka."""

import asyncio
from typing import cast

import pytest

from infra.errors import BusyError, TooLargeError
from infra.health import Health
from infra.kafka import MessageSizeTooLargeError, Producer
from region.gateway import journal as module
from region.gateway.journal import Journal
from region.gateway.sightings import Sightings
from replication.records import MessageSent, Submission


class StalledProducer:
    """A producer whose buffer is full: nothing is even queued until it is let go."""

    def __init__(self) -> None:
        self.goes_on = asyncio.Event()

    async def send(self, _topic: str, *, partition: int, key: bytes, value: bytes, trace: str) -> "asyncio.Future[int]":
        """Wait for room, then acknowledge at once."""
        await self.goes_on.wait()
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        done.set_result(partition)
        return done


def submission(number: int) -> Submission:
    """A message of a kilobyte."""
    body = MessageSent("u" + "b" * 24 + "-us", "c", "x" * 1000)
    author = "u" + "a" * 24 + "-us"
    return Submission(id=f"m{number}", author=author, home="us", home_epoch=1, body=body, submitted_at=0)


async def test_more_bytes_than_may_wait_are_refused_and_those_that_wait_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also bytes that wait for room in the producer: each device and each request holds some."""
    monkeypatch.setattr(module, "MOST_BYTES", 3000)
    journal = Journal(
        "nowhere", region="us", instance="us/gateway", partitions=4, health=Health(), sightings=Sightings()
    )
    producer = StalledProducer()
    monkeypatch.setattr(journal, "_producer", cast("Producer", producer))
    waiting = [asyncio.create_task(journal.send(submission(number))) for number in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(BusyError):
        await journal.send(submission(2))
    producer.goes_on.set()
    for appended in await asyncio.gather(*waiting):
        await appended
    await asyncio.sleep(0)  # callbacks of what is done

    assert isinstance(await (await journal.send(submission(2))), int)


class PettyProducer:
    """A producer before a broker that takes only small records."""

    def __init__(self, *, at_once: bool) -> None:
        self.at_once = at_once
        self.asked = 0

    async def send(self, _topic: str, *, partition: int, key: bytes, value: bytes, trace: str) -> "asyncio.Future[int]":
        """Refuse it, at once or when the broker has seen it."""
        self.asked += 1
        if self.at_once:
            raise MessageSizeTooLargeError
        refused: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        refused.set_exception(MessageSizeTooLargeError())
        return refused


@pytest.mark.parametrize("where", ["here", "producer", "broker"])
async def test_a_record_that_is_too_large_is_its_own_fault_alone(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Everybody's producer goes on, wherever it is refused; what is known to be too large never reaches it."""
    if where == "here":
        monkeypatch.setattr(module, "LARGEST_VALUE", 500)
    health = Health()
    journal = Journal("nowhere", region="us", instance="us/gateway", partitions=4, health=health, sightings=Sightings())
    producer = PettyProducer(at_once=where == "producer")
    monkeypatch.setattr(journal, "_producer", cast("Producer", producer))
    watching = asyncio.create_task(journal._watch())  # noqa: SLF001 — it ends with the producer's first failure
    await asyncio.sleep(0)

    if where == "broker":
        with pytest.raises(MessageSizeTooLargeError):
            await (await journal.send(submission(0)))
    else:
        with pytest.raises(TooLargeError):
            await journal.send(submission(0))
    for _ in range(10):
        await asyncio.sleep(0)  # callbacks of what is done, and whom they wake

    assert not watching.done()
    assert not journal.is_away
    assert producer.asked == (where != "here")
    watching.cancel()
