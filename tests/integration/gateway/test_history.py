"""What the owner of a conversation tells other regions that ask for what they lack: what their users may see, and nothing else."""

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from infra.postgres import make_pool
from region.gateway.groups.recall import PATH, Historian, History
from region.store.repository.setup import prepare
from replication.codec import decode_record
from replication.ids import group_id
from replication.records import Entry

pytestmark = pytest.mark.integration

ALICE = "u" + "a" * 24 + "-us"
GROUP = group_id(ALICE, "begin")


@pytest.fixture
async def asked(store_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The owner's internal port; Eva of eu sees 3 to 5 but not 4, nobody of ap sees anything."""
    async with make_pool(store_url, size=2, name="test") as pool, pool.connection() as connection:
        await prepare(pool, region="us", partitions=1)
        await connection.execute("INSERT INTO conversations VALUES (%s, 'group', 6, 1, 6, true, 0, 5, 5)", (GROUP,))
        for user, home, role, since, until, hidden in (
            (ALICE, "us", "owner", 1, 0, ""),
            ("u" + "e" * 24 + "-eu", "eu", "former", 3, 5, "4-4"),
            ("u" + "f" * 24 + "-ap", "ap", "asking", 0, 0, ""),
        ):
            await connection.execute(
                "INSERT INTO members (conversation_id, user_id, home, received, read, sent, read_count, read_sent, position,"
                " role, joined, since, until_seq, hidden) VALUES (%s, %s, %s, 0, 0, 0, 0, 0, 0, %s, 1, %s, %s, %s)",
                (GROUP, user, home, role, since, until, hidden),
            )
        for seq in range(1, 7):
            await connection.execute(
                "INSERT INTO entries VALUES (%s, %s, 1, 1, %s, 'group_message_sent', %s, %s, '', 'us', 'c', '', %s, 0, 1)",
                (GROUP, seq, seq, f"m{seq}", ALICE, f"text {seq}"),
            )

        async def nothing(_scope: object, _receive: object, send: object) -> None:
            pytest.fail("it was passed on")

        app = Historian(nothing, region="us", store=pool)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://us") as client:
            yield client


async def seqs(asked: httpx.AsyncClient, region: str, **query: str) -> list[int]:
    """Ask as a region; return which entries are told."""
    wanted = {"conversation_id": GROUP, "first": "1", "last": "6", "most": "10", **query}
    told = await asked.get(PATH, params=wanted, headers={"causeway-region": region})
    told.raise_for_status()
    history = msgspec.msgpack.decode(told.content, type=History)
    entries = [decode_record(raw, history.version) for raw in history.entries]
    return [entry.seq for entry in entries if isinstance(entry, Entry)]


async def test_a_region_is_told_what_its_users_may_see(asked: httpx.AsyncClient) -> None:
    """In order, whether the newest or the oldest are wanted."""
    assert await seqs(asked, "eu") == [3, 5]
    assert await seqs(asked, "eu", newest="1", last="4") == [3]
    assert await seqs(asked, "ap") == []
    assert await seqs(asked, "us", most="2", newest="1") == [5, 6]


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, {}),
        ({"causeway-region": "eu", "causeway-bridged": "1"}, {}),
        ({"causeway-region": "eu"}, {"conversation_id": GROUP[:-2] + "eu"}),
        ({"causeway-region": "eu"}, {"first": "0"}),
        ({"causeway-region": "eu"}, {"last": "x"}),
        ({"causeway-region": "eu"}, {"most": "100000"}),
    ],
)
async def test_strangers_and_nonsense_are_told_nothing(
    asked: httpx.AsyncClient, headers: dict[str, str], query: dict[str, str]
) -> None:
    """Devices whose requests an edge carries among them."""
    wanted = {"conversation_id": GROUP, "first": "1", "last": "6", "most": "10", **query}

    assert (await asked.get(PATH, params=wanted, headers=headers)).status_code == 404
