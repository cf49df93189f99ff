"""The fixtures' parts are the real ones, and answer."""

from collections.abc import Awaitable, Callable

import psycopg
import redis
from aiokafka.admin import AIOKafkaAdminClient


async def test_kafka_makes_topics(kafka: str, make_topic: Callable[..., Awaitable[str]]) -> None:
    """A topic that was asked for is there, with its partitions."""
    name = await make_topic(partitions=3)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        [topic] = await admin.describe_topics([name])
    finally:
        await admin.close()

    assert len(topic["partitions"]) == 3


def test_every_test_has_a_database_of_its_own(postgres_url: str, make_database: Callable[[], str]) -> None:
    """What one database holds is not in another."""
    with psycopg.connect(postgres_url) as one:
        one.execute("CREATE TABLE mine (id int)")
        version = one.info.server_version
    with psycopg.connect(make_database()) as other:
        found = other.execute("SELECT to_regclass('mine')").fetchone()

    assert found == (None,)
    assert version // 10000 == 18


def test_redis_is_valkey(redis_url: str) -> None:
    """The server speaks Redis and is Valkey 9."""
    with redis.Redis.from_url(redis_url) as client:
        server = client.info("server")

    assert str(server["valkey_version"]).startswith("9.")
