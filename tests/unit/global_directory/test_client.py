"""The directory's client against a fake directory that can be cut off: caching, staleness, retries, honest outcomes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import msgspec
import pytest

from global_directory.client import DirectoryClient
from global_directory.errors import HandleTakenError, UnexpectedAnswerError, UnknownRegionError
from global_directory.schemas import Region, Regions, Reservation, User
from global_directory.transport import read_refusal
from infra.errors import CausewayError, NotFoundError, OutcomeUnknownError, UnavailableError

ADA = User("u" + "0" * 24 + "-us", "Ada", "us", 1)
REGIONS = tuple(Region(name, name, 1, 1, f"http://{name}", f"http://gateway.{name}", 0) for name in ("eu", "us"))
Answer = httpx.Response | httpx.TransportError


def ok(value: object) -> httpx.Response:
    """Return an answer of the directory."""
    return httpx.Response(200, content=msgspec.json.encode(value))


def refusal(error: CausewayError) -> httpx.Response:
    """Return a refusal as the directory writes it."""
    return httpx.Response(error.status, content=msgspec.json.encode(error.problem()))


@dataclass
class FakeDirectory(httpx.AsyncBaseTransport):
    """Knows one user and two regions.

    Attributes:
        asked: Method and path of every request.
        answers: What comes before the true answers, in order.
        cut: What every request meets, while it is set.
        held: Requests wait for it.
        arrived: Set by the first request.
    """

    asked: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    cut: httpx.TransportError | None = None
    held: asyncio.Event | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.asked.append(f"{request.method} {request.url.path}")
        self.arrived.set()
        if self.held is not None:
            await self.held.wait()
        if self.cut is not None:
            raise self.cut
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, httpx.TransportError):
                raise answer
            return answer
        return self.true_answer(request.url.path)

    def true_answer(self, path: str) -> httpx.Response:
        """Return what is so."""
        if path in ("/handles/ada", f"/users/{ADA.user_id}", "/reservations/confirm"):
            return ok(ADA)
        if path == "/regions":
            return ok(Regions(REGIONS))
        if path == "/reservations":
            return ok(Reservation("Ada", ADA.user_id, "us", 1, "token", confirmed=False, reserved_until=0))
        return refusal(NotFoundError(what="user"))


@dataclass
class Clock:
    """A clock that tests move."""

    now: float = 100.0

    def __call__(self) -> float:
        """Return seconds."""
        return self.now


async def no_pause(_: float) -> None:
    """Let others run between attempts, without a wait."""
    await asyncio.sleep(0)


@pytest.fixture
def fake() -> FakeDirectory:
    """The directory."""
    return FakeDirectory()


@pytest.fixture
def clock() -> Clock:
    """The client's clock."""
    return Clock()


@pytest.fixture
async def client(fake: FakeDirectory, clock: Clock) -> AsyncIterator[DirectoryClient]:
    """A client of the fake directory."""
    async with DirectoryClient("http://directory", transport=fake, clock=clock, sleep=no_pause) as made:
        yield made


async def test_a_found_user_is_asked_for_once(client: DirectoryClient, fake: FakeDirectory, clock: Clock) -> None:
    """By any spelling and by id, until it is no longer fresh."""
    assert await client.find_handle("ADA") == ADA
    assert await client.find_handle("ada") == ADA
    assert await client.find_user(ADA.user_id) == ADA
    assert fake.asked == ["GET /handles/ada"]
    clock.now += 60

    assert await client.find_user(ADA.user_id) == ADA

    assert len(fake.asked) == 2


async def test_an_absent_user_is_remembered_briefly(client: DirectoryClient, fake: FakeDirectory, clock: Clock) -> None:
    """Somebody who registers is found two seconds later at most."""
    assert await client.find_handle("bob") is None
    assert await client.find_handle("bob") is None
    assert len(fake.asked) == 1
    clock.now += 2
    fake.answers.append(ok(ADA))

    assert await client.find_handle("bob") == ADA


async def test_what_can_be_no_user_is_not_asked_for(client: DirectoryClient, fake: FakeDirectory) -> None:
    """Garbage costs the directory nothing."""
    assert await client.find_handle("no handle") is None
    assert await client.find_user("../regions") is None
    assert fake.asked == []


async def test_the_same_question_is_asked_once_at_a_time(client: DirectoryClient, fake: FakeDirectory) -> None:
    """A hundred devices of one user that reconnect make one look-up, and one that gives up does not end it."""
    fake.held = asyncio.Event()
    asking = [asyncio.create_task(client.find_handle("ada")) for _ in range(100)]
    await fake.arrived.wait()
    asking[0].cancel()
    await asyncio.gather(asking[0], return_exceptions=True)
    fake.held.set()

    assert await asyncio.gather(*asking[1:]) == [ADA] * 99
    assert len(fake.asked) == 1


@pytest.mark.parametrize("cut", [httpx.ConnectError("refused"), httpx.ReadTimeout("silent")])
async def test_a_stale_answer_is_served_while_the_directory_is_away(
    client: DirectoryClient, fake: FakeDirectory, clock: Clock, cut: httpx.TransportError
) -> None:
    """What was known is better than nothing; what is not known is unavailable, and nothing is negative for long."""
    await client.find_handle("ada")
    await client.regions()
    await client.find_handle("bob")
    clock.now += 3600
    fake.cut = cut

    assert await client.find_handle("ada") == ADA
    assert await client.regions() == REGIONS
    with pytest.raises(UnavailableError):
        await client.find_handle("bob")
    with pytest.raises(UnavailableError):
        await client.find_handle("carol")


async def test_a_silent_directory_holds_up_nobody_who_has_an_answer(
    client: DirectoryClient, fake: FakeDirectory, clock: Clock
) -> None:
    """A paused directory costs a look-up a fraction of a second, not the whole timeout."""
    await client.find_handle("ada")
    clock.now += 3600
    fake.held = asyncio.Event()

    assert await asyncio.wait_for(client.find_handle("ada"), 2) == ADA


async def test_a_call_is_tried_again_until_it_is_answered(client: DirectoryClient, fake: FakeDirectory) -> None:
    """Every call may be repeated, so a lost answer or a restart is not seen."""
    fake.answers += [httpx.ReadError("reset"), refusal(UnavailableError(what="The directory"))]

    assert (await client.reserve("Ada", home_region="us", idempotency_key="k")).token == "token"

    assert len(fake.asked) == 3


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([httpx.ConnectError("refused")] * 3, UnavailableError),
        ([httpx.ReadTimeout("silent")] * 3, OutcomeUnknownError),
        ([httpx.ReadTimeout("silent"), *[httpx.ConnectError("refused")] * 2], OutcomeUnknownError),
        ([refusal(UnavailableError(what="The directory")) for _ in range(3)], UnavailableError),
        ([refusal(OutcomeUnknownError(what="It")) for _ in range(3)], OutcomeUnknownError),
        ([httpx.Response(502, content=b"<html>") for _ in range(3)], OutcomeUnknownError),
        ([refusal(HandleTakenError(handle="Ada"))], HandleTakenError),
        ([httpx.ReadTimeout("silent"), refusal(HandleTakenError(handle="Ada"))], HandleTakenError),
        ([httpx.Response(200, content=b"<html>")], UnexpectedAnswerError),
        ([httpx.Response(404, content=b"<html>")], UnexpectedAnswerError),
        ([httpx.Response(409, content=b'{"code":"handle-taken"}')], UnexpectedAnswerError),
    ],
)
async def test_an_error_says_whether_it_may_have_happened(
    client: DirectoryClient, fake: FakeDirectory, answers: list[Answer], error: type[CausewayError]
) -> None:
    """Definite only if no attempt can have reached the store, or the directory itself refused."""
    fake.answers += answers

    with pytest.raises(error) as raised:
        await client.reserve("Ada", home_region="us", idempotency_key="k")

    assert raised.type is error
    assert fake.answers == []


async def test_confirming_makes_the_user_known(client: DirectoryClient, fake: FakeDirectory) -> None:
    """Whoever was looked for too early is found at once where it registered."""
    fake.answers.append(refusal(NotFoundError(what="user")))
    assert await client.find_handle("ada") is None

    await client.confirm("Ada", "token")

    assert await client.find_handle("ada") == ADA


async def test_a_421_is_followed_to_a_higher_epoch_only(client: DirectoryClient, fake: FakeDirectory) -> None:
    """What a region says of its holder is believed when it is newer than all that is known, until the directory knows better."""
    assert (await client.holder_of("us")).region == "us"
    assert not client.note_holder("us", "eu", 1)
    assert client.note_holder("us", "eu", 2)
    assert not client.note_holder("us", "us", 2)

    assert (await client.holder_of("us")).region == "eu"
    with pytest.raises(UnknownRegionError):
        await client.holder_of("mars")


async def test_the_directory_overrules_a_421_by_an_equal_or_higher_epoch(
    client: DirectoryClient, fake: FakeDirectory, clock: Clock
) -> None:
    """Epochs decide, wherever the news came from."""
    client.note_holder("us", "eu", 2)
    assert (await client.holder_of("us")).region == "eu"
    clock.now += 5
    fake.answers.append(ok(Regions((REGIONS[0], Region("us", "us", 3, 1, "http://us", "http://gateway.us", 0)))))

    assert (await client.holder_of("us")).region == "us"


async def test_a_forgotten_user_is_asked_for_anew(client: DirectoryClient, fake: FakeDirectory) -> None:
    """After a 421 about a home, neither the id nor the handle is answered from memory."""
    await client.find_handle("ada")
    client.forget(ADA.user_id)
    client.forget("unknown")
    moved = User(ADA.user_id, "Ada", "eu", 2)
    fake.answers.append(ok(moved))

    assert await client.find_user(ADA.user_id) == moved
    assert await client.find_handle("ada") == moved


def test_every_refusal_survives_the_wire() -> None:
    """The client raises what the directory raised, with the same message."""
    error = HandleTakenError(handle="Ada")

    read = read_refusal(error.status, msgspec.json.encode(error.problem()), changes=True)

    assert (type(read), str(read), read.definite) == (HandleTakenError, str(error), True)
