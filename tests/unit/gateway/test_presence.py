"""What Redis and other regions say of who is there, and what becomes of a region that says nothing, or too much."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection
from typing import cast

import httpx
import msgspec
import pytest

from infra.errors import BusyError
from infra.peers import Peers
from infra.postgres import Connection
from region.gateway.errors import RateLimitedError
from region.gateway.rates import Rate
from region.gateway.signs.desk import MOST_LISTED, PresenceDesk
from region.gateway.signs.neighbours import AT_ONCE, SILENT_SECONDS, Neighbours
from region.gateway.signs.presence import UNKNOWN, Presence, believed, presence_of
from region.gateway.signs.repository import friends_among
from region.gateway.signs.residents import MOST, Residents
from region.gateway.signs.schemas import view
from replication.codec import encode_details
from replication.friends import Friendship
from replication.groups import Details
from replication.ids import direct_conversation_id

ADA, BEN = "u111111111111111111111111-us", "u222222222222222222222222-us"
EVA, EMIL = "u333333333333333333333333-eu", "u444444444444444444444444-eu"
ONLINE = Presence("online")


@pytest.mark.parametrize(
    ("gateways", "seen", "wanted"),
    [
        ({"a"}, b"100", ONLINE),
        ({"dead", "a"}, None, ONLINE),
        ({"dead"}, b"125", Presence("offline", 120)),
        (set(), None, Presence("offline")),
        (set(), b"nonsense", Presence("offline")),
        (set(), b"9" * 40, Presence("offline")),
    ],
)
def test_who_has_a_device_at_a_gateway_that_is_alive_is_online(
    gateways: set[str], seen: bytes | None, wanted: Presence
) -> None:
    """Else offline, since a whole minute; what is kept of a gateway that died makes nobody online."""
    assert presence_of(gateways, {"a", "b"}, seen) == wanted


def test_another_region_tells_no_moment_that_there_is_not() -> None:
    """Nor one of somebody who is online; and nothing exact."""
    told = [Presence("offline", 10**18), Presence("offline", -5), Presence("offline", 179), Presence("online", 7)]

    assert [believed(one) for one in told] == [Presence("offline")] * 2 + [Presence("offline", 120), ONLINE]
    assert view(ADA, Presence("offline", 120)).last_seen == "1970-01-01T00:02:00.000Z"
    assert view(ADA, ONLINE).last_seen is None


@contextlib.asynccontextmanager
async def asking(
    answer: Callable[[httpx.Request], httpx.Response],
    clock: Callable[[], float] = lambda: 0.0,
    expelled: frozenset[str] = frozenset(),
) -> AsyncIterator[Neighbours]:
    """Ask a region that answers so."""
    peers = Peers("us", {"eu": "http://eu"})
    peers.expel(expelled)
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as peers.client:
        yield Neighbours(peers, clock=clock)


def saying(told: object) -> Callable[[httpx.Request], httpx.Response]:
    """Answer so."""
    return lambda _: httpx.Response(200, content=msgspec.json.encode(told))


async def test_a_region_is_asked_for_a_viewer_and_tells_of_those_alone() -> None:
    """It says who asks; whom nobody asked for is passed over."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return saying({EVA: ONLINE, BEN: ONLINE})(request)

    async with asking(answer) as neighbours:
        assert await neighbours.of("eu", ADA, [EVA, EMIL]) == {EVA: ONLINE}

    (request,) = asked
    assert (request.url.path, dict(request.url.params)) == (
        "/internal/presence",
        {"viewer": ADA, "users": f"{EVA},{EMIL}"},
    )
    assert request.headers["causeway-region"] == "us"


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: httpx.Response(503, content=b"{}"),
        saying([EVA]),
        saying({EVA: ["somewhere", 0]}),
        saying("x" * 100_000),
        lambda _: httpx.Response(200, content=b'{"%s":["online",0,%s]}' % (EVA.encode(), b"[" * 20_000)),
    ],
)
async def test_one_that_does_not_answer_well_is_unknown_and_left_alone_for_a_moment(
    answer: Callable[[httpx.Request], httpx.Response],
) -> None:
    """Then it is asked again."""
    asked: list[httpx.Request] = []

    def noting(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(request)

    now = [100.0]
    async with asking(noting, lambda: now[0]) as neighbours:
        for moment, times in ((100.0, 1), (100.0 + SILENT_SECONDS / 2, 1), (100.0 + SILENT_SECONDS, 2)):
            now[0] = moment
            assert await neighbours.of("eu", ADA, [EVA]) == {}
            assert len(asked) == times


async def test_one_that_was_expelled_or_is_not_known_is_not_asked() -> None:
    """Its users are unknown."""
    async with asking(saying({EVA: ONLINE}), expelled=frozenset({"eu"})) as neighbours:
        assert await neighbours.of("eu", ADA, [EVA]) == {}
    async with asking(saying({EVA: ONLINE})) as neighbours:
        assert await neighbours.of("xx", ADA, ["u333333333333333333333333-xx"]) == {}


async def test_no_more_than_so_many_questions_wait_for_one_region() -> None:
    """One more is unknown at once, and the others have their answers."""
    may = asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        await may.wait()
        return saying({EVA: ONLINE})(request)

    async with asking(answer) as neighbours:  # type: ignore[arg-type]  # httpx takes either
        waiting = [asyncio.create_task(neighbours.of("eu", ADA, [EVA])) for _ in range(AT_ONCE)]
        await asyncio.sleep(0)
        assert await neighbours.of("eu", ADA, [EVA]) == {}
        may.set()
        assert await asyncio.gather(*waiting) == [{EVA: ONLINE}] * AT_ONCE


class Rows:
    """A connection to a store that answers so, and asks nobody."""

    def __init__(self, *answers: list[tuple[object, ...]]) -> None:
        self._answers = list(answers)

    async def execute(self, *_: object, binary: bool = False) -> "Rows":
        """Ask."""
        del binary
        return self

    async def fetchall(self) -> list[tuple[object, ...]]:
        """Answer."""
        return self._answers.pop(0)


async def test_a_conversation_that_cannot_be_read_makes_nobody_a_friend_and_harms_nobody_else() -> None:
    """Such as one that is damaged."""
    details = encode_details(Details(friendship=Friendship("friends", ADA, 2, 1)))
    asked = Details(friendship=Friendship("requested", ADA, 1, 1))
    rows: list[tuple[object, ...]] = [
        (direct_conversation_id(ADA, BEN), b"\xc1"),
        (direct_conversation_id(ADA, EVA), details),
        (direct_conversation_id(ADA, EMIL), encode_details(asked)),
    ]
    users = [ADA, BEN, EVA, EMIL]
    assert await friends_among(cast("Connection", Rows(rows, [])), ADA, users) == {EVA}
    assert await friends_among(cast("Connection", Rows(rows, [(EVA, ADA)])), ADA, users) == set()
    assert await friends_among(cast("Connection", Rows(rows, [(ADA, EVA)])), ADA, users) == set()


class Told:
    """Stands for residents and neighbours: tells what it was given, and keeps what it was asked for."""

    def __init__(self, told: dict[str, Presence]) -> None:
        self.told = told
        self.asked: list[tuple[str, ...]] = []
        self.busy = False

    async def of(self, *asked: object) -> dict[str, Presence]:
        """Tell."""
        if self.busy:
            raise BusyError(what="Presence")
        users = cast("Collection[str]", asked[-1])
        self.asked.append((*map(str, asked[:-1]), *users))
        return {user: self.told[user] for user in users if user in self.told}


def desk(here: Told, there: Told, clock: Callable[[], float] = lambda: 0.0) -> PresenceDesk:
    """Make a desk of us."""
    return PresenceDesk(
        region="us",
        residents=cast("Residents", here),
        neighbours=cast("Neighbours", there),
        rate=Rate(2, 60),
        clock=clock,
    )


async def test_each_home_is_asked_once_and_who_is_not_told_of_is_unknown() -> None:
    """In the order in which they were asked for; a busy gateway makes its own users unknown."""
    here, there = Told({BEN: Presence("offline", 60)}), Told({EVA: ONLINE})
    found = await desk(here, there).of(ADA, [EVA, BEN, EMIL])

    assert list(found.items()) == [(EVA, ONLINE), (BEN, Presence("offline", 60)), (EMIL, UNKNOWN)]
    assert (here.asked, there.asked) == ([(ADA, BEN)], [("eu", ADA, EVA, EMIL)])
    here.busy = True
    assert await desk(here, there).of(ADA, [BEN, EVA]) == {BEN: UNKNOWN, EVA: ONLINE}


async def test_who_asks_too_often_is_told_so_and_still_given_the_list() -> None:
    """Without presence, which is shed first."""
    here, now = Told({BEN: ONLINE}), [0.0]
    asked = desk(here, Told({}), lambda: now[0])
    assert [await asked.of(ADA, [BEN]) for _ in range(2)] == [{BEN: ONLINE}] * 2
    with pytest.raises(RateLimitedError) as refused:
        await asked.of(ADA, [BEN])
    assert refused.value.details["retry_after"] == 30
    assert await asked.listed(ADA, [BEN]) == {BEN: UNKNOWN}
    now[0] = 31.0
    assert await asked.listed(ADA, [BEN]) == {BEN: ONLINE}


async def test_a_long_list_is_asked_for_in_pieces_and_not_to_its_end() -> None:
    """Whatever somebody has of friends, a list costs so much at most."""
    users = [f"u{number:024x}-us" for number in range(MOST_LISTED + 10)]
    here = Told(dict.fromkeys(users, ONLINE))
    found = await desk(here, Told({})).listed(ADA, users)

    assert [len(asked) - 1 for asked in here.asked] == [MOST] * (MOST_LISTED // MOST)
    assert list(found) == users
    assert [found[user] for user in users] == [ONLINE] * MOST_LISTED + [UNKNOWN] * 10
