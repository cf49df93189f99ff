"""Who is told that somebody types, and what is given up when too much, too late, or nobody there is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import cast

import httpx
import msgspec
import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from infra.postgres import Pool
from region.gateway.signs.carriers import MOST_BYTES, SILENT_SECONDS, Carriers
from region.gateway.signs.hearing import Ear, Hearing
from region.gateway.signs.typing import LATE_SECONDS, MOST_TOLD, Carried, Plan, Sign, Told, pairs_of, plan
from region.gateway.signs.typists import EACH, MOST_WAITING, Typists

ADA, BEN = "u111111111111111111111111-us", "u222222222222222222222222-us"
AKI = "u666666666666666666666666-ap"
EVA, EMIL = "u333333333333333333333333-eu", "u444444444444444444444444-eu"
GROUP = "g" + "a" * 32 + "-eu"
HOMES = {ADA: "us", BEN: "us", EVA: "eu", EMIL: "eu"}


def sign(user: str = ADA, *, origin: str = "us") -> Sign:
    """Somebody types in the group."""
    return Sign(Carried(GROUP, user), origin, 0.0)


def shed(why: str) -> float:
    """How many signs were given up for that."""
    return REGISTRY.get_sample_value("causeway_gateway_signs_shed_total", {"what": "typing", "why": why}) or 0.0


def test_the_home_of_who_types_tells_its_own_and_each_other_region_once() -> None:
    """Not who types; the other region tells its users and passes nothing on."""
    assert plan([sign()], {GROUP: HOMES}, set(), region="us") == Plan(
        [Told(GROUP, ADA, (BEN,))], {"eu": [Carried(GROUP, ADA)]}
    )
    assert plan([sign()], {GROUP: HOMES}, set(), region="eu") == Plan([Told(GROUP, ADA, (EVA, EMIL))], {})
    assert plan([sign(EVA, origin="eu")], {GROUP: HOMES}, set(), region="us") == Plan(
        [Told(GROUP, EVA, (ADA, BEN))], {}
    )


def test_whoever_is_no_member_or_lives_elsewhere_is_told_of_to_nobody() -> None:
    """Also when another region says so."""
    strangers = [sign("u555555555555555555555555-us"), sign(EVA, origin="ap"), sign(ADA, origin="eu")]
    without = {GROUP: {user: home for user, home in HOMES.items() if user != ADA}}

    assert plan(strangers, {GROUP: HOMES}, set(), region="us") == Plan([], {})
    assert plan([sign()], without, set(), region="us") == plan([sign()], {}, set(), region="us") == Plan([], {})


def test_of_two_of_whom_one_blocks_the_other_neither_is_told_of() -> None:
    """Here by what is known here, and in another region by what it knows; it is not told whom somebody blocks, so it is told nothing."""
    assert pairs_of([sign()], {GROUP: HOMES}, region="us") >= {(BEN, ADA), (ADA, BEN), (ADA, EVA), (ADA, EMIL)}
    assert pairs_of([sign(EVA, origin="eu")], {GROUP: HOMES}, region="us") == {(ADA, EVA), (BEN, EVA)}
    for blocked in ((ADA, BEN), (BEN, ADA)):
        assert plan([sign()], {GROUP: HOMES}, {blocked}, region="us").here == []
    homes = HOMES | {AKI: "ap"}
    blocks_eva = plan([sign()], {GROUP: homes}, {(ADA, EVA)}, region="us")
    assert blocks_eva == Plan([Told(GROUP, ADA, (BEN,))], {"ap": [Carried(GROUP, ADA)]})
    assert plan([sign()], {GROUP: HOMES}, {(EMIL, ADA)}, region="eu").here == [Told(GROUP, ADA, (EVA,))]
    alone = plan([sign()], {GROUP: {ADA: "us", EVA: "eu"}}, {(ADA, EVA)}, region="us")
    assert alone == Plan([], {})


def test_what_is_carried_names_nobody_but_who_types() -> None:
    """Not whom that one blocks, nor anybody else."""
    planned = plan([sign()], {GROUP: HOMES | {AKI: "ap"}}, {(ADA, EVA), (BEN, ADA)}, region="us")
    carried = msgspec.json.encode(planned.elsewhere)

    assert ADA.encode() in carried
    assert not [user for user in (*HOMES, AKI) if user != ADA and user.encode() in carried]


def test_a_batch_that_would_tell_too_many_is_cut() -> None:
    """What is left over is given up."""
    crowd = {f"u{number:024x}-us": "us" for number in range(100)}
    planned = plan([sign(user) for user in list(crowd)[:30]], {GROUP: crowd}, set(), region="us")

    told = sum(len(one.users) for one in planned.here)
    assert (told, planned.shed) == (MOST_TOLD // 99 * 99, 30 - MOST_TOLD // 99)


@pytest.mark.parametrize(
    ("carried", "good"),
    [
        (Carried(GROUP, EVA), True),
        (Carried(GROUP, ADA), False),
        (Carried(GROUP, "eva-eu"), False),
        (Carried("c" + "a" * 32 + "-eu", EVA), False),
        (Carried("nowhere", EVA), False),
    ],
)
def test_a_region_may_tell_of_its_own_users_alone(carried: Carried, *, good: bool) -> None:
    """In conversations that are no channels."""
    assert carried.is_from("eu") is good


def typists(clock: Callable[[], float]) -> Typists:
    """Typists whose store and Redis nobody has got to yet."""
    carriers = Carriers("us", {}, clock=clock)
    return Typists(region="us", store=cast("Pool", None), redis=cast("Redis", None), carriers=carriers, clock=clock)


def test_what_comes_too_often_or_in_channels_is_not_told() -> None:
    """Again after two seconds; each user so often in all, whatever the conversation."""
    now = [100.0]
    found, before = typists(lambda: now[0]), shed("often")
    for moment, waiting in ((100.0, 1), (101.0, 1), (102.5, 2)):
        now[0] = moment
        found.typed(ADA, GROUP)
        assert len(found) == waiting
    found.typed(ADA, "c" + "a" * 32 + "-eu")
    assert (len(found), shed("often") - before) == (2, 1)
    for number in range(EACH.count + 5):
        found.typed(BEN, f"g{number:032x}-us")
    assert len(found) == 2 + EACH.count


def test_what_waits_is_bounded_and_other_regions_leave_room() -> None:
    """They fill half of it at most."""
    found, before = typists(lambda: 100.0), shed("busy")
    found.heard("eu", [Carried(f"g{number:032x}-us", EVA) for number in range(MOST_WAITING)])
    assert (len(found), shed("busy") - before) == (MOST_WAITING // 2, MOST_WAITING // 2)
    found.typed(ADA, GROUP)
    assert len(found) == MOST_WAITING // 2 + 1
    found.heard("ap", [Carried(GROUP, EVA)])
    assert len(found) == MOST_WAITING // 2 + 1


async def test_what_has_waited_too_long_is_not_told() -> None:
    """No store is asked."""
    now = [100.0]
    found, before = typists(lambda: now[0]), shed("late")
    found.typed(ADA, GROUP)
    now[0] += LATE_SECONDS + 1
    running = asyncio.create_task(found.run())
    async with asyncio.timeout(30):
        while shed("late") == before:  # noqa: ASYNC110 — a metric raises no event
            await asyncio.sleep(0)
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


class Taking:
    """A region that takes what is carried to it, or answers so."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.bodies: list[bytes] = []
        self.came = asyncio.Event()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Take a request."""
        assert (request.method, request.url.path) == ("POST", "/internal/typing")
        assert request.headers["causeway-region"] == "us"
        self.bodies.append(request.read())
        self.came.set()
        return httpx.Response(self.status, content=b"{}")

    @property
    def taken(self) -> list[Carried]:
        """Everything."""
        return [one for body in self.bodies for one in msgspec.json.decode(body, type=list[Carried])]


@contextlib.asynccontextmanager
async def carrying(taking: Taking, clock: Callable[[], float]) -> AsyncIterator[Carriers]:
    """Carry to eu."""
    carriers = Carriers("us", {"eu": "http://eu"}, clock=clock)
    running = asyncio.create_task(carriers.run(None, transport=httpx.MockTransport(taking)))
    await asyncio.sleep(0)
    yield carriers
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_signs_are_carried_many_at_once_and_in_pieces_that_are_read() -> None:
    """In order, each once."""
    taking = Taking()
    signs = [Carried(f"g{number:032x}-us", ADA) for number in range(250)]
    async with carrying(taking, lambda: 0.0) as carriers, asyncio.timeout(30):
        carriers.offer("eu", signs)
        while len(taking.taken) < len(signs):
            taking.came.clear()
            await taking.came.wait()

    assert taking.taken == signs
    assert 1 < len(taking.bodies) < len(signs)
    assert max(map(len, taking.bodies)) < MOST_BYTES + 4096


async def test_a_region_that_takes_nothing_is_told_nothing_for_a_moment() -> None:
    """What waits for it is given up, and then it is told again; one that was expelled is not told at all."""
    now, taking, before = [100.0], Taking(503), shed("region")
    async with carrying(taking, lambda: now[0]) as carriers, asyncio.timeout(30):
        carriers.offer("eu", [Carried(GROUP, ADA)])
        while shed("region") == before:  # noqa: ASYNC110 — a metric raises no event
            await asyncio.sleep(0)
        carriers.offer("eu", [Carried(GROUP, BEN)])
        assert (len(taking.bodies), shed("region") - before) == (1, 2)
        taking.status, now[0] = 200, 100.0 + SILENT_SECONDS
        carriers.expel(frozenset({"eu"}))
        carriers.offer("eu", [Carried(GROUP, BEN)])
        assert shed("region") - before == 3
        carriers.expel(frozenset())
        taking.came.clear()
        carriers.offer("eu", [Carried(GROUP, BEN)])
        await taking.came.wait()
    assert taking.taken == [Carried(GROUP, ADA), Carried(GROUP, BEN)]


class Device:
    """A device that takes what it can do without, or does not."""

    def __init__(self, *, takes: bool = True) -> None:
        self.takes = takes
        self.told: list[str] = []

    def offer(self, text: str) -> bool:
        """Take it, or not."""
        self.told += [text] if self.takes else []
        return self.takes


def test_devices_that_have_time_are_told_and_the_others_are_not() -> None:
    """Nothing that cannot be read harms anybody."""
    quick, busy, other = Device(), Device(takes=False), Device()
    devices: dict[str, list[Ear]] = {BEN: [quick, busy], EVA: [other]}
    hearing = Hearing(cast("Redis", None), instance="us/front", devices=lambda user: devices.get(user, []))
    before = shed("device")
    hearing.take(msgspec.msgpack.encode([Told(GROUP, ADA, (BEN, EMIL))]))
    hearing.take(b"\xc1")

    assert quick.told == [f'{{"type":"typist","conversation_id":"{GROUP}","user_id":"{ADA}","seconds":6}}']
    assert (busy.told, other.told, shed("device") - before) == ([], [], 1)


PROFILE = Sign(Carried("", ADA), "us", 0.0)


def test_a_changed_profile_is_told_to_all_who_share_a_conversation() -> None:
    """Here, and in each of their regions once; within what blocks allow."""
    planned = plan([PROFILE], {ADA: HOMES}, set(), region="us")
    assert planned == Plan([Told("", ADA, (BEN,))], {"eu": [Carried("", ADA)]})
    assert plan([PROFILE], {ADA: HOMES}, set(), region="eu") == Plan([Told("", ADA, (EVA, EMIL))], {})
    assert pairs_of([PROFILE], {ADA: HOMES}, region="eu") == {(EVA, ADA), (EMIL, ADA)}
    assert plan([PROFILE], {ADA: HOMES}, {(EMIL, ADA)}, region="eu").here == [Told("", ADA, (EVA,))]
    assert plan([PROFILE], {ADA: HOMES}, {(ADA, BEN), (ADA, EVA)}, region="us") == Plan([], {})
    assert plan([PROFILE], {}, set(), region="us") == Plan([], {})  # a hermit


def test_only_a_region_of_ones_own_says_that_a_profile_has_changed() -> None:
    """As with who types."""
    assert Carried("", EVA).is_from("eu")
    assert not Carried("", EVA).is_from("ap")
    assert not Carried("", "nonsense-eu").is_from("eu")


def test_changes_that_follow_each_other_are_told_once() -> None:
    """While the first one waits; later ones are told again, since it was read in between."""
    typists = Typists(
        region="us",
        store=cast("Pool", None),
        redis=cast("Redis", None),
        carriers=cast("Carriers", None),
        clock=lambda: 0.0,
    )
    for _ in range(5):
        typists.changed(ADA)
    typists.changed(BEN)
    assert len(typists) == 2


def test_devices_are_told_whose_profile_it_is() -> None:
    """By a frame of its own, with no conversation."""
    told: list[str] = []

    class Device:
        def offer(self, text: str) -> bool:
            told.append(text)
            return True

    hearing = Hearing(cast("Redis", None), instance="g", devices=lambda _: [cast("Ear", Device())])
    hearing.take(msgspec.msgpack.encode([Told("", ADA, (BEN,)), Told(GROUP, ADA, (BEN,))]))
    assert [msgspec.json.decode(text) for text in told] == [
        {"type": "profile", "user_id": ADA},
        {"type": "typist", "conversation_id": GROUP, "user_id": ADA, "seconds": 6},
    ]
