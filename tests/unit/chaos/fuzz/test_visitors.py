"""Who the fuzzer acts as: always somebody with a good token, without waiting for a region that limits logins."""

import json
from collections import Counter

import httpx
import pytest

from chaos.fuzz.visitors import NoVisitorError, Visitor

LOGINS = 3


class Region:
    """A region that lets each handle log in so often, and then asks it to wait."""

    def __init__(self) -> None:
        self.accounts: list[str] = []
        self.logins: Counter[str] = Counter()
        self.written: list[tuple[str, str]] = []
        self.full = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        body = json.loads(request.content)
        if request.url.path == "/messages":
            self.written.append((request.headers["authorization"], body["recipient_id"]))
            return httpx.Response(201, json={"conversation_id": f"d{len(self.written)}"})
        if request.url.path == "/register":
            if self.full:
                self.full -= 1
                return httpx.Response(503, headers={"retry-after": "2"})
            self.accounts.append(body["handle"])
            return self._grant(201)
        self.logins[body["handle"]] += 1
        if self.logins[body["handle"]] > LOGINS:
            return httpx.Response(429, headers={"retry-after": "60"})
        return self._grant(200)

    def _grant(self, status: int) -> httpx.Response:
        grants = len(self.accounts) + self.logins.total()
        return httpx.Response(status, json={"user_id": f"u{len(self.accounts)}", "access_token": f"t{grants}"})


def visit(region: Region, pauses: list[float]) -> Visitor:
    """A visitor of that region, which notes how long it would have waited."""
    return Visitor("http://region", transport=httpx.MockTransport(region), pause=pauses.append)


def test_a_visitor_that_is_logged_out_again_and_again_never_waits_for_its_handle() -> None:
    """It is somebody else when its handle was used too often: what is limited is each handle, not the fuzzer."""
    region, pauses = Region(), list[float]()
    visitor = visit(region, pauses)

    tokens = set()
    for _ in range(10):
        tokens.add(visitor.token())
        visitor.spoil()

    assert (len(tokens), pauses) == (10, [])
    assert len(region.accounts) == 3
    assert visitor.user_id == "u3"


def test_whoever_takes_its_place_has_the_same_conversation_partner() -> None:
    """What is asked about conversations finds one."""
    region = Region()
    visitor, other = visit(region, []), visit(region, [])
    visitor.write(other)
    for _ in range(LOGINS + 1):
        visitor.spoil()
        visitor.token()

    assert [recipient for _, recipient in region.written] == ["u2", "u2"]
    assert len({token for token, _ in region.written}) == 2


def test_a_region_that_is_busy_is_waited_for() -> None:
    """As long as it asks."""
    region, pauses = Region(), list[float]()
    region.full = 2

    assert visit(region, pauses).user_id == "u1"
    assert pauses == [2.0, 2.0]


def test_a_region_that_registers_nobody_is_told() -> None:
    """With what it answered."""
    with pytest.raises(NoVisitorError, match="418"):
        Visitor("http://region", transport=httpx.MockTransport(lambda _: httpx.Response(418)))
