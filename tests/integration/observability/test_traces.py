"""One message makes one trace across two regions: through real Kafka, by its headers."""

import asyncio
from collections.abc import Sequence

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from infra.administration import count_partitions, ensure_topics
from infra.health import Health
from infra.kafka import Consumer, Producer, Record
from region.gateway.alterations.composing import plain
from region.gateway.journal import Journal
from region.gateway.submissions import Author, Clerk
from region.projector.docket import Docket, State
from region.projector.judge import finish, judge
from region.projector.reading import case_of
from region.projector.tracing import traced
from region.store.rows import Place as Projected
from relay.forwarder.drain import put
from relay.forwarder.plan import plan_runs
from relay.ingester.intake import Append, Intake
from replication.ids import direct_conversation_id, new_user_id, partition_of, region_of
from replication.outputs import Output
from replication.progress import Taken
from replication.records import Stream
from replication.repository import Place, Run
from replication.topics import JOURNAL, relay_topic

pytestmark = pytest.mark.integration


async def newest(kafka: str, topic: str, partition: int) -> Record:
    """The newest record of a partition."""
    async with Consumer(kafka, topic, client="test") as consumer:
        _, end = await consumer.bounds(partition)
        consumer.assign({partition: end - 1})
        while not (found := await consumer.read(wait_ms=1000, most=1)):
            pass
        return found[partition][0]


def projected(record: Record, region: str, partitions: int) -> Sequence[Output]:
    """What the projector of a region puts out for a record."""
    places = {record.partition: Projected(record.partition, record.offset, 0)}
    with traced([case_of(record)], region) as (case,):
        docket = Docket(here=region, incarnation=1, epoch=1, partitions=partitions, now=1, state=State(), places=places)
        judge(docket, case)
        finish(docket)
        docket.settle({})
    return [output for batch in docket.writes.outputs for output in batch.outputs]


async def test_one_message_makes_one_trace_across_two_regions(kafka: str, exporter: InMemorySpanExporter) -> None:
    """Accepted in us, projected there, forwarded, taken in by eu, and projected there."""
    await ensure_topics(kafka, {JOURNAL: 4, relay_topic("eu"): 4})
    partitions = await count_partitions(kafka, JOURNAL)
    ada, bob = new_user_id("us"), new_user_id("eu")
    while region_of(direct_conversation_id(ada, bob)) != "eu":
        ada, bob = new_user_id("us"), new_user_id("eu")
    conversation = direct_conversation_id(ada, bob)
    place = partition_of(conversation, partitions)
    exporter.clear()
    submission = Clerk(region="us", instance="us/front").message(
        Author(ada, 1),
        conversation_id=conversation,
        recipient_id=bob,
        client_message_id="c",
        composed=plain("a secret"),
    )

    journal = Journal(kafka, region="us", instance="us/front", partitions=partitions, health=Health())
    running = asyncio.create_task(journal.run())
    while journal.is_away:  # noqa: ASYNC110 — it has no event for it
        await asyncio.sleep(0.01)
    await (await journal.send(submission))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    outputs = [output for output in projected(await newest(kafka, JOURNAL, place), "us", partitions) if output.trace]
    stream = Stream("us", 1, 1, "eu", place)
    plan = plan_runs({("eu", place): Place("eu", place)}, [Run(stream, 1, 1, tuple(outputs[:1]))], now=1)
    async with Producer(kafka, client="test") as producer:
        await put(producer, plan.sendings)
        relayed = await newest(kafka, relay_topic("eu"), place)
        judged = Intake("us", "eu", partitions).take(relayed.value, partition=place, taken=Taken(), now=2)
        step = judged.traced(relayed.trace).step
        assert isinstance(step, Append)
        await producer.append(JOURNAL, partition=step.partition, key=step.key, value=step.value, trace=step.trace)
    assert projected(await newest(kafka, JOURNAL, place), "eu", partitions)[0].trace

    spans = exporter.get_finished_spans()
    assert [span.name for span in spans] == [
        *("append journal", "accept", "project", "append relay.eu", "append journal", "project")
    ]
    assert len({span.context.trace_id for span in spans if span.context}) == 1
    known = {span.context.span_id for span in spans if span.context}
    assert [span.name for span in spans if span.parent is None or span.parent.span_id not in known] == ["accept"]
    assert "secret" not in "".join(span.to_json() for span in spans)
