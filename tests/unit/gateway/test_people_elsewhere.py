"""Asking another region who is found there: what it may say, and what becomes of one that does not answer."""

import contextlib
from collections.abc import AsyncIterator, Callable

import httpx
import msgspec
import pytest

from infra.peers import Peers
from region.gateway.people.others import Others
from region.gateway.people.ranking import Found, Hit, Place, read_query

ADA = read_query("ada")
AFTER = Place(1, 3, "ada", "u000000000000000000000000-eu")


def hit(user_id: str, handle: str) -> Hit:
    """Somebody whom a region says to have found."""
    place = Place(0, 0, "", "")
    return Hit(place=place, user_id=user_id, handle=handle, display_name="", status_text="", created_at=0)


@contextlib.asynccontextmanager
async def asking(
    answer: Callable[[httpx.Request], httpx.Response], clock: list[float], expelled: frozenset[str] = frozenset()
) -> AsyncIterator[Others]:
    """Ask a region that answers so."""
    peers = Peers("us", {"eu": "http://eu"})
    peers.expel(expelled)
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as peers.client:
        yield Others(peers, clock=lambda: clock[0])


async def test_a_region_tells_of_its_own_users_alone() -> None:
    """Not of those who live elsewhere, nor of anybody who does not match; whatever it says of where they stand."""
    told = [hit("u111111111111111111111111-us", "ada"), hit("u222222222222222222222222-eu", "bob"), hit("x", "ada")]
    own = hit("u333333333333333333333333-eu", "adam")
    content = msgspec.json.encode(Found([*told, own]))
    async with asking(lambda _: httpx.Response(200, content=content), [0.0]) as others:
        found = await others.find("eu", ADA, "ada", after=None, most=50)

    assert found is not None
    assert [(one.user_id, one.place.rank) for one in found.hits] == [(own.user_id, 1)]


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: httpx.Response(503, content=b"{}"),
        lambda _: httpx.Response(200, content=b"[]"),
        lambda _: httpx.Response(200, content=b" " * 1_000_000),
    ],
)
async def test_one_that_does_not_answer_well_is_passed_over_for_a_moment(
    answer: Callable[[httpx.Request], httpx.Response],
) -> None:
    """So that not every search waits for it; then it is asked again."""
    asked: list[httpx.Request] = []

    def noting(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(request)

    clock = [100.0]
    async with asking(noting, clock) as others:
        for moment, times in ((100.0, 1), (100.5, 1), (101.5, 2)):
            clock[0] = moment
            assert await others.find("eu", ADA, "ada", after=None, most=50) is None
            assert len(asked) == times


async def test_one_that_was_expelled_is_not_asked() -> None:
    """It counts as silent."""
    found = msgspec.json.encode(Found([]))
    async with asking(lambda _: httpx.Response(200, content=found), [0.0], frozenset({"eu"})) as others:
        assert await others.find("eu", ADA, "ada", after=None, most=50) is None


async def test_one_that_would_never_come_further_is_left_out() -> None:
    """Else a search through all pages would have no end."""
    content = msgspec.json.encode(Found([], AFTER))
    async with asking(lambda _: httpx.Response(200, content=content), [0.0]) as others:
        assert await others.find("eu", ADA, "ada", after=AFTER, most=50) is None
