"""What another region may do in a region's Kafka, on a real one with its real settings: read what is meant for it, and nothing else."""

import asyncio
import contextlib
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import ClusterAuthorizationFailedError, TopicAuthorizationFailedError
from aiokafka.protocol.admin import CreateAclsRequest
from aiokafka.protocol.fetch import FetchRequest

from global_directory.trust import Trust
from infra.acls import AccessLists, Rule, allowances, denials
from infra.administration import ensure_topics
from infra.errors import UnavailableError
from infra.health import Health
from infra.identity import DOMAIN
from infra.kafka import Consumer, KafkaError, Producer
from infra.local import ports
from infra.local.certificates import Authority, Files, ensure
from infra.local.kafka import kafka_part
from infra.local.parts import Part
from infra.local.tools import Tools
from infra.tasks import beside
from relay.forwarder.access import CONDITION, keep_access

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC)
TOPIC, LITERAL, PREFIXED, READ, ALLOW = 2, 3, 4, 3, 3
SURPLUS = [
    (TOPIC, "relay.", PREFIXED, "User:eu", "*", READ, ALLOW),  # all relay topics
    (TOPIC, "journal", LITERAL, "User:eu", "127.0.0.1", READ, ALLOW),  # from one address
    (TOPIC, "journal", LITERAL, "User:ap", "*", READ, ALLOW),
    (TOPIC, "relay.old", LITERAL, "User:old", "*", READ, ALLOW),  # a region that is none any more
    (TOPIC, "journal", LITERAL, "User:*", "*", READ, ALLOW),  # everybody
]
"""What allows more than anybody is to have, as Kafka says it."""
Running = Callable[[Part, Tools], AbstractContextManager[Part]]


@dataclass(frozen=True)
class Us:
    """The Kafka of us.

    Attributes:
        home: Where certificates are.
        own: Bootstrap servers for its own region.
        for_eu: Bootstrap servers for eu.
    """

    home: Path
    own: str
    for_eu: str

    def context(self, files: Files | None) -> ssl.SSLContext:
        """How somebody with these files connects, who trusts us whatever their own authority is."""
        context = ssl.create_default_context(cafile=Files.of(self.home, "us").authorities)
        if files is not None:
            context.load_cert_chain(files.certificate, files.key)
        return context

    def as_region(self, region: str) -> ssl.SSLContext:
        """How a region connects."""
        return self.context(Files.of(self.home, region))


@pytest.fixture(scope="module")
def us(tools: Tools, running: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Us]:
    """A Kafka with a listener for eu, and a journal and relay topics with a record each."""
    home = tmp_path_factory.mktemp("guarded")
    ensure(home, ["us", "eu", "ap"])
    own, controller, for_eu, for_ap = ports.some_free(4)
    part = kafka_part(
        "us/kafka",
        java=tools.java,
        directory=home / "us" / "kafka",
        log=home / "log",
        port=own,
        controller=controller,
        peers={"eu": (for_eu, for_eu), "ap": (for_ap, for_ap)},
        topics={},
        tls=Files.of(home, "us"),
    )
    part.directory.mkdir(parents=True)
    with running(part, tools):
        yield Us(home, f"127.0.0.1:{own}", f"us.{DOMAIN}:{for_eu}")
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lead the names in certificates to this machine, as the mirror's hosts file does."""
    known = socket.getaddrinfo

    def find(host: Any, *arguments: Any, **options: Any) -> Any:
        ours = isinstance(host, str) and host.endswith(f".{DOMAIN}")
        return known("127.0.0.1" if ours else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", find)


@pytest.fixture(autouse=True)
async def open_lists(us: Us) -> AsyncIterator[AccessLists]:
    """Topics with a record each, and the access lists as they are when nobody is expelled."""
    topics = ("journal", "relay.eu", "relay.ap")
    await ensure_topics(us.own, dict.fromkeys(topics, 1))
    async with AccessLists(us.own) as lists, Producer(us.own, client="us") as producer:
        await lists.change(add=allowances(["eu", "ap"]), remove=denials(["eu", "ap"]))
        for topic in topics:
            await producer.append(topic, partition=0, key=None, value=topic.encode())
        yield lists


async def first(us: Us, topic: str, tls: ssl.SSLContext) -> bytes | None:
    """Read the first record of a topic, through the listener for eu."""
    async with asyncio.timeout(60), Consumer(us.for_eu, topic, client="reader", tls=tls) as consumer:
        consumer.assign({0: 0})
        while True:
            for records in (await consumer.read(wait_ms=200, most=1)).values():
                return records[0].value


async def fetch(us: Us, topic: str, tls: ssl.SSLContext) -> tuple[int, bytes]:
    """Ask the broker for the first records of a topic, whatever it says of the topic; return its error code and what it gave."""
    admin = AIOKafkaAdminClient(bootstrap_servers=us.for_eu, security_protocol="SSL", ssl_context=tls)
    await admin.start()
    try:
        request = FetchRequest(0, 1, 1_000_000, 0, [(topic, [(0, 0, 1_000_000)])])
        [(_, [(_, code, *_, records)])] = (await admin._send_request(request)).topics  # noqa: SLF001 — nobody reads so by itself
    finally:
        await admin.close()
    return code, records or b""


async def append(us: Us, topic: str, tls: ssl.SSLContext) -> None:
    """Append a record, through the listener for eu."""
    async with asyncio.timeout(60), Producer(us.for_eu, client="forger", tls=tls) as producer:
        await producer.append(topic, partition=0, key=None, value=b"forged")


async def test_a_region_reads_what_is_meant_for_it(us: Us) -> None:
    """By whatever listener: who it is stands in its certificate."""
    assert await first(us, "relay.eu", us.as_region("eu")) == b"relay.eu"
    assert await first(us, "relay.ap", us.as_region("ap")) == b"relay.ap"


@pytest.mark.parametrize("topic", ["journal", "relay.ap"])
async def test_a_region_reads_neither_the_journal_nor_what_is_meant_for_another(us: Us, topic: str) -> None:
    """Though it asks for the records without having been told that the topic is there."""
    assert (await fetch(us, "relay.eu", us.as_region("eu")))[1].endswith(b"relay.eu\0")
    assert await fetch(us, topic, us.as_region("eu")) == (TopicAuthorizationFailedError.errno, b"")


@pytest.mark.parametrize("topic", ["journal", "relay.eu", "relay.ap", "heartbeats"])
async def test_a_region_writes_nothing(us: Us, topic: str) -> None:
    """Not even where it may read."""
    with pytest.raises((TopicAuthorizationFailedError, ClusterAuthorizationFailedError)):
        await append(us, topic, us.as_region("eu"))


async def test_a_region_makes_no_topics(us: Us) -> None:
    """It could fill the disk, or stand in the way of a name."""
    admin = AIOKafkaAdminClient(bootstrap_servers=us.for_eu, security_protocol="SSL", ssl_context=us.as_region("eu"))
    await admin.start()
    try:
        [(_, code, *_)] = (await admin.create_topics([NewTopic("eu.relay.us", 1, 1)])).topic_errors
    finally:
        await admin.close()
    assert code in {TopicAuthorizationFailedError.errno, ClusterAuthorizationFailedError.errno}


async def test_the_region_s_own_certificate_is_no_key_to_everything(us: Us) -> None:
    """Who comes by a peer's listener is no super user, though it be us."""
    assert await fetch(us, "journal", us.as_region("us")) == (TopicAuthorizationFailedError.errno, b"")


async def test_strangers_are_turned_away(us: Us, tmp_path: Path) -> None:
    """Without a certificate, with one that ended, of a foreign authority, or in plain text."""
    authority = Authority.read(us.home / "authority")
    assert authority
    ended = Files(tmp_path / "ended")
    authority.write(ended, "eu", NOW - timedelta(days=2), timedelta(days=1))
    ensure(tmp_path, ["eu"])
    strangers = [us.context(None), us.context(ended), us.context(Files.of(tmp_path, "eu")), None]
    for stranger in strangers:
        with pytest.raises(KafkaError):
            async with asyncio.timeout(60), Producer(us.for_eu, client="stranger", tls=stranger):
                pytest.fail("it was let in")


async def test_who_is_expelled_reads_nothing_more_until_readmitted(us: Us, open_lists: AccessLists) -> None:
    """Over the connection that it has, too; then it goes on where it was."""
    async with asyncio.timeout(60), Consumer(us.for_eu, "relay.eu", client="eu", tls=us.as_region("eu")) as consumer:
        consumer.assign({0: 0})
        while not await consumer.read(wait_ms=200, most=1):
            pass
        assert await open_lists.change(add=denials(["eu"]))
        assert {rule.who for rule in await open_lists.read() if rule.permission == "deny"} == {"eu"}
        async with Producer(us.own, client="us") as producer:
            await producer.append("relay.eu", partition=0, key=None, value=b"meanwhile")
        with pytest.raises(TopicAuthorizationFailedError):
            await _read_for_ever(consumer)
        assert await first(us, "relay.ap", us.as_region("ap")) == b"relay.ap"
        assert await open_lists.change(remove=denials(["eu"]))
        assert not await open_lists.change(remove=denials(["eu"]))

    async with asyncio.timeout(60), Consumer(us.for_eu, "relay.eu", client="eu", tls=us.as_region("eu")) as consumer:
        consumer.assign({0: 1})
        values: list[bytes | None] = []
        while b"meanwhile" not in values:
            values += [
                record.value for records in (await consumer.read(wait_ms=200, most=9)).values() for record in records
            ]


async def _read_for_ever(consumer: Consumer) -> None:
    while True:
        await consumer.read(wait_ms=200, most=1)


class Directory:
    """A directory that says what the test wants; nothing, while that is None."""

    def __init__(self, expelled: frozenset[str] | None) -> None:
        """Begin."""
        self.expelled = expelled

    async def expulsions(self) -> frozenset[str]:
        """Say who was expelled."""
        if self.expelled is None:
            raise UnavailableError(what="The directory")
        return self.expelled


@dataclass(frozen=True)
class Keeping:
    """A forwarder's access lists, kept, of which somebody looks at what comes of it.

    Attributes:
        lists: The access lists.
        health: What it tells.
    """

    lists: AccessLists
    health: Health

    async def until(self, holds: Callable[[frozenset[Rule]], bool]) -> None:
        """Wait until the access lists are so."""
        async with asyncio.timeout(60):
            while not holds(await self.lists.read()):  # noqa: ASYNC110 — what is waited for lies in Kafka
                await asyncio.sleep(0.05)

    async def until_told(self, detail: str) -> None:
        """Wait until health says that all is well, and this."""
        async with asyncio.timeout(60):
            while (told := self.health.conditions.get(CONDITION)) is None or (told.ok, told.detail) != (True, detail):  # noqa: ASYNC110 — health has no event
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def keeping(kafka: str, directory: Directory, lists: AccessLists) -> AsyncIterator[Keeping]:
    """Keep access lists for as long as the context lasts."""
    trust, health = Trust(directory, kafka=kafka, pause=0.05), Health()
    async with beside(trust.run(), keep_access(kafka, ["eu", "ap"], trust, health)):
        yield Keeping(lists, health)


async def test_a_forwarder_denies_everything_to_whoever_is_expelled_until_it_is_readmitted(
    us: Us, open_lists: AccessLists
) -> None:
    """As the directory says it, and to nobody else; a region that it was never told of is not denied anything."""
    directory = Directory(frozenset())
    async with keeping(us.own, directory, open_lists) as kept:
        await kept.until_told("")
        directory.expelled = frozenset({"eu", "elsewhere"})
        await kept.until(lambda rules: denials(["eu"]) <= rules)
        await kept.until_told("denied everything: eu")
        assert {rule.who for rule in await open_lists.read() if rule.permission == "deny"} == {"eu"}
        directory.expelled = frozenset()
        await kept.until(lambda rules: not denials(["eu"]) & rules)
        await kept.until_told("")
        assert allowances(["eu", "ap"]) <= await open_lists.read()


async def test_nobody_is_let_in_again_before_the_directory_was_heard(us: Us, open_lists: AccessLists) -> None:
    """What is missing is allowed, so that a new region's mirror works; what was denied stays so, though the forwarder is new."""
    await open_lists.change(add=denials(["eu"]), remove=allowances(["ap"]))
    directory = Directory(None)
    async with keeping(us.own, directory, open_lists) as kept:
        await kept.until(lambda rules: allowances(["ap"]) <= rules)
        await kept.until_told("denied everything: eu")
        assert denials(["eu"]) <= await open_lists.read()
        directory.expelled = frozenset()
        await kept.until(lambda rules: not denials(["eu"]) & rules)


async def test_what_somebody_else_has_changed_is_put_right(
    us: Us, open_lists: AccessLists, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand, or by a forwarder that knows less: it is looked at again without any news."""
    monkeypatch.setattr("relay.forwarder.access.LOOK_SECONDS", 0.1)
    async with keeping(us.own, Directory(frozenset({"ap"})), open_lists) as kept:
        await kept.until_told("denied everything: ap")
        await open_lists.change(add=denials(["eu"]), remove=denials(["ap"]) | allowances(["eu"]))
        await kept.until(lambda rules: denials(["ap"]) | allowances(["eu"]) <= rules and not denials(["eu"]) & rules)
        for fields in SURPLUS:
            await open_lists._send(CreateAclsRequest(*fields))  # noqa: SLF001 — no rule of ours says such things
        async with asyncio.timeout(60):
            while set(SURPLUS) & set(await open_lists._everything()):  # noqa: ASYNC110, SLF001 — likewise; it lies in Kafka
                await asyncio.sleep(0.05)
        assert denials(["ap"]) | allowances(["eu", "ap"]) == await open_lists.read()


async def test_what_is_removed_is_told_once(open_lists: AccessLists) -> None:
    """Who reads the log can tell what somebody had been allowed."""
    known = allowances(["eu", "ap"])
    for fields in SURPLUS:
        await open_lists._send(CreateAclsRequest(*fields))  # noqa: SLF001 — no rule of ours says such things

    changed, told = await open_lists.enforce(allow=known)

    assert not changed
    assert len(told) == len(SURPLUS)
    assert "User:eu from *: read topic relay. (pattern 4)" in told
    assert await open_lists.enforce(allow=known) == (False, [])
    assert await open_lists.read() == known


async def test_a_kafka_that_is_away_is_told_and_waited_for(us: Us, open_lists: AccessLists) -> None:
    """Its forwarder is not well, and does not end."""
    nowhere = f"127.0.0.1:{ports.some_free(1)[0]}"
    async with keeping(nowhere, Directory(frozenset({"eu"})), open_lists) as kept, asyncio.timeout(60):
        while kept.health.ok or not kept.health.conditions:  # noqa: ASYNC110 — health has no event
            await asyncio.sleep(0.05)
    assert kept.health.conditions[CONDITION].detail
