"""Asking an owner for history as often as somebody likes: one question for all who want the same, and a journal with room for what people send."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import msgspec
import pytest

from infra.errors import BusyError
from infra.kafka import KafkaError
from infra.peers import Peers
from region.gateway.groups import recall
from region.gateway.groups.recall import KEPT_SECONDS, History, Recall
from replication.codec import encode_record
from replication.groups import GroupMessageSent
from replication.ids import group_id, message_id, new_user_id
from replication.records import Entry

AUTHOR = new_user_id("eu")
GROUP = group_id(AUTHOR, "a group")


def entry(seq: int) -> Entry:
    """Return an entry of the group."""
    return Entry(
        conversation_id=GROUP, seq=seq, epoch=1, incarnation=1, count=seq, message_id=message_id(AUTHOR, GROUP, f"c{seq}"),
        author=AUTHOR, home="eu", content_hash=b"h" * 16, body=GroupMessageSent(f"c{seq}", "text"), sent_at=0, hops=(),
    )  # fmt: skip


class Eu:
    """An owner that tells what it is asked for, once it may."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.asked = 0
        self.may.set()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Tell."""
        self.asked += 1
        await self.may.wait()
        first, last = int(request.url.params["first"]), int(request.url.params["last"])
        told = [msgspec.Raw(encode_record(entry(seq))) for seq in range(first, last + 1)]
        return httpx.Response(200, content=msgspec.msgpack.encode(History(told)))


class Kept:
    """A journal that has what is appended once it may."""

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.waiting: list[asyncio.Future[int]] = []
        self.now = 100.0

    async def keep(self, one: Entry) -> "asyncio.Future[int]":
        """Append."""
        self.seqs.append(one.seq)
        self.waiting.append(asyncio.get_running_loop().create_future())
        return self.waiting[-1]

    def acknowledge(self) -> None:
        """Have all of it."""
        for one in self.waiting:
            one.set_result(1)
        self.waiting = []


async def settled() -> None:
    """Let everything go as far as it goes without anybody's help."""
    for _ in range(200):
        await asyncio.sleep(0)


@pytest.fixture
async def us(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Recall, Eu, Kept]]:
    """Who asks eu, and keeps what it tells."""
    monkeypatch.setattr(recall, "KEEP_SECONDS", 60.0)
    eu, kept = Eu(), Kept()
    peers = Peers("us", {"eu": "https://eu"})
    async with httpx.AsyncClient(transport=httpx.MockTransport(eu)) as peers.client:
        yield Recall(peers=peers, keep=kept.keep, clock=lambda: kept.now), eu, kept


async def test_who_wants_the_same_is_told_by_one_answer(us: tuple[Recall, Eu, Kept]) -> None:
    """Also if who asked first has gone."""
    asking, eu, kept = us
    eu.may.clear()
    wanting = [asyncio.create_task(asking.newest(GROUP, ((1, 9),), most=9)) for _ in range(20)]
    await settled()
    wanting[0].cancel()
    eu.may.set()
    await settled()
    kept.acknowledge()

    told = await asyncio.gather(*wanting, return_exceptions=True)

    assert isinstance(told[0], asyncio.CancelledError)
    assert [[one.seq for one in each] for each in told[1:] if isinstance(each, list)] == [list(range(1, 10))] * 19
    assert (eu.asked, kept.seqs) == (1, list(range(1, 10)))


async def test_an_answer_is_appended_when_the_journal_has_the_one_before(us: tuple[Recall, Eu, Kept]) -> None:
    """So readers of history fill no more of it than one answer does."""
    asking, _, kept = us
    wanting = [asyncio.create_task(asking.oldest(GROUP, ((low, low + 2),), most=3)) for low in (1, 4, 7)]
    await settled()
    for count in (3, 6, 9):
        assert len(kept.seqs) == count
        kept.acknowledge()
        await settled()
    assert [len(each) for each in await asyncio.gather(*wanting)] == [3, 3, 3]


async def test_what_was_kept_a_moment_ago_is_not_appended_again(us: tuple[Recall, Eu, Kept]) -> None:
    """Until the projector must have had it; what the journal did not take is."""
    asking, _, kept = us
    for moment, expected in ((0.0, [1, 2]), (1.0, [1, 2]), (1.0 + KEPT_SECONDS, [1, 2, 1, 2])):
        kept.now = 100.0 + moment
        wanting = asyncio.create_task(asking.newest(GROUP, ((1, 2),), most=2))
        await settled()
        kept.acknowledge()
        assert [one.seq for one in await wanting] == [1, 2]
        assert kept.seqs == expected


@pytest.mark.parametrize("lost", [lambda one: one.set_exception(KafkaError()), lambda one: one.cancel()])
async def test_what_the_journal_lost_is_appended_again(
    us: tuple[Recall, Eu, Kept], lost: Callable[["asyncio.Future[int]"], object]
) -> None:
    """It is shown all the same."""
    asking, _, kept = us
    for _ in range(2):
        wanting = asyncio.create_task(asking.newest(GROUP, ((1, 1),), most=1))
        await settled()
        for one in kept.waiting:
            lost(one)
        kept.waiting = []
        assert [one.seq for one in await wanting] == [1]
    assert kept.seqs == [1, 1]


async def test_who_reads_does_not_wait_for_a_journal_that_stands_still(
    us: tuple[Recall, Eu, Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is on its way there stays so."""
    monkeypatch.setattr(recall, "KEEP_SECONDS", 0.01)
    asking, _, kept = us

    for seq in (1, 3):
        told = await asking.newest(GROUP, ((seq, seq + 1),), most=2)
        assert [one.seq for one in told] == [seq, seq + 1]

    assert kept.seqs == [1, 2], "nothing more goes there before that is acknowledged"
    assert [one.done() for one in kept.waiting] == [False, False]


async def test_only_so_many_questions_are_under_way(
    us: tuple[Recall, Eu, Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next is told to come again."""
    monkeypatch.setattr(recall, "MOST_ASKED", 2)
    asking, eu, kept = us
    eu.may.clear()
    wanting = [asyncio.create_task(asking.newest(GROUP, ((seq, seq),), most=1)) for seq in (1, 2)]
    await settled()
    with pytest.raises(BusyError):
        await asking.newest(GROUP, ((3, 3),), most=1)
    eu.may.set()
    for _ in wanting:
        await settled()
        kept.acknowledge()
    await asyncio.gather(*wanting)
