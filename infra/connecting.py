"""How Kafka's clients are connected and put away, whatever happens meanwhile; aiokafka itself leaves connections open then."""

import asyncio
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient

ANSWER_MS: Final = 3_000
"""How long one request may take before its connection is given up, and whoever leads now is asked for; a broker that stands still
shows by that alone. Kafka itself leaves one out after 2 s where there are several. Repeating is harmless: producers are idempotent."""


async def start(one: AIOKafkaProducer | AIOKafkaConsumer | AIOKafkaAdminClient) -> None:
    """Connect; whoever is cancelled meanwhile waits until the attempt has ended, and may stop it then.

    aiokafka forgets the connection of a bootstrap that is cancelled while it waits for metadata, and leaves it open.

    Raises:
        KafkaError: The broker cannot be reached.
    """
    starting = asyncio.ensure_future(one.start())
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait([starting], timeout=2 * ANSWER_MS / 1000)  # versions, then metadata
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        raise


async def stop(one: AIOKafkaProducer | AIOKafkaConsumer, client: AIOKafkaClient) -> None:
    """Stop a producer or consumer, whatever state Kafka has left it in.

    aiokafka awaits the tasks that it cancels, so that their CancelledError comes out of its `stop` (a fetch that backs off, in
    `Fetcher.close`), although nobody asked the caller to end; the connections are left open then.
    """
    task = asyncio.current_task()
    asked = task.cancelling() if task else 0
    try:
        await one.stop()
    except asyncio.CancelledError:
        if task is None or task.cancelling() > asked:
            raise
        await client.close()
