"""Reservations, look-ups and the region registry over real HTTP, on a real PostgreSQL."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from global_directory import repository
from global_directory.client import Announcement, DirectoryClient, PublicJwk, SigningKey
from global_directory.directory import KEPT_SECONDS, Directory
from global_directory.errors import (
    AlreadyConfirmedError,
    HandleTakenError,
    IncarnationConflictError,
    KeyConflictError,
    ReservationLostError,
    StaleAnnouncementError,
    UnknownRegionError,
)
from global_directory.transactions import make_engine
from infra.errors import InvalidFieldError, NotTheHolderError
from infra.tls import public
from replication.ids import is_user_id, region_of

pytestmark = pytest.mark.integration
Announce = Callable[..., Announcement]


class Clock(Protocol):
    """The directory's clock, moved by the test."""

    def forward(self, seconds: float) -> None:
        """Let time pass."""


@pytest.fixture
def client(clients: tuple[DirectoryClient, ...]) -> DirectoryClient:
    """One region's client."""
    return clients[0]


async def test_reserve_confirm_find(clients: tuple[DirectoryClient, ...]) -> None:
    """A registration, seen from every region, in any spelling."""
    us, eu, ap = clients
    reserved = await us.reserve("Ada.Lovelace", home_region="eu", idempotency_key="k")
    assert is_user_id(reserved.user_id)
    assert (region_of(reserved.user_id), reserved.home, reserved.home_epoch) == ("eu", "eu", 1)
    assert await eu.find_user(reserved.user_id) is None, "an unconfirmed handle is not found"

    user = await us.confirm("ada.lovelace", reserved.token)

    assert (user.user_id, user.handle, user.home) == (reserved.user_id, "Ada.Lovelace", "eu")
    assert await us.confirm("Ada.Lovelace", reserved.token) == user, "confirming again changes nothing"
    assert await ap.find_handle("ADA.LOVELACE") == user
    assert await ap.find_user(user.user_id) == user
    assert await ap.find_handle("nobody") is None
    assert await ap.find_user("u/../x\x00") is None
    assert await ap.find_handle("é!") is None


async def test_a_reservation_is_repeatable_with_its_key(clients: tuple[DirectoryClient, ...], clock: Clock) -> None:
    """The same key gets the same user id and token: at once, after it has lapsed, and after it was confirmed."""
    us, eu, _ = clients
    first = await us.reserve("ada", home_region="us", idempotency_key="k")
    clock.forward(1000)

    again = await eu.reserve("ADA", home_region="us", idempotency_key="k")

    assert (again.user_id, again.token) == (first.user_id, first.token)
    assert again.reserved_until == first.reserved_until + 1000 * 1_000_000
    await us.confirm("ada", first.token)
    last = await us.reserve("ada", home_region="us", idempotency_key="k")
    assert (last.user_id, last.token, last.confirmed) == (first.user_id, first.token, True)


async def test_a_lapsed_reservation_is_taken_over_and_cannot_be_confirmed_late(
    client: DirectoryClient, clock: Clock
) -> None:
    """Who comes later gets the handle; who comes too late gets a clean refusal."""
    first = await client.reserve("ada", home_region="us", idempotency_key="first")
    with pytest.raises(HandleTakenError):
        await client.reserve("ada", home_region="us", idempotency_key="second")
    clock.forward(121)

    second = await client.reserve("ada", home_region="eu", idempotency_key="second")

    assert second.user_id != first.user_id
    with pytest.raises(ReservationLostError):
        await client.confirm("ada", first.token)
    with pytest.raises(HandleTakenError):
        await client.reserve("ada", home_region="us", idempotency_key="first")
    assert (await client.confirm("ada", second.token)).user_id == second.user_id


async def test_a_lapsed_reservation_that_nobody_took_is_confirmed_late(client: DirectoryClient, clock: Clock) -> None:
    """The token decides, not the clock."""
    reserved = await client.reserve("ada", home_region="us", idempotency_key="k")
    clock.forward(100_000)

    assert (await client.confirm("ada", reserved.token)).user_id == reserved.user_id


async def test_a_released_handle_is_free_again(client: DirectoryClient) -> None:
    """Releasing may be repeated; a confirmed handle stays."""
    reserved = await client.reserve("ada", home_region="us", idempotency_key="k")
    await client.release("ada", "not the token")
    with pytest.raises(HandleTakenError):
        await client.reserve("ada", home_region="us", idempotency_key="other")
    await client.release("ada", reserved.token)
    await client.release("ada", reserved.token)
    with pytest.raises(ReservationLostError):
        await client.confirm("ada", reserved.token)

    other = await client.reserve("ada", home_region="us", idempotency_key="other")
    await client.confirm("ada", other.token)

    with pytest.raises(AlreadyConfirmedError):
        await client.release("ada", other.token)


async def test_what_is_refused(client: DirectoryClient) -> None:
    """Broken handles, keys and homes are refused with the name of what is wrong."""
    for handle in ("a", "a" * 65, "_ada", "ada lovelace", "àda", "\u0430da", "ada\x00", ""):
        with pytest.raises(InvalidFieldError, match="handle"):
            await client.reserve(handle, home_region="us", idempotency_key="k")
    for key in ("", "a b", "k" * 129):
        with pytest.raises(InvalidFieldError, match="idempotency_key"):
            await client.reserve("ada", home_region="us", idempotency_key=key)
    for home in ("mars", "", "US", "u\x00s"):
        with pytest.raises(UnknownRegionError):
            await client.reserve("ada", home_region=home, idempotency_key="k")


async def test_regions_with_keys(clients: tuple[DirectoryClient, ...], announcement: Announce, clock: Clock) -> None:
    """What one region announces, every region sees; a key is there until it ends."""
    us, eu, _ = clients
    old = SigningKey("us-1", PublicJwk("A" * 43), not_after=1_000_000_500)
    new = SigningKey("us-2", PublicJwk("B" * 43))
    await us.announce("us", announcement("us", keys=(old,)))
    clock.forward(10)

    announced = await us.announce(
        "us",
        announcement("us", keys=(new,), public_url="https://us.example/chat", blobs_url="https://blobs.us.example"),
    )

    assert announced.announced_at == 1_000_000_010 * 1_000_000
    regions = await eu.regions()
    assert [region.region for region in regions] == ["ap", "eu", "us"]
    assert regions[2].keys == (old, new), "one that was announced before still verifies"
    assert regions[2].public_url == "https://us.example/chat"
    assert [region.blobs_url for region in regions] == ["", "", "https://blobs.us.example"]
    assert (await eu.holder_of("us")).gateway_url == "http://gateway.us.example"
    clock.forward(1000)
    assert (await us.regions())[2].keys == (old, new), "what it has signed may still be about"
    clock.forward(KEPT_SECONDS)
    await us.announce("us", announcement("us", keys=(new,)))
    assert [region.keys for region in await us.regions()] == [(), (), (new,)]


async def test_announcements_that_are_refused(client: DirectoryClient, announcement: Announce) -> None:
    """Epochs only rise, holders do not change by announcement, an id names one key."""
    key = SigningKey("k", PublicJwk("A" * 43))
    await client.announce("us", announcement("us", epoch=3, incarnation=2, keys=(key,)))

    with pytest.raises(StaleAnnouncementError) as stale:
        await client.announce("us", announcement("us", epoch=2, incarnation=2))
    assert stale.value.details == {"region": "us", "announced": 2, "epoch": 3}
    with pytest.raises(NotTheHolderError):
        await client.announce("us", announcement("us", holder="eu", epoch=4, incarnation=2))
    for epoch, incarnation in ((3, 3), (3, 1), (4, 1)):
        with pytest.raises(IncarnationConflictError):
            await client.announce("us", announcement("us", epoch=epoch, incarnation=incarnation))
    with pytest.raises(KeyConflictError):
        await client.announce("eu", announcement("eu", keys=(key,)))
    other = SigningKey("k", PublicJwk("B" * 43))
    with pytest.raises(KeyConflictError):
        await client.announce("us", announcement("us", epoch=3, incarnation=2, keys=(other,)))
    with pytest.raises(InvalidFieldError, match="gateway_url"):
        await client.announce("eu", announcement("eu", gateway_url="eu"))
    with pytest.raises(InvalidFieldError, match="blobs_url"):
        await client.announce("eu", announcement("eu", blobs_url="eu; script-src *"))


async def test_garbage_is_answered_with_problem_details(
    directory: Directory, serve: Callable[[Directory], Awaitable[str]]
) -> None:
    """Whatever is sent, the answer is RFC 9457, and a private key is refused."""
    async with httpx.AsyncClient(verify=public(), base_url=await serve(directory)) as http:
        private = {"kid": "k", "jwk": {"x": "A" * 43, "kty": "OKP", "crv": "Ed25519", "d": "secret"}}
        fields = {"holder": "us", "epoch": 1, "incarnation": 1, "public_url": "http://a", "gateway_url": "http://a"}
        answers = [
            await http.post("/reservations", content=b"{"),
            await http.post("/reservations", json={"handle": 3}),
            await http.put("/regions/us", json={**fields, "keys": [private]}),
        ]
        missing = await http.get("/nothing")

    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert {answer.headers["content-type"] for answer in (*answers, missing)} == {"application/problem+json"}
    assert {answer.json()["code"] for answer in answers} == {"malformed-request"}
    assert "secret" not in answers[2].text
    assert missing.status_code == 404


async def test_preparing_again_changes_nothing(engine: AsyncEngine) -> None:
    """Every start makes what is missing, and PostgreSQL is not taken for CockroachDB, so no localities are set."""
    await repository.prepare(engine, {"us": "us-east1"})

    async with engine.connect() as connection:
        assert not repository.is_cockroachdb(await repository.version(connection))
        assert await repository.find_regions(connection, 0) == ()


async def test_the_dialect_is_cockroachdb_at_serializable(postgres_url: str) -> None:
    """The code that runs here is what runs on CockroachDB."""
    engine = make_engine(postgres_url)
    try:
        assert (engine.dialect.name, engine.dialect.driver) == ("cockroachdb", "psycopg")
        async with engine.connect() as connection:
            assert await connection.get_isolation_level() == "SERIALIZABLE"
    finally:
        await engine.dispose()
