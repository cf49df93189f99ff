"""A part that was killed, and that others stand in for, is over once it stands in for them as well."""

import os
from collections.abc import Callable

import pytest

from chaos.drill.faults import replicas
from chaos.drill.faults.parts import PartFault
from chaos.drill.faults.replicas import ReplicaKilled, brokers_beside
from chaos.drill.nemesis import injector_of
from chaos.drill.schedule import Fault, Kind
from chaos.judge.events import Expectation
from infra.administration import lacking
from infra.kafka import KafkaError
from infra.local.control import PartStatus, RegionStatus, Request, Status

LIVING = os.getpid()


def part(pid: int, **ports: int) -> PartStatus:
    """Return a part that is well."""
    return PartStatus("healthy", pid, 0.0, 0, ports, "log")


def status(pid: int) -> Status:
    """Return a region of two brokers and a projector, all of which have that process."""
    parts = {"kafka-1": part(pid, kafka=1), "kafka-2": part(pid, kafka=2), "projector": part(pid, admin=3)}
    return Status("healthy", "/home", 1, {"us": RegionStatus("http://us", parts)}, {})


async def healthy(_: Request) -> Status:
    """Answer as the supervisor does once the part has another process."""
    return status(os.getppid())


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Let Kafka answer so, one after the other; return who was asked."""

    def answer(*said: tuple[str, ...] | Exception) -> list[str]:
        asked, left = list[str](), list(said)

        async def out_of_sync(bootstrap: str) -> tuple[str, ...]:
            asked.append(bootstrap)
            next_one = left.pop(0)
            if isinstance(next_one, Exception):
                raise next_one
            return next_one

        monkeypatch.setattr(replicas, "out_of_sync", out_of_sync)
        monkeypatch.setattr(replicas, "LOOK_SECONDS", 0.0)
        return asked

    return answer


async def test_a_broker_is_back_once_no_partition_lacks_a_copy(answers: Callable[..., list[str]]) -> None:
    """Or two would be lost at once when the next one is killed; all of the region's brokers are asked."""
    asked = answers(("journal-3", "relay.eu-1"), KafkaError(), ("journal-3",), ())

    await ReplicaKilled("us/kafka-2", status(LIVING), healthy).recovered()

    assert asked == ["127.0.0.1:1,127.0.0.1:2"] * 4


async def test_anything_else_is_back_by_its_own_account(answers: Callable[..., list[str]]) -> None:
    """Nobody asks Kafka of a projector."""
    asked = answers()

    await ReplicaKilled("us/projector", status(LIVING), healthy).recovered()

    assert asked == []
    assert brokers_beside("directory", status(LIVING)) == ()


def test_only_where_requests_are_to_be_served_a_replica_is_killed() -> None:
    """Other drills kill parts as ever."""
    plain = Fault(1, 1, 0.0, Kind.KILL, "us/kafka-1", 5.0)
    asking = Fault(1, 1, 0.0, Kind.KILL, "us/kafka-1", 5.0, expects=Expectation(prompt=10.0))

    assert type(injector_of(plain, status(LIVING), healthy, print)) is PartFault
    assert type(injector_of(asking, status(LIVING), healthy, print)) is ReplicaKilled


def test_what_lacks_a_copy() -> None:
    """Of topics as Kafka describes them: a broker that is to keep it and is not in sync, or nobody who leads."""
    whole = {"partition": 0, "leader": 1, "replicas": [1, 2, 3], "isr": [3, 1, 2]}
    topics = [
        {"topic": "journal", "partitions": [whole, {**whole, "partition": 1, "isr": [1, 2]}]},
        {"topic": "relay.eu", "partitions": [{**whole, "partition": 2, "leader": -1}]},
    ]

    assert lacking(topics) == ("journal-1", "relay.eu-2")
