"""A region that the others do not trust any more, and one that lies: nothing of it is taken, and nothing is lost."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from itertools import chain

import httpx
import msgspec

from chaos.federation import Federation, Status
from chaos.people import Person
from infra.administration import count_partitions
from infra.kafka import Consumer, Producer
from region.client import Stage
from replication.codec import UndecodableRecordError, decode_journaled, encode, encode_record
from replication.ids import direct_conversation_id, message_id, new_user_id, region_of
from replication.records import MessageSent, Relayed, Stream, Submission, Via
from tests.acceptance.gauges import Gauges

MakePerson = Callable[..., "asyncio.Future[Person]"]
As = Callable[[Person], dict[str, str]]
PATIENCE = 120.0


def health_of(status: Status, part: str) -> str:
    """Where a part says how it is."""
    return f"http://127.0.0.1:{status.parts()[part].ports['admin']}/health"


async def until_health_says(http: httpx.AsyncClient, url: str, what: str, *, says: bool = True) -> None:
    """Wait until a part's health says something, or does not say it any more."""
    async with asyncio.timeout(PATIENCE):
        while (what in (await http.get(url)).text) is not says:  # noqa: ASYNC110 — another process
            await asyncio.sleep(0.1)


async def until_forwarded(author: Person, text: str, gauges: Gauges) -> None:
    """Wait until a message of somebody in us has been put into the topic for eu."""
    await author.until(
        lambda: text in [m.text for m in (*chain(*author.screen.values()), *author.queued)], within=PATIENCE
    )
    drained = "causeway_forwarder_drained_timestamp_seconds"  # nothing is left of what there was then
    await gauges.reach("us/forwarder", drained, at_least=time.time(), destination="eu")


@contextlib.asynccontextmanager
async def expelled(federation: Federation, http: httpx.AsyncClient, region: str) -> AsyncIterator[None]:
    """Expel a region for a while; the other's ingester and access lists obey by then."""
    health, access = (health_of(federation.status(), f"us/{part}") for part in ("ingester", "forwarder"))
    await federation.act("region", "expel", region, "--why", "a test", "--confirm", region)
    try:
        await until_health_says(http, health, "expelled from trust")
        await until_health_says(http, access, f"denied everything: {region}")
        yield
    finally:
        await federation.act("region", "readmit", region)
    await until_health_says(http, health, "expelled from trust", says=False)


async def test_a_region_is_expelled_and_readmitted(  # noqa: PLR0917 — fixtures
    make_person: MakePerson,
    whole: Federation,
    http: httpx.AsyncClient,
    urls: dict[str, str],
    as_: As,
    gauges: Gauges,
) -> None:
    """Its tokens, records and connections count for nothing elsewhere; others go on; then everything that waited arrives, once."""
    alice, boris, carol = await make_person("us"), await make_person("eu"), await make_person("ap")
    opening = await alice.write("before", boris)
    await opening.reach(Stage.READ)
    conversation = opening.conversation_id
    await (await alice.write("before", carol)).reach(Stage.READ)
    about = f"{urls['us']}/users/{alice.id}"
    assert (await http.get(about, headers=as_(boris))).status_code == 200

    async with expelled(whole, http, "eu"):
        async with asyncio.timeout(PATIENCE):
            while (await http.get(about, headers=as_(boris))).status_code != 401:  # noqa: ASYNC110 — another process
                await asyncio.sleep(0.1)
            while "eu" in await _regions(http, urls["us"]):  # noqa: ASYNC110 — as above
                await asyncio.sleep(0.1)
        assert "eu: expelled" in await whole.act("region", "list")
        handles = [await alice.write("at the threshold", boris)]  # answers a read that waited before it was denied
        await until_forwarded(alice, "at the threshold", gauges)
        handles += [await alice.write("to the expelled", boris), await boris.write("from the expelled", alice)]
        for handle in handles:
            await asyncio.wait_for(handle.reach(Stage.ACCEPTED), PATIENCE)
        await asyncio.wait_for((await alice.write("meanwhile", carol)).reach(Stage.READ), PATIENCE)
        assert "from the expelled" not in alice.texts(conversation)
        assert "to the expelled" not in boris.texts(conversation)

    for handle in handles:
        await asyncio.wait_for(handle.reach(Stage.READ), PATIENCE)
    assert alice.texts(conversation) == boris.texts(conversation)
    assert sorted(alice.texts(conversation)) == ["at the threshold", "before", "from the expelled", "to the expelled"]
    assert alice.seqs(conversation) == [1, 2, 3, 4]


async def test_what_a_region_may_not_say_comes_no_further_than_the_mirror(
    make_person: MakePerson, status: Status, gauges: Gauges
) -> None:
    """By its own MirrorMaker's way: words of somebody who lives elsewhere are counted, never journaled; real ones go on."""
    alice, boris = await make_person("us"), await make_person("eu")
    await (await alice.write("before", boris)).reach(Stage.READ)
    kafka = {name: f"127.0.0.1:{status.parts()[f'{name}/kafka'].ports['kafka']}" for name in ("us", "eu")}
    refused = ("us/ingester", "causeway_ingester_records_total")
    before = await gauges.read(*refused, origin="eu", verdict="refused")

    forged = _forged(victim="us", author_of="ap", by="eu")
    stream = Stream("eu", 1, 0, "us", 0)  # an older one than the real, which it does not touch
    for number, record in enumerate(forged, start=1):
        value = encode(Relayed(via=Via(stream, number, number), record=encode_record(record), forwarded_at=1))
        async with Producer(kafka["eu"], client="forger") as producer:
            await producer.append("relay.us", partition=0, key=None, value=value)

    await gauges.reach(*refused, before + len(forged), origin="eu", verdict="refused")
    await asyncio.wait_for((await boris.write("real", alice)).reach(Stage.READ), PATIENCE)
    assert not await _journaled(kafka["us"], {record.id for record in forged})


def _forged(*, victim: str, author_of: str, by: str) -> list[Submission]:
    """Make what somebody of one region never said to somebody of another: as theirs, and as the forger's own."""
    while True:
        author, recipient = new_user_id(author_of), new_user_id(victim)
        conversation = direct_conversation_id(author, recipient)
        if region_of(conversation) == victim:
            break
    plain = Submission(
        id=message_id(author, conversation, "c"),
        author=author,
        home=author_of,
        home_epoch=1,
        body=MessageSent(recipient, "c", "forged"),
        submitted_at=1,
        conversation_id=conversation,
    )
    return [plain, msgspec.structs.replace(plain, home=by)]


async def _journaled(kafka: str, wanted: set[str]) -> set[str]:
    """Return which submissions of these ids a journal has."""
    found: set[str] = set()
    partitions = await count_partitions(kafka, "journal")
    async with Consumer(kafka, "journal", client="test") as consumer:
        bounds = {partition: await consumer.bounds(partition) for partition in range(partitions)}
        reached = {partition: first for partition, (first, _) in bounds.items()}
        consumer.assign(reached)
        while any(reached[partition] < end for partition, (_, end) in bounds.items()):
            for partition, records in (await consumer.read(wait_ms=200, most=5000)).items():
                reached[partition] = records[-1].offset + 1
                for kept in records:
                    with contextlib.suppress(UndecodableRecordError):  # other tests leave such
                        record = decode_journaled(kept.value).record
                        found |= {record.id} if isinstance(record, Submission) else set()
    return found & wanted


async def _regions(http: httpx.AsyncClient, url: str) -> set[str]:
    return {region["region"] for region in (await http.get(f"{url}/regions")).json()["regions"]}
