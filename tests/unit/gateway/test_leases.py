"""What the internal port says to a region that asks for its lease."""

from typing import Any

import httpx
import pytest

from global_directory.holding.schemas import Grant, LeaseRequest
from infra.errors import UnavailableError
from infra.internal import BRIDGED_HEADER
from infra.peers import Peers
from region.gateway.leases import serve
from region.holding.promising import NotPromisedError
from region.holding.stand_in import PATH, StandIn

ASKED = {"holder": "us", "epoch": 3, "incarnation": 2, "boot": 7, "asked_at": 5}


class Promises:
    """Who stands by, and promises us everything but epoch 9."""

    def __init__(self) -> None:
        """Nobody has asked."""
        self.asked: list[tuple[str, LeaseRequest]] = []
        self.answer: Grant | None = None

    async def renew(self, region: str, wanted: LeaseRequest) -> Grant:
        """Promise it."""
        self.asked.append((region, wanted))
        if wanted.epoch == 9:
            raise NotPromisedError(standby="eu", region=region, epoch=9)
        return self.answer or Grant(wanted.holder, wanted.epoch, wanted.boot, wanted.asked_at, 6_000_000)


async def beyond(_scope: Any, _receive: Any, send: Any) -> None:
    """Whatever else there is behind the port."""
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def promises() -> Promises:
    """Who promises."""
    return Promises()


@pytest.fixture
def port(promises: Promises) -> httpx.AsyncClient:
    """The internal port."""
    app = serve(beyond, promises)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://eu", headers={"causeway-region": "us"}
    )


async def test_who_asks_for_itself_is_granted_what_is_promised(port: httpx.AsyncClient, promises: Promises) -> None:
    """As it asked."""
    answer = await port.post(PATH, json=ASKED)
    assert (answer.status_code, answer.json()) == (
        200,
        {"holder": "us", "epoch": 3, "boot": 7, "asked_at": 5, "length": 6_000_000},
    )
    assert promises.asked == [("us", LeaseRequest("us", 3, 2, 7, 5))]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (ASKED | {"holder": "ap"}, 409),
        (ASKED | {"epoch": 9}, 409),
        (ASKED | {"epoch": "three"}, 400),
        ({}, 400),
        ([], 400),
    ],
)
async def test_what_is_not_ones_own_or_no_request_is_refused(
    port: httpx.AsyncClient, content: object, status: int
) -> None:
    """Definitely, with what is wrong."""
    answer = await port.post(PATH, json=content)
    assert (answer.status_code, answer.json()["definite"]) == (status, True)


async def test_what_a_device_sends_and_all_else_goes_by(port: httpx.AsyncClient, promises: Promises) -> None:
    """An edge carries nothing to it for a device; and nothing is renewed by looking."""
    assert (await port.post(PATH, json=ASKED, headers={BRIDGED_HEADER.decode(): "1"})).status_code == 418
    assert (await port.post("/else", json=ASKED)).status_code == 418
    assert (await port.get(PATH)).status_code == 405
    assert promises.asked == []


async def test_whoever_asks_reads_what_the_port_says(
    port: httpx.AsyncClient, promises: Promises, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one's question is the other's, and so is the answer; a refusal, and a grant of something else, is a standby that says nothing."""
    standby = StandIn("us", "eu", {"eu": "http://eu", "ap": "http://ap"})
    [peers] = [one for one in vars(standby).values() if isinstance(one, Peers)]
    assert peers.names == ["eu"]
    monkeypatch.setattr(peers, "client", port)
    assert await standby.renew_lease("us", LeaseRequest("us", 3, 2, 7, 5, "eu")) == Grant("us", 3, 7, 5, 6_000_000)
    with pytest.raises(UnavailableError):
        await standby.renew_lease("us", LeaseRequest("us", 9, 2, 7, 5, "eu"))

    for odd in (Grant("us", 2, 7, 5, 6_000_000), Grant("us", 3, 7, 4, 6_000_000), Grant("us", 3, 7, 5, 10**15)):
        promises.answer = odd
        with pytest.raises(UnavailableError):
            await standby.renew_lease("us", LeaseRequest("us", 3, 2, 7, 5, "eu"))

    nobody = StandIn("us", "", {"eu": "http://eu"})
    with pytest.raises(UnavailableError):
        await nobody.renew_lease("us", LeaseRequest("us", 3, 2, 7, 5))
