"""What a region may ask of the directory: things in its own name alone, by the certificate that it shows."""

from collections.abc import AsyncIterator
from typing import cast

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from global_directory.app import make_app
from global_directory.directory import Directory
from global_directory.holding.schemas import Claim, DutyView, Grant, Keeping, LayingDown, LeaseRequest
from global_directory.schemas import Announcement, Region, Reservation, ReserveRequest
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

    async def lay_down(self, region: str, wanted: LayingDown) -> DutyView:
        """Do it."""
        self.asked.append(f"{region} laid down")
        return DutyView(region, wanted.holder, wanted.epoch, 1, "", (), 0.0, laid_down=True)

    async def claim(self, region: str, wanted: Claim) -> DutyView:
        """Grant."""
        self.asked.append(f"{region} claimed")
        return DutyView(region, wanted.claimer, wanted.ended + 1, wanted.incarnation, "", (), 1.0, laid_down=False)

    async def announce(self, region: str, announced: Announcement) -> Region:
        """Grant."""
        self.asked.append("announce")
        return Region(region, "us", 1, 1, announced.public_url, announced.gateway_url, 1, ())


@pytest.fixture
def directory() -> Fake:
    """A directory."""
    return Fake()


@pytest.fixture
async def regions(directory: Fake) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever shows the certificate that the header `caller` names; none without it."""
    app = make_app(cast("Directory", directory))

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        caller = dict(scope["headers"]).get(b"caller")
        await app({**scope, CALLER: caller and caller.decode()}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(called), base_url="http://directory") as client:
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


@pytest.mark.parametrize(("path", "content"), [("/regions/us/laying-down", DOWN), ("/regions/eu/claim", CLAIM)])
async def test_an_operator_hands_duties_over_with_the_certificate_of_the_directory(
    regions: httpx.AsyncClient, path: str, content: dict[str, object]
) -> None:
    """Whoever has that one decides about everything that the directory says."""
    assert (await regions.post(path, json=content, headers={"caller": "directory"})).status_code == 200
