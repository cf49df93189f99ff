"""The edge with fake gateways: what is served where, what is followed, and what is said when a region is away."""

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from unittest.mock import AsyncMock

import httpx
import pytest
from prometheus_client import Counter
from starlette.types import Receive, Scope, Send

from global_directory import patience
from global_directory.client import DirectoryClient
from global_directory.holders import Holders
from global_directory.holding.schemas import DutyView
from infra import bodies
from infra.deadlines import InTime
from infra.limits import LARGEST_REQUEST
from relay.edge import app, metrics
from relay.edge.app import Edge, Local
from relay.edge.errors import RegionSilentError
from relay.edge.http import LARGEST_ANSWER, bridge

EU_USER = "u" + "a" * 24 + "-eu"


def bearer(home: str, epoch: int = 1) -> dict[str, str]:
    """Return the header of a token that claims this home."""
    payload = urlsafe_b64encode(json.dumps({"home": home, "epoch": epoch}).encode()).rstrip(b"=").decode()
    return {"authorization": f"Bearer e30.{payload}.c2ln"}


def answer_of(content: object) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return the headers and the body with which a gateway answers, in its order."""
    body = json.dumps(content).encode()
    return [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")], body


@dataclass
class World:
    """Fakes around one edge, in us.

    Attributes:
        answers: Region to what its gateway answers, in order; the last one is repeated. An exception is raised.
        asked: The requests that gateways in other processes got.
        headers: What the gateway in the edge's process got last.
        silent: Whether gateways in other processes never answer.
        directory_is_silent: Whether the directory never does.
        directory: Path to what the directory answers; None for a directory that is away.
        looked_up: The paths that the directory was asked for.
    """

    answers: dict[str, list[tuple[int, object] | Exception]] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)
    headers: dict[bytes, bytes] = field(default_factory=dict)
    silent: bool = False
    directory_is_silent: bool = False
    directory: dict[str, object] | None = field(default_factory=dict)
    looked_up: list[str] = field(default_factory=list)

    def answer(self, region: str) -> tuple[int, object]:
        """Return what the region's gateway answers now."""
        planned = self.answers.get(region, [(200, {"served_by": region})])
        found = planned.pop(0) if len(planned) > 1 else planned[0]
        if isinstance(found, Exception):
            raise found
        return found

    async def gateway(self, request: httpx.Request) -> httpx.Response:
        """Stand for all gateways in other processes."""
        self.asked.append(request)
        if self.silent:
            await asyncio.Event().wait()
        status, content = self.answer(request.url.host)
        headers = [*answer_of(content)[0], (b"x-end", b"2"), (b"connection", b"x-hop"), (b"x-hop", b"1")]
        return httpx.Response(status, headers=headers, content=answer_of(content)[1])

    async def ask_directory(self, request: httpx.Request) -> httpx.Response:
        """Stand for the directory."""
        self.looked_up.append(request.url.path)
        if self.directory_is_silent:
            await asyncio.Event().wait()
        if self.directory is None:
            raise httpx.ConnectError("away")
        found = self.directory.get(request.url.path)
        problem = {"code": "not-found", "what": "user", "status": 404, "definite": True}
        return httpx.Response(404, json=problem) if found is None else httpx.Response(200, json=found)

    async def here(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stand for the gateway in the edge's process: it reads the whole body."""
        self.headers = dict(scope["headers"])
        while (await receive()).get("more_body"):
            pass
        status, content = self.answer("us")
        headers, body = answer_of(content)
        await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"x-end", b"2")]})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def world() -> World:
    """A world in which everything works."""
    return World()


@pytest.fixture
async def edge(world: World) -> AsyncIterator[Edge]:
    """The edge of us."""
    directory = DirectoryClient("http://directory", transport=httpx.MockTransport(world.ask_directory), attempts=1)
    client = httpx.AsyncClient(transport=httpx.MockTransport(world.gateway))
    edge = Edge(
        region="us",
        public_url="http://us.example",
        regions=frozenset({"us", "eu", "ap"}),
        gateways={"eu": "http://eu", "ap": "http://ap"},
        pools={},
        local=Local(world.here),
        directory=directory,
        client=client,
    )
    async with directory, client:
        yield edge


def held(site: str, epoch: int) -> DutyView:
    """Return what the directory says of us's duties."""
    return DutyView("us", site, epoch, epoch, "", (), 1.0, laid_down=False)


@pytest.fixture
def holders(edge: Edge) -> Holders:
    """Lets the duties of us be held at eu, too: the edge knows the way."""
    found = Holders(edge.directory, {"us"})
    vars(edge)["holders"] = found
    vars(edge)["gateways"] = {**edge.gateways, "us@eu": "http://held"}
    found.take([held("us", 1)])
    return found


@pytest.fixture
async def device(edge: Edge) -> AsyncIterator[httpx.AsyncClient]:
    """A device that is connected to us's edge."""
    transport = httpx.ASGITransport(edge, client=("198.51.100.7", 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://us.example") as device:
        yield device


async def test_local_users_are_served_here(world: World, device: httpx.AsyncClient) -> None:
    """Nothing leaves the process."""
    answer = await device.get("/conversations", headers=bearer("us"))

    assert (answer.json(), answer.headers["causeway-region"]) == ({"served_by": "us"}, "us")
    assert not world.asked


async def test_travellers_are_bridged_home(world: World, device: httpx.AsyncClient) -> None:
    """Path, query, body and headers arrive; what belongs to one connection does not."""
    headers = bearer("eu") | {
        "x-forwarded-for": "203.0.113.1",
        "connection": "x-private",
        "x-private": "1",
        "x-kept": "2",
    }
    answer = await device.post("/messages?a=%2Fb&c=d", headers=headers, content=b'{"text":"hi"}')

    assert (answer.json(), answer.headers["causeway-region"]) == ({"served_by": "eu"}, "eu")
    assert answer.headers["x-end"] == "2"
    assert "x-hop" not in answer.headers
    [request] = world.asked
    assert (request.method, str(request.url), request.content) == (
        "POST",
        "http://eu/messages?a=%2Fb&c=d",
        b'{"text":"hi"}',
    )
    assert request.headers["x-forwarded-for"] == "203.0.113.1, 198.51.100.7"
    assert request.headers["causeway-bridged"] == "1"
    assert request.headers["x-kept"] == "2"
    assert "x-private" not in request.headers


@pytest.mark.parametrize("home", ["us", "eu"])
async def test_devices_do_not_decide_about_tracing(world: World, device: httpx.AsyncClient, home: str) -> None:
    """A parent that says `sampled` would have each of its messages traced in all regions; here and bridged, it is dropped."""
    named = {"Traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "tracestate": "x=1", "baggage": "y=2", "x-kept": "2"}

    await device.post("/messages", headers=bearer(home) | named, content=b"{}")

    got = world.headers if home == "us" else {name.lower(): value for name, value in world.asked[0].headers.raw}
    assert got[b"x-kept"] == b"2"
    assert not got.keys() & {b"traceparent", b"tracestate", b"baggage"}


async def test_login_goes_where_the_handle_lives_and_does_not_tell(world: World, device: httpx.AsyncClient) -> None:
    """A handle that nobody has is answered here, as a wrong password would be."""
    world.directory = {"/handles/ada": {"user_id": EU_USER, "handle": "Ada", "home": "eu", "home_epoch": 1}}

    assert (await device.post("/login", json={"handle": "ADA", "password": "p"})).json() == {"served_by": "eu"}
    assert (await device.post("/login", json={"handle": "nobody", "password": "p"})).json() == {"served_by": "us"}


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "malformed-request"), (401, "wrong-credentials"), (422, "invalid-field"), (429, "rate-limited")],
)
async def test_a_login_that_failed_does_not_tell_where_the_handle_lives(
    world: World, device: httpx.AsyncClient, status: int, code: str
) -> None:
    """Nor so whether anybody has it: an answer from afar has the headers of one from here, each in its place."""
    world.directory = {"/handles/ada": {"user_id": EU_USER, "handle": "Ada", "home": "eu", "home_epoch": 1}}
    world.answers = {region: [(status, {"code": code})] for region in ("us", "eu")}

    known, unknown = [await device.post("/login", json={"handle": name, "password": "p"}) for name in ("ada", "bob")]

    assert [request.url.host for request in world.asked] == ["eu"]
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (status, unknown.content)
    assert known.headers.raw == unknown.headers.raw
    assert unknown.headers["causeway-region"] == "us"


@pytest.mark.parametrize("path", ["/token", "/messages"])
async def test_an_answer_names_who_served_it_only_if_it_was_served(
    world: World, device: httpx.AsyncClient, path: str
) -> None:
    """Whoever is not let in learns nothing of where they were turned away."""
    world.answers["eu"] = [(401, {"code": "invalid-token"})]
    body = {"refresh_token": bearer("eu")["authorization"].removeprefix("Bearer ")}

    answer = await device.post(path, headers=bearer("eu"), json=body)

    assert [request.url.host for request in world.asked] == ["eu"]
    assert (answer.status_code, answer.headers["causeway-region"]) == (401, "us")


async def test_without_a_directory_local_users_still_log_in_and_nobody_is_called_wrong(
    world: World, device: httpx.AsyncClient
) -> None:
    """Wrong credentials here may be right ones elsewhere."""
    world.directory = None
    world.answers["us"] = [(200, {"served_by": "us"}), (401, {"code": "wrong-credentials"})]

    assert (await device.post("/login", json={"handle": "ada", "password": "p"})).status_code == 200
    refused = await device.post("/login", json={"handle": "bob", "password": "p"})
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")


async def test_a_directory_that_says_nothing_is_as_one_that_is_away(
    world: World, device: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who logs in does not wait for it."""
    monkeypatch.setattr(patience, "FIND_SECONDS", 0.05)
    world.directory_is_silent = True

    assert (await device.post("/login", json={"handle": "carl", "password": "p"})).json() == {"served_by": "us"}


async def test_registration_goes_to_the_region_that_is_asked_for(device: httpx.AsyncClient) -> None:
    """A region that does not exist is told with the ones that do."""
    assert (await device.post("/register", json={"handle": "ada", "home_region": "ap"})).json() == {"served_by": "ap"}
    refused = await device.post("/register", json={"handle": "ada", "home_region": "mars"})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown-region")
    assert "ap, eu, us" in refused.json()["detail"]


LOOK_UPS = [f"/users/{EU_USER}", "/users?handle=ada", "/users?handle=nobody"]


@pytest.mark.parametrize("path", LOOK_UPS)
async def test_users_are_looked_up_here_and_then_where_they_live(
    world: World, device: httpx.AsyncClient, path: str
) -> None:
    """The gateway of this region verifies the token, and says by 421 whose user it is."""
    world.answers["us"] = [(421, {"code": "not-the-holder", "region": "eu", "holder": "eu", "epoch": 1})]

    answer = await device.get(path, headers=bearer("ap"))

    assert (answer.json(), answer.headers["causeway-region"]) == ({"served_by": "eu"}, "eu")
    assert [str(request.url) for request in world.asked] == [f"http://eu{path}"]


@pytest.mark.parametrize("path", LOOK_UPS)
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer x"}, bearer("eu"), bearer("us")])
async def test_nobody_is_looked_up_for_a_stranger(
    world: World, device: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    """The local gateway says 401, whether or not there is such a user; neither a region nor the directory is asked before a token was verified."""
    user = {"user_id": EU_USER, "handle": "ada", "home": "eu", "home_epoch": 1}
    world.directory = {f"/users/{EU_USER}": user, "/handles/ada": user}
    world.answers["us"] = [(401, {"code": "invalid-token"})]

    answer = await device.get(path, headers=headers)

    assert (answer.status_code, answer.headers["causeway-region"], world.asked) == (401, "us", [])
    assert world.looked_up == []


async def test_a_421_is_followed_with_the_same_body(world: World, device: httpx.AsyncClient) -> None:
    """The device sees only the answer of who holds it now."""
    moved = {"code": "not-the-holder", "region": "us", "holder": "ap", "epoch": 5}
    world.answers["us"] = [(421, moved)]

    answer = await device.post("/messages", headers=bearer("us"), content=b'{"text":"hi"}')

    assert (answer.json(), answer.headers["causeway-region"]) == ({"served_by": "ap"}, "ap")
    assert world.asked[0].content == b'{"text":"hi"}'


async def test_a_users_home_epoch_is_not_a_regions_epoch(world: World, device: httpx.AsyncClient) -> None:
    """A user who has moved often is still sent on by a region that was taken over once; and the next time without a detour."""
    world.answers["us"] = [(421, {"code": "not-the-holder", "region": "us", "holder": "ap", "epoch": 2})]

    for _ in range(2):
        assert (await device.get("/messages", headers=bearer("us", epoch=7))).json() == {"served_by": "ap"}
    world.answers["us"] = [(200, {"served_by": "us"})]
    assert (await device.get("/messages", headers=bearer("us", epoch=7))).json() == {"served_by": "ap"}
    world.answers["ap"] = [httpx.ConnectError("gone"), (200, {"served_by": "ap"})]
    gone = await device.post("/messages", headers=bearer("us", epoch=7))
    assert (gone.status_code, gone.headers["retry-after"]) == (503, "1")
    assert (await device.get("/messages", headers=bearer("us", epoch=7))).json() == {"served_by": "us"}


async def test_regions_that_send_each_other_requests_end_in_503(world: World, device: httpx.AsyncClient) -> None:
    """Nobody wanders for ever."""
    world.directory = {"/regions": {"regions": []}}
    for region, holder in (("us", "eu"), ("eu", "us")):
        world.answers[region] = [(421, {"holder": holder, "region": "us", "epoch": 9})]

    answer = await device.get("/messages", headers=bearer("us"))

    assert (answer.status_code, answer.json()["code"]) == (503, "region-unreachable")


async def test_duties_that_are_held_elsewhere_are_served_there(
    world: World, device: httpx.AsyncClient, holders: Holders
) -> None:
    """As soon as the directory was heard, also those of this region; what an older 421 said is no reason to ask at home."""
    assert (await device.get("/messages", headers=bearer("us"))).json() == {"served_by": "us"}
    holders.take([held("eu", 2)])

    answer = await device.get("/messages", headers=bearer("us"))

    assert (answer.json(), answer.headers["causeway-region"]) == ({"served_by": "held"}, "us")
    holders.take([held("us", 3)])
    assert (await device.get("/messages", headers=bearer("us"))).json() == {"served_by": "us"}


async def test_a_request_waits_while_duties_are_between_two_sites(
    world: World, device: httpx.AsyncClient, holders: Holders, edge: Edge
) -> None:
    """Nothing was done with it yet, so it is asked again where they are once they are somewhere: whoever sent it notices a pause."""
    assert edge.local is not None
    edge.local.app = None
    world.answers["held"] = [httpx.ConnectError("not yet"), (200, {"served_by": "held"})]

    asked = asyncio.create_task(device.post("/messages", headers=bearer("us"), content=b"{}"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not asked.done()
    holders.take([held("eu", 2)])

    assert (await asked).json() == {"served_by": "held"}
    assert [request.content for request in world.asked] == [b"{}", b"{}"]


async def test_what_was_asked_and_not_answered_is_not_asked_again(
    world: World, device: httpx.AsyncClient, holders: Holders, edge: Edge
) -> None:
    """It may have been done: only who sent it can repeat it, by its ids."""
    assert edge.local is not None
    edge.local.app = None
    holders.take([held("eu", 2)])
    world.answers["held"] = [httpx.ReadError("gone"), (200, {"served_by": "held"})]

    answer = await device.post("/messages", headers=bearer("us"), content=b"{}")

    assert (answer.status_code, answer.json()["definite"], len(world.asked)) == (503, False, 1)


async def test_a_request_does_not_wait_for_ever_nor_where_nothing_moves(
    world: World, device: httpx.AsyncClient, holders: Holders, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose region cannot be reached is told so."""
    monkeypatch.setattr(app, "MOVING_SECONDS", 0.02)
    monkeypatch.setattr(app, "MOVED_SECONDS", 0.01)
    assert edge.local is not None
    edge.local.app = None
    assert (await device.get("/messages", headers=bearer("us"))).json()["code"] == "region-unreachable"

    monkeypatch.setattr(app, "MOVING_SECONDS", 60)
    world.answers["ap"] = [httpx.ConnectError("gone")]
    assert (await device.post("/messages", headers=bearer("ap"))).json()["code"] == "region-unreachable"


@pytest.mark.parametrize(
    ("method", "failure", "definite", "attempts"),
    [
        ("POST", httpx.ConnectError("refused"), True, 1),
        ("POST", httpx.ConnectTimeout("slow"), True, 1),
        ("POST", httpx.ReadTimeout("silent"), False, 1),
        ("POST", httpx.RemoteProtocolError("cut"), False, 1),
        ("DELETE", httpx.ReadError("cut"), False, 1),
        ("GET", httpx.ReadError("cut"), True, 2),
        ("GET", httpx.ReadTimeout("silent"), True, 1),
    ],
)
async def test_an_unreachable_region_says_whether_it_may_have_happened(  # noqa: PLR0917 — parameters of the test
    world: World,
    device: httpx.AsyncClient,
    method: str,
    failure: Exception,
    definite: bool,  # noqa: FBT001 — a parameter of the test
    attempts: int,
) -> None:
    """What was never sent did not happen; what was sent may have; who only asks is sent again after a cut."""
    world.answers["eu"] = [failure]

    answer = await device.request(method, "/messages", headers=bearer("eu"))

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["definite"]) == (503, "region-unreachable", definite)
    assert problem["region"] == "eu"
    assert len(world.asked) == attempts


@pytest.mark.parametrize(("method", "definite"), [("POST", False), ("GET", True)])
async def test_a_gateway_that_never_answers_is_given_up_by_the_edge(
    world: World,
    device: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    definite: bool,  # noqa: FBT001 — a parameter of the test
) -> None:
    """However its own time-outs add up, and however often it was sent on: one deadline, and a problem that says what is known."""
    monkeypatch.setattr(app, "BRIDGED_SECONDS", 0.05)
    world.silent = True

    answer = await device.request(method, "/messages", headers=bearer("eu"))

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["definite"]) == (503, "region-unreachable", definite)
    assert answer.headers["retry-after"] == "1"


async def test_a_gateway_in_the_process_that_never_answers_is_given_up(edge: Edge) -> None:
    """The edge answers as itself, and whoever serves is told to end."""
    told = asyncio.Event()

    async def never(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            told.set()

    assert edge.local is not None
    edge.local.app = InTime(never, seconds=3600)
    transport = httpx.ASGITransport(InTime(edge, seconds=0.02, tell=edge.answer_problem))
    async with httpx.AsyncClient(transport=transport, base_url="http://us.example") as device, asyncio.timeout(60):
        answer = await device.delete("/friends/x", headers=bearer("us"))
        await told.wait()

    assert (answer.status_code, answer.json()["code"]) == (503, "outcome-unknown")
    assert (answer.headers["causeway-region"], answer.headers["retry-after"]) == ("us", "1")


async def test_a_body_that_never_ends_is_given_up(device: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was done."""
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.05)

    async def endless() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    answer = await device.post("/messages", headers=bearer("eu"), content=endless())
    assert (answer.status_code, answer.json()["code"], answer.json()["definite"]) == (408, "too-slow", True)


async def test_a_get_is_tried_once_more(world: World, device: httpx.AsyncClient) -> None:
    """A connection that died while idle is not the device's business."""
    world.answers["eu"] = [httpx.RemoteProtocolError("cut"), (200, {"served_by": "eu"})]

    assert (await device.get("/messages", headers=bearer("eu"))).status_code == 200


async def test_a_body_that_is_too_large_is_refused(device: httpx.AsyncClient) -> None:
    """Here and on the way to another region alike."""
    body = b"x" * (LARGEST_REQUEST + 1)

    assert (await device.post("/messages", headers=bearer("eu"), content=body)).status_code == 413
    assert (await device.post("/login", content=body)).status_code == 413


async def test_regions_and_health(world: World, device: httpx.AsyncClient) -> None:
    """A client finds the others, and which one it is connected to."""
    eu = {"region": "eu", "holder": "eu", "epoch": 1, "incarnation": 1, "public_url": "http://eu.example"}
    world.directory = {"/regions": {"regions": [eu | {"gateway_url": "http://eu", "announced_at": 1, "keys": []}]}}

    assert (await device.get("/regions")).json() == {
        "regions": [
            {"region": "eu", "public_url": "http://eu.example"},
            {"region": "us", "public_url": "http://us.example"},
        ],
        "nearest": "us",
    }
    assert (await device.get("/healthz")).json() == {"ok": True}


def value_of(counter: Counter) -> float:
    """What it stands at."""
    return next(sample.value for family in counter.collect() for sample in family.samples)


async def test_who_answered_is_counted(device: httpx.AsyncClient, world: World) -> None:
    """A gateway here, one elsewhere, or the edge itself, whose answers no gateway counts."""
    kinds = [("here", "done"), ("here", "failed"), ("bridged", "refused"), ("own", "failed"), ("own", "done")]
    counters = [metrics.REQUESTS.labels(*kind) for kind in kinds]
    before = [value_of(counter) for counter in counters]

    world.answers = {"us": [(200, {}), (500, {})], "eu": [(404, {}), httpx.ConnectError("away")]}
    world.directory = {"/regions": {"regions": []}}
    statuses = [(await device.get("/me", headers=bearer(home))).status_code for home in ("us", "us", "eu", "eu")]
    statuses.append((await device.get("/regions")).status_code)

    after = [value_of(counter) for counter in counters]
    assert statuses == [200, 500, 404, 503, 200]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1, 1, 1]


class Endless(httpx.AsyncByteStream):
    """An answer that never comes to its end."""

    def __init__(self) -> None:
        self.told = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.told += 65_536
            yield b"x" * 65_536


async def test_an_answer_without_end_is_not_kept_in_memory() -> None:
    """A gateway elsewhere that is ill takes no more memory here than an honest answer may; the device is told."""
    endless = Endless()
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=endless))
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(RegionSilentError):
            await bridge(
                client,
                "http://eu",
                "eu",
                scope={"method": "POST", "path": "/messages", "headers": [], "query_string": b""},
                body=b"",
                send=AsyncMock(),
                deadline=asyncio.get_running_loop().time() + 60,
            )

    assert LARGEST_ANSWER < endless.told <= LARGEST_ANSWER + 2 * 65_536
