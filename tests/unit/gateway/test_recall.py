"""What an owner answers when it is asked for what was said before: read no further than it may go."""

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from infra.errors import UnavailableError
from infra.peers import Peers
from region.gateway.groups import recall
from region.gateway.groups.recall import History, Recall
from replication.ids import group_id, new_user_id
from replication.records import Entry

GROUP = group_id(new_user_id("eu"), "a group")
PIECE = b"x" * 65_536


class Endless(httpx.AsyncByteStream):
    """An answer that never comes to its end."""

    def __init__(self) -> None:
        self.told = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.told += len(PIECE)
            yield PIECE


async def keep(entry: Entry) -> None:
    """Keep nothing; nothing is to come so far."""
    raise AssertionError(entry)


async def ask(
    response: httpx.Response, expelled: frozenset[str] = frozenset()
) -> tuple[list[Entry], list[httpx.Request]]:
    """Ask an owner who answers that; return what was taken, and what was asked."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return response

    peers = Peers("us", {"eu": "https://eu"})
    peers.expel(expelled)
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as peers.client:
        return await Recall(peers=peers, keep=keep).newest(GROUP, ((1, 20),), most=20), asked


async def test_an_answer_without_end_is_given_up() -> None:
    """A region that is ill, or means ill, takes no more memory than an honest answer may."""
    endless = Endless()

    with pytest.raises(UnavailableError):
        await ask(httpx.Response(200, stream=endless))

    assert recall.MOST_BYTES < endless.told <= recall.MOST_BYTES + 2 * len(PIECE)


async def test_the_owner_is_asked_in_this_regions_name() -> None:
    """And, over TLS, by its own."""
    taken, [request] = await ask(httpx.Response(200, content=msgspec.msgpack.encode(History([]))))

    assert taken == []
    assert request.headers["causeway-region"] == "us"
    assert request.extensions["sni_hostname"]
    assert dict(request.url.params) == {
        "conversation_id": GROUP,
        "first": "1",
        "last": "20",
        "most": "20",
        "newest": "1",
    }


async def test_an_owner_that_was_expelled_is_not_asked() -> None:
    """What it said would stand in this region's own journal, and be believed."""
    with pytest.raises(UnavailableError):
        await ask(httpx.Response(500), frozenset({"eu"}))
