"""Leaving a consumer or producer says what went wrong, whatever aiokafka's own end raises."""

import asyncio
from typing import ClassVar

import pytest

import infra.kafka
from infra.kafka import Consumer, KafkaError, Producer


class Connections:
    """The connections of a client."""

    def __init__(self) -> None:
        self.closed = False

    async def close(self) -> None:
        """Close them."""
        self.closed = True


class Straying:
    """A consumer or producer of aiokafka whose `stop` raises what a task of its own ended with."""

    made: ClassVar[list["Straying"]] = []

    def __init__(self, *_: object, **__: object) -> None:
        self.client = self._client = Connections()
        self.made.append(self)

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """End by a CancelledError that nobody asked for."""
        raise asyncio.CancelledError


@pytest.mark.parametrize("kind", [Consumer, Producer])
async def test_a_stray_cancellation_does_not_hide_why_it_was_left(
    kind: type[Consumer | Producer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller sees Kafka's error, and starts over, instead of ending for good."""
    monkeypatch.setattr(infra.kafka, f"AIOKafka{kind.__name__}", Straying)
    one = Consumer("x", "t", client="c") if kind is Consumer else Producer("x", client="c")

    with pytest.raises(KafkaError):
        async with one:
            raise KafkaError

    assert Straying.made[-1].client.closed


async def test_a_request_to_end_that_comes_while_leaving_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what nobody asked for is dropped."""
    monkeypatch.setattr(infra.kafka, "AIOKafkaConsumer", Straying)
    left = asyncio.Event()

    async def waiting(_: Straying) -> None:
        left.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Straying, "stop", waiting)

    async def leave() -> None:
        async with Consumer("x", "t", client="c"):
            pass

    task = asyncio.create_task(leave())
    await left.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
