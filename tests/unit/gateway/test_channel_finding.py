"""Public channels of other regions: what they answer is believed only of what they own, and who does not answer is named."""

from collections.abc import Callable
from typing import cast

import httpx
import msgspec
import pytest

from infra.errors import NotFoundError, UnavailableError
from infra.peers import Peers
from infra.postgres import Pool
from region.gateway.channels.finding import Finder, Preview
from region.gateway.channels.schemas import ChannelView
from region.gateway.schemas import Page
from replication.ids import channel_id

EVA = "u300000000000000000000003-eu"
NEWS = channel_id(EVA, "news")
ELSEWHERE = channel_id("u500000000000000000000005-ap", "news")


def view(identifier: str, name: str = "News") -> ChannelView:
    """Return a channel as its owner tells."""
    return ChannelView(
        channel_id=identifier, name=name, description="", public=True, slow=0, created_by=EVA, created_at="",
        owner_region="eu", role="", subscriber_count=3, head=9,
    )  # fmt: skip


class AwayStore:
    """A store that is away."""

    def connection(self) -> None:
        """Fail as psycopg's pool does."""
        raise TimeoutError


def finder(told: Callable[[httpx.Request], httpx.Response], expelled: frozenset[str] = frozenset()) -> Finder:
    """Return a finder in us, whose own store is away, with a peer that answers so."""
    peers = Peers("us", {"eu": "http://eu"})
    peers.expel(expelled)
    peers.client = httpx.AsyncClient(transport=httpx.MockTransport(told))
    return Finder(region="us", peers=peers, store=cast("Pool", AwayStore()))


async def test_a_region_is_believed_of_what_it_owns_alone() -> None:
    """What another owns is left out, whatever it says; and regions that are away are named."""
    found, missing = await finder(
        lambda _: httpx.Response(200, content=msgspec.json.encode([view(NEWS), view(ELSEWHERE)]))
    ).find("new", 20)
    assert [one.channel_id for one in found] == [NEWS]
    assert missing == ["us"]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'[{"channel_id": 1}]'])
async def test_an_answer_that_cannot_be_read_is_none(content: bytes) -> None:
    """The region counts as silent."""
    assert await finder(lambda _: httpx.Response(200, content=content)).find("new", 20) == ([], ["us", "eu"])


async def test_who_looks_into_a_channel_is_told_by_its_owner() -> None:
    """That it is not there, or shown; another channel's posts are not believed to be this one's."""
    assert (await finder(_shows(NEWS)).preview(NEWS)).channel == view(NEWS)
    with pytest.raises(UnavailableError):
        await finder(_shows(ELSEWHERE)).preview(NEWS)
    with pytest.raises(NotFoundError):
        await finder(lambda _: httpx.Response(404)).preview(NEWS)
    with pytest.raises(UnavailableError):
        await finder(lambda _: httpx.Response(503)).preview(NEWS)
    with pytest.raises(NotFoundError):
        await finder(_shows(NEWS)).preview(ELSEWHERE)


async def test_views_are_added_up_of_those_who_answer() -> None:
    """A region that does not is named, and one that nobody knows, too."""
    asked = finder(lambda request: httpx.Response(200, content=b"7" if b"seq=9" in request.url.query else b"-1"))
    assert await asked.views(NEWS, 9, {"eu": 10, "ap": 10}) == (7, ["ap"])
    assert await asked.views(NEWS, 8, {"eu": 10}) == (0, [])
    assert await finder(lambda _: httpx.Response(503)).views(NEWS, 9, {"eu": 10}) == (0, ["eu"])


async def test_no_region_has_more_views_than_subscribers() -> None:
    """Whatever it says: how many live there is known from the log."""
    boasting = finder(lambda _: httpx.Response(200, content=b"1000000"))
    assert await boasting.views(NEWS, 9, {"eu": 3}) == (3, [])
    assert await boasting.views(NEWS, 9, {"eu": 0}) == (0, [])


async def test_a_region_that_was_expelled_is_not_asked() -> None:
    """It counts as silent: nothing of it is found, shown or counted."""

    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    us = finder(never, frozenset({"eu"}))
    assert await us.find("new", 20) == ([], ["us", "eu"])
    assert await us.views(NEWS, 9, {"eu": 3}) == (0, ["eu"])
    with pytest.raises(UnavailableError):
        await us.preview(NEWS)


def _shows(identifier: str) -> Callable[[httpx.Request], httpx.Response]:
    shown = Preview(view(identifier), Page(identifier, [], None, None))
    return lambda _: httpx.Response(200, content=msgspec.json.encode(shown))
