"""A region that lies: what it may not say is put aside and counted, never journaled, and what it may say goes on."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import pytest
from prometheus_client import REGISTRY

from infra.administration import count_partitions, ensure_topics
from infra.health import Health
from infra.kafka import Consumer, Producer
from infra.postgres import make_pool
from infra.tasks import beside
from region.store.repository.setup import prepare
from relay.ingester import intake
from relay.ingester.asking import Asking
from relay.ingester.intake import Intake
from relay.ingester.reader import Reader
from relay.ingester.repairer import Repairer
from relay.ingester.shelf import Shelf
from replication.accounts import AccountConfirmed
from replication.codec import UndecodableRecordError, decode_journaled, encode, encode_record
from replication.ids import content_hash, direct_conversation_id, message_id, new_user_id
from replication.records import (
    Entry,
    Journaled,
    Mark,
    MessageSent,
    Opening,
    Outcome,
    Record,
    Refusal,
    Relayed,
    Stream,
    Submission,
    Via,
)
from replication.topics import JOURNAL, mirrored_topic
from tests.integration.relay.crossing import first_of, pair

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

PATIENCE = 90.0


class Forger:
    """A region, and what it says to another, in order."""

    def __init__(self) -> None:
        """Have a name that no other test knows, and nothing said."""
        self.region, self.victim, self.third = (f"{letter}{secrets.token_hex(3)}" for letter in "abc")
        self.said: list[bytes] = []

    def say(self, record: Record | None = None, **stream: object) -> None:
        """Say a record as the next of the stream to the victim, or of another that it claims."""
        place = msgspec.structs.replace(Stream(self.region, 1, 1, self.victim, 0), **stream)
        via = Via(place, 1 + len(self.said), 1)
        body = b"\xc1rubbish" if record is None else encode_record(record)
        self.said.append(encode(Relayed(via=via, record=msgspec.Raw(body), forwarded_at=1)))

    def submission(self, author: str, recipient: str, **changes: object) -> Submission:
        """Return what the author would say, if the author lived where we say."""
        conversation = direct_conversation_id(author, recipient)
        body = MessageSent(recipient, "c", "forged")
        plain = Submission(
            id=message_id(author, conversation, "c"),
            author=author,
            home=self.region,
            home_epoch=1,
            body=body,
            submitted_at=1,
            conversation_id=conversation,
            content_hash=content_hash(body.text, recipient),
        )
        return msgspec.structs.replace(plain, **changes)

    def entry(self, author: str, recipient: str, conversation: str) -> Entry:
        """Return a number that was given to what the author never said."""
        return first_of(author, recipient, conversation, text="forged")

    def honest(self) -> str:
        """Say what it may: a message of its own user to a conversation that the victim owns; return its id."""
        author, recipient, _ = pair(self.region, self.victim, owner=self.victim)
        submission = self.submission(author, recipient)
        self.say(submission)
        return submission.id


@pytest.fixture
def forger() -> Forger:
    """A region that lies."""
    return Forger()


@pytest.fixture
async def partitions(kafka: str) -> int:
    """Of the victim's journal, which all tests of this session share."""
    await ensure_topics(kafka, {JOURNAL: 4})
    return await count_partitions(kafka, JOURNAL)


@pytest.fixture
async def store(store_url: str, forger: Forger, partitions: int) -> str:
    """URL of the victim's store, where what is put aside is kept."""
    async with make_pool(store_url, size=1, name="test") as pool:
        await prepare(pool, region=forger.victim, partitions=partitions)
    return store_url


@contextlib.asynccontextmanager
async def taking_in(forger: Forger, kafka: str, partitions: int, store: str) -> AsyncIterator[Health]:
    """Run the victim's ingester for the forger's topic, in which everything stands that was said."""
    topic, health = mirrored_topic(forger.region, forger.victim), Health()
    await ensure_topics(kafka, {topic: 1})
    async with Producer(kafka, client="forger") as producer:
        for value in forger.said:
            await producer.append(topic, partition=0, key=None, value=value)
    repairer = Repairer(forger.region, "", here=forger.victim)
    asking = Asking(patience=0.1, retry=0.1)
    judge = Intake(forger.region, forger.victim, partitions)
    shelf = Shelf(store, topic)
    reader = Reader(judge, kafka=kafka, health=health, repairer=repairer, asking=asking, shelf=shelf)
    try:
        async with beside(shelf.run(), reader.run()):
            yield health
    finally:
        await repairer.close()


async def journaled(forger: Forger, kafka: str, partitions: int) -> dict[int, Journaled]:
    """Return what the victim's journal has of the forger, by sequence."""
    found = {}
    async with Consumer(kafka, JOURNAL, client="test") as consumer:
        ends = {partition: (await consumer.bounds(partition))[1] for partition in range(partitions)}
        reached = dict.fromkeys(ends, 0)
        consumer.assign(reached)
        while any(reached[partition] < end for partition, end in ends.items()):
            for partition, records in (await consumer.read(wait_ms=200, most=5000)).items():
                reached[partition] = records[-1].offset + 1
                for record in records:
                    with contextlib.suppress(UndecodableRecordError):  # other tests of this journal are about it
                        message = decode_journaled(record.value)
                        if message.via is not None and forger.region in {
                            message.via.stream.origin,
                            message.via.stream.destination,
                        }:
                            found[message.via.sequence] = message
    return found


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 — what is waited for lies in Kafka
            await asyncio.sleep(0.05)


def ids(found: dict[int, Journaled]) -> dict[int, str]:
    """Return the ids of submissions, by sequence."""
    return {n: message.record.id for n, message in found.items() if isinstance(message.record, Submission)}


def counted(forger: Forger, verdict: str) -> float:
    """How many of the forger's records came to that."""
    labels = {"origin": forger.region, "verdict": verdict}
    return REGISTRY.get_sample_value("causeway_ingester_records_total", labels) or 0.0


def tell_lies(forger: Forger) -> int:
    """Say everything that a region may not say; return how much that was."""
    me, victim, third = forger.region, forger.victim, forger.third
    before = len(forger.said)
    theirs, mine, owned_by_victim = pair(victim, me, owner=victim)
    stranger, their_friend, _ = pair(third, victim, owner=victim)
    one, other, between_others = pair(victim, third, owner=third)
    both = new_user_id(victim), new_user_id(victim)
    invented = f"d{secrets.token_hex(16)}-{me}"

    forger.say(forger.submission(theirs, mine))  # an author who lives with the victim
    forger.say(forger.submission(theirs, mine, home=victim))
    forger.say(forger.submission(stranger, their_friend))  # one who lives elsewhere
    forger.say(forger.submission(stranger, their_friend, home=third))
    forger.say(forger.submission(mine, theirs, body=AccountConfirmed("token")))  # an account
    forger.say(forger.submission(mine, theirs, conversation_id=between_others))  # to a conversation of others
    forger.say(forger.submission(mine, theirs, conversation_id=f"d{secrets.token_hex(16)}-{victim}"))
    forger.say(forger.entry(theirs, mine, owned_by_victim))  # entries of conversations that it does not own
    forger.say(forger.entry(one, other, between_others))
    forger.say(forger.entry(*both, invented))  # or that are nobody's: words between two users of the victim
    forger.say(Mark(conversation_id=owned_by_victim, user_id=mine, received=9, read=9, epoch=1))
    forger.say(Opening(conversation_id=owned_by_victim, author=mine, recipient=theirs, epoch=1))
    forger.say(Opening(conversation_id=invented, author=both[0], recipient=both[1], epoch=1))
    forger.say(
        Refusal(
            message_id=message_id(theirs, owned_by_victim, "c"),
            conversation_id=owned_by_victim,
            author=theirs,
            code="gone",
            detail="",
            content_hash=b"",
            epoch=1,
        )
    )
    elder, younger, owned_by_me = pair(me, victim, owner=me)
    ours = Refusal(
        message_id=message_id(theirs, owned_by_victim, "c"),  # of a message that the victim decides about
        conversation_id=owned_by_me,
        author=younger,
        code="gone",
        detail="",
        content_hash=b"",
        epoch=1,
        client_message_id="c",
    )
    forger.say(ours)
    forger.say(msgspec.structs.replace(ours, message_id="everything"))
    right = message_id(younger, owned_by_me, "c")
    forger.say(msgspec.structs.replace(ours, message_id=right, author=elder))
    forger.say(msgspec.structs.replace(ours, message_id=right, detail="gone " * 10_000))
    large = MessageSent(theirs, "c", "x" * 20_000)
    forger.say(forger.submission(mine, theirs, body=large))  # what no gateway takes from a device
    forger.say(Outcome(id=message_id(theirs, owned_by_victim, "c")))
    forger.say(None)
    return len(forger.said) - before


async def test_lies_are_put_aside_and_the_truth_goes_on(
    kafka: str, partitions: int, forger: Forger, store: str
) -> None:
    """Each kind of lie, between records that the region may relay."""
    first = forger.honest()
    lies = tell_lies(forger)
    last = forger.honest()

    async def arrived() -> bool:
        return len(forger.said) in await journaled(forger, kafka, partitions)

    async with taking_in(forger, kafka, partitions, store) as health:
        await until(arrived)
        assert health.ok
    found = await journaled(forger, kafka, partitions)

    assert ids(found) == {
        1: first,
        len(forger.said): last,
    }
    assert set(found) == {1, len(forger.said)}
    assert counted(forger, "refused") == lies
    assert counted(forger, "passed") == 2


async def test_streams_that_claim_another_origin_are_put_aside(
    kafka: str, partitions: int, forger: Forger, store: str
) -> None:
    """Nor may a stream lead elsewhere, or come by another partition; the real one is not disturbed by what they claim."""
    author, recipient, _ = pair(forger.third, forger.victim, owner=forger.victim)
    forged = forger.submission(author, recipient, home=forger.third)
    claims: list[dict[str, object]] = [
        {"origin": forger.third},
        {"origin": forger.victim},
        {"destination": forger.third},
        {"partition": 1},
    ]
    stolen = Forger()
    stolen.region, stolen.victim, stolen.third = forger.region, forger.victim, forger.third
    for claim in claims:
        stolen.say(forged, **claim)
    honest = [forger.honest(), forger.honest()]
    forger.said = [forger.said[0], *stolen.said, forger.said[1]]

    async def arrived() -> bool:
        return 2 in await journaled(forger, kafka, partitions)

    async with taking_in(forger, kafka, partitions, store):
        await until(arrived)
    found = await journaled(forger, kafka, partitions)

    assert ids(found) == dict(enumerate(honest, start=1))
    assert counted(forger, "refused") == len(claims)


async def test_a_home_epoch_that_is_too_new_is_parked_and_not_refused(
    kafka: str, partitions: int, forger: Forger, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be true, and only not known here yet: it is kept, and taken in by the next ingester that knows it."""
    first = forger.honest()
    author, recipient, _ = pair(forger.region, forger.victim, owner=forger.victim)
    moved = forger.submission(author, recipient, home_epoch=2)
    forger.say(moved)
    last = forger.honest()

    async def last_arrived() -> bool:
        return 3 in await journaled(forger, kafka, partitions)

    async def parked_arrived() -> bool:
        return 2 in await journaled(forger, kafka, partitions)

    async with taking_in(forger, kafka, partitions, store):
        await until(last_arrived)
    assert ids(await journaled(forger, kafka, partitions)) == {1: first, 3: last}

    monkeypatch.setattr(intake, "NEWEST_HOME_EPOCH", 2)
    forger.said = []
    async with taking_in(forger, kafka, partitions, store):
        await until(parked_arrived)
    assert ids(await journaled(forger, kafka, partitions)) == {1: first, 2: moved.id, 3: last}
