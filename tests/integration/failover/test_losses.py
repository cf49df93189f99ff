"""In the place of a store that was lost one is made in which nothing is but who holds, and what a Kafka has of a journal is told."""

import re
from collections.abc import Awaitable, Callable

import psycopg
import pytest

from infra.kafka import Producer
from infra.postgres import make_pool
from infra.schema.repository import connect
from region.evacuation.seats import Seat
from region.failover.losses import has_store, make_seat, note_starts, read_stretch
from region.projector.lived import StoreLostError
from region.store.repository.setup import prepare
from replication.topics import JOURNAL
from replication.turns.records import Turn, may_serve
from replication.turns.repository import read_turn

pytestmark = pytest.mark.integration
HELD = Turn("us", 2, 2, "eu")


def seat(store: str, kafka: str = "") -> Seat:
    """Return that of us at home."""
    return Seat("us", "us", store, kafka, 2, ("eu",), None, frozenset(), ())


async def lived() -> None:
    """Say that the region has lived."""
    raise StoreLostError(region="us", epoch=2, holder="eu")


@pytest.mark.parametrize("there", [True, False])
async def test_nothing_is_in_it_but_who_holds(make_database: Callable[[], str], there: bool) -> None:  # noqa: FBT001  # a parameter
    """Whether or not its server has the database; services stand by, and a run that is repeated changes nothing."""
    url = make_database()
    home = seat(url if there else f"{url.rpartition('/')[0]}/lost_{url.rpartition('/')[2]}")
    assert not await has_store(home)
    with pytest.raises(psycopg.OperationalError, match="role"):
        await has_store(seat(re.sub(r"//[^@/]*@", "//nobody@", url)))

    for _ in range(2):
        await make_seat(home, HELD)
    assert await has_store(home)
    async with await connect(home.store, name="test") as store:
        turn = await read_turn(store)
        rows = await (await store.execute("SELECT count(*) FROM entries")).fetchone()
    assert (turn, rows) == (HELD, (0,))
    assert not may_serve(turn, region="us", site="us", accepting=False)
    async with make_pool(home.store, size=1, name="test") as pool:
        assert (await prepare(pool, region="us", partitions=2, may_begin=lived)).epoch == 2


async def test_another_journal_is_known_by_what_was_noted(
    kafka: str, make_topic: Callable[..., Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that nobody has noted anything of is another one, however far it has grown."""
    topic = await make_topic(partitions=2)
    home, ended = seat("", kafka), Turn("us", 1, 1, "us")
    monkeypatch.setattr(Seat, "journal", property(lambda _: topic))
    assert home.journal != JOURNAL
    async with Producer(kafka, client="test") as producer:
        for number in range(4):
            await producer.append(topic, partition=number % 2, key=None, value=b"x")

    stretch, bounds = await read_stretch(home, ended, {0: 1, 1: 0})
    assert (stretch.starts, stretch.is_another) == ({0: 0, 1: 0}, True)
    assert bounds == {0: (0, 2), 1: (0, 2)}

    await note_starts(home, ended, {0: 1, 1: 0})
    stretch, _ = await read_stretch(home, ended, {0: 1, 1: 0})
    assert (stretch.starts, stretch.gone) == ({0: 1, 1: 0}, {})
    stretch, _ = await read_stretch(home, ended, {0: 1, 1: 9})
    assert (stretch.starts, stretch.gone) == ({0: 1, 1: 0}, {1: -1}), "the other partition is still the same"
