"""What a region may ask of the directory: things in its own name alone, by the certificate that it shows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import cast

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from global_directory.app import make_app
from global_directory.directory import Directory
from global_directory.holding.schemas import Claim, DutyView, Grant, Keeping, LayingDown, LeaseRequest, Permit
from global_directory.operators.actors import Shown
from global_directory.operators.desk import Desk
from global_directory.operators.detector import Detector
from global_directory.operators.errors import NoPassError
from global_directory.schemas import Announcement, Expulsions, Region, Reservation, ReserveRequest
from infra.identity import CALLER


class Fake:
    """A directory that grants everything that it is asked, and notes it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.duties = self

    async def reserve(self, request: ReserveRequest) -> Reservation:
        """Grant."""
        self.asked.append("reserve")
        return Reservation(
            request.handle, f"u{'0' * 24}-us", request.home_region, 1, "token", confirmed=False, reserved_until=1
        )

    async def renew(self, region: str, wanted: LeaseRequest) -> Grant:
        """Grant."""
        self.asked.append(f"lease of {region}")
        return Grant(wanted.holder, wanted.epoch, wanted.boot, wanted.asked_at, length=1)

    async def keep(self, region: str, wanted: Keeping) -> DutyView:
        """Answer."""
        self.asked.append(f"keep {region} {wanted.standby}")
        return DutyView(region, wanted.holder, 1, 1, wanted.standby, (), 0.0, laid_down=False)

    async def lay_down(self, region: str, wanted: LayingDown, *, guard: object = None) -> DutyView:
        """Do it."""
        self.asked.append(f"{region} laid down, {'guarded' if guard else 'unguarded'}")
        return DutyView(region, wanted.holder, wanted.epoch, 1, "", (), 0.0, laid_down=True)

    async def claim(self, region: str, wanted: Claim, *, guard: object = None) -> DutyView:
        """Grant."""
        self.asked.append(f"{region} claimed, {'guarded' if guard else 'unguarded'}")
        return DutyView(region, wanted.claimer, wanted.ended + 1, wanted.incarnation, "", (), 1.0, laid_down=False)

    async def expel(self, region: str) -> None:
        """Do it."""
        self.asked.append(f"{region} expelled")

    async def readmit(self, region: str) -> None:
        """Do it."""
        self.asked.append(f"{region} readmitted")

    async def expulsions(self) -> Expulsions:
        """Tell."""
        return Expulsions(())

    async def announce(self, region: str, announced: Announcement) -> Region:
        """Grant."""
        self.asked.append("announce")
        return Region(region, "us", 1, 1, announced.public_url, announced.gateway_url, 1, ())


@pytest.fixture
def directory() -> Fake:
    """A directory."""
    return Fake()


class FakeDetector:
    """Lets eu take us over, by one pass."""

    async def permit(self, region: str, standby: str, *, came_by: str) -> Permit:
        """Grant."""
        return Permit("o1", f"{standby} for {region}", came_by)

    def gave(self, shown: Shown) -> bool:
        """Tell its passes."""
        return " for " in shown.token

    def guard(self, shown: Shown, region: str, standby: str) -> object:
        """Look at the pass."""
        if shown.token != f"{standby} for {region}":
            raise NoPassError(reason="a test")
        return object()


@asynccontextmanager
async def asked(
    directory: Fake, desk: Desk | None, detector: FakeDetector | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever shows the certificate that the header `caller` names; none without it."""
    app = make_app(cast("Directory", directory), operators=desk, detector=cast("Detector | None", detector))

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        caller = dict(scope["headers"]).get(b"caller")
        await app({**scope, CALLER: caller and caller.decode()}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(called), base_url="http://directory") as client:
        yield client


@pytest.fixture
async def regions(directory: Fake) -> AsyncIterator[httpx.AsyncClient]:
    """The same, of a directory that knows no operators."""
    async with asked(directory, None) as client:
        yield client


RESERVE = {"handle": "ada", "home_region": "us", "idempotency_key": "k"}
ANNOUNCE = {"holder": "us", "epoch": 1, "incarnation": 1, "public_url": "http://us", "gateway_url": "http://us"}

DOWN = {"holder": "us", "epoch": 1}
KEEPING = {"holder": "us", "incarnation": 1, "epoch": 1, "standby": "eu"}
CLAIM = {"claimer": "us", "incarnation": 2, "ended": 1}
LEASE = {"holder": "us", "epoch": 1, "incarnation": 1, "boot": 7, "asked_at": 1}


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("POST", "/reservations", RESERVE),
        ("PUT", "/regions/us", ANNOUNCE),
        ("POST", "/regions/us/lease", LEASE),
        ("POST", "/regions/us/laying-down", DOWN),
        ("POST", "/regions/us/keepers", KEEPING),
        ("POST", "/regions/eu/claim", CLAIM),
    ],
)
async def test_a_region_acts_in_its_own_name_alone(
    directory: Fake, regions: httpx.AsyncClient, method: str, path: str, content: dict[str, object]
) -> None:
    """Another one is refused: it could take handles for a region that knows nothing of them, announce keys of its own for it, or keep its lease running."""
    refused = await regions.request(method, path, json=content, headers={"caller": "eu"})
    assert (refused.status_code, refused.json()["code"], directory.asked) == (403, "not-yours", [])

    assert (await regions.request(method, path, json=content, headers={"caller": "us"})).status_code == 200
    assert (await regions.request(method, path, json=content)).status_code == 200  # while TLS is off, nobody is known


async def test_a_lease_is_asked_for_by_who_holds_it_or_in_the_name_of_the_region(
    directory: Fake, regions: httpx.AsyncClient
) -> None:
    """What serves a region's duties elsewhere shows the region's certificate. Whose duties somebody may hold is no question of certificates."""
    for caller, status in (("us", 200), ("eu", 200), ("ap", 403), ("directory", 403)):
        answer = await regions.post("/regions/eu/lease", json=LEASE, headers={"caller": caller})
        assert answer.status_code == status, caller
    assert directory.asked == ["lease of eu"] * 2


class Operations:
    """Admits one pass, for one verb and target."""

    async def admit(self, shown: Shown, target: str, *, verbs: frozenset[str]) -> None:
        """Look."""
        verb, _, of = shown.token.partition(" ")
        if verb not in verbs or of != target:
            raise NoPassError(reason="a test")

    def guard(self, shown: Shown, *, claims: bool) -> tuple[str, bool]:
        """Return what would look in the transaction."""
        return shown.token, claims


@pytest.fixture
def desk() -> Desk:
    """What answers operators."""
    return cast("Desk", SimpleNamespace(operations=Operations(), accounts=None))


GUARDED = [
    ("POST", "/regions/us/laying-down", DOWN, "evacuate us"),
    ("POST", "/regions/eu/claim", CLAIM, "restore eu"),
    ("PUT", "/expulsions/eu", None, "expel eu"),
    ("DELETE", "/expulsions/eu", None, "readmit eu"),
]


@pytest.mark.parametrize(("method", "path", "content", "good"), GUARDED)
async def test_an_operator_acts_by_a_pass_and_the_certificate_of_the_directory(  # noqa: PLR0917 — fixtures
    directory: Fake, desk: Desk, method: str, path: str, content: dict[str, object] | None, good: str
) -> None:
    """The certificate alone is not enough, nor a pass for something else, or to something else; nor a pass without the certificate."""
    async with asked(directory, desk) as regions:
        for wrong in ("", "expel us", "backup eu", "evacuate ap"):
            answer = await regions.request(
                method, path, json=content, headers={"caller": "directory", "authorization": f"Bearer {wrong}"}
            )
            assert (answer.status_code, answer.json()["code"], directory.asked) == (403, "no-pass", []), wrong
        shown = {"authorization": f"Bearer {good}"}
        foreign = await regions.request(method, path, json=content, headers={"caller": "ap", **shown})
        assert (foreign.status_code, foreign.json()["code"], directory.asked) == (403, "not-yours", [])
        answer = await regions.request(method, path, json=content, headers={"caller": "directory", **shown})
        assert answer.is_success, answer.text
        assert directory.asked
        assert not any(what.endswith("unguarded") for what in directory.asked), "it may have been given up meanwhile"


EU = {"claimer": "eu", "incarnation": 2, "ended": 1}


async def test_a_region_claims_by_a_pass_of_the_detector_alone(directory: Fake, desk: Desk) -> None:
    """Its certificate is not enough, nor an operator's pass; where nobody is known, as while TLS is off, who shows a pass is judged by it. Operators' claims are theirs."""
    async with asked(directory, desk, FakeDetector()) as regions:

        async def claim(**headers: str) -> int:
            return (await regions.post("/regions/us/claim", json=EU, headers=headers)).status_code

        for wrong in ("", "Bearer eu for ap", "Bearer fail us"):
            assert await claim(caller="eu", authorization=wrong) == 403
        assert await claim(authorization="Bearer wrong") == 403
        assert directory.asked == []
        assert await claim(caller="eu", authorization="Bearer eu for us") == 200
        assert await claim(caller="directory", authorization="Bearer fail us") == 200
        assert await claim() == 200
        assert await claim(authorization="Bearer fail us") == 200
        assert await claim(authorization="Bearer eu for us") == 200
    unguarded = "us claimed, unguarded"  # where nobody is known, and nothing is shown
    guarded = "us claimed, guarded"
    assert directory.asked == [guarded, guarded, unguarded, guarded, guarded]


async def test_who_stands_by_asks_in_its_own_name(directory: Fake, desk: Desk) -> None:
    """Not in another's, nor where nobody lets it."""
    async with asked(directory, desk, FakeDetector()) as regions:
        for caller, status in (("ap", 403), ("directory", 403), ("eu", 200)):
            answer = await regions.post("/regions/us/takeover", json={"standby": "eu"}, headers={"caller": caller})
            assert answer.status_code == status, caller
        assert answer.json()["why"] == "eu", "by whose certificate it came"
    async with asked(directory, desk) as regions:
        answer = await regions.post("/regions/us/takeover", json={"standby": "eu"}, headers={"caller": "eu"})
        assert (answer.status_code, answer.json()["code"]) == (503, "no-operators")


@pytest.mark.parametrize(("method", "path", "content", "good"), GUARDED)
async def test_without_a_key_no_operator_acts(  # noqa: PLR0917 — fixtures
    directory: Fake, regions: httpx.AsyncClient, method: str, path: str, content: dict[str, object] | None, good: str
) -> None:
    """Nobody could be told apart from somebody else."""
    shown = {"caller": "directory", "authorization": f"Bearer {good}"}
    answer = await regions.request(method, path, json=content, headers=shown)
    assert (answer.status_code, answer.json()["code"], directory.asked) == (503, "no-operators", [])


@pytest.mark.parametrize(
    ("method", "path", "code"), [("GET", "/regions", "unavailable"), ("POST", "/reservations", "outcome-unknown")]
)
async def test_who_waits_for_a_store_that_stands_still_is_answered_in_time(method: str, path: str, code: str) -> None:
    """By what it may have done: a reservation may have been made."""

    class Silent(Fake):
        async def regions(self) -> None:
            await asyncio.Event().wait()

        async def reserve(self, request: ReserveRequest) -> Reservation:
            await asyncio.Event().wait()
            raise AssertionError

    transport = httpx.ASGITransport(make_app(cast("Directory", Silent()), seconds=0.02))
    async with httpx.AsyncClient(transport=transport, base_url="http://directory") as client:
        answer = await client.request(method, path, json=RESERVE if method == "POST" else None)

    assert (answer.status_code, answer.json()["code"]) == (503, code)
