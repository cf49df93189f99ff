"""Whether devices are logged in: one question to the store for all who ask at once, and an answer of its own for each."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import cast

import psycopg
import pytest

from infra.errors import InvalidTokenError, UnavailableError
from infra.postgres import Pool
from region.accounts.federation import Federation
from region.accounts.tokens import AccessClaims, Verifier
from region.gateway import callers as module
from region.gateway.callers import MOST_AT_ONCE, Callers
from region.gateway.revoked import Ended, RevokedElsewhere, Told

HOUR = 3_600_000_000
ADA = "u" + "a" * 24 + "-eu"
DEVICE = "v" + "1" * 16


class Store:
    """A store with devices of one user, `v0`, `v1`, …; those that are named are revoked. It may be away."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.revoked: set[str] = set()
        self.away = False
        self.frozen: asyncio.Event | None = None
        self.waiting = asyncio.Event()

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator["Store"]:
        """Return a connection."""
        if self.away:
            raise psycopg.OperationalError
        if self.frozen is not None:
            self.waiting.set()
            await self.frozen.wait()
        yield self

    async def execute(self, _: str, asked: tuple[Sequence[str], Sequence[str]]) -> "Store":
        """Ask for devices."""
        self.asked.append(len(asked[1]))
        self._rows = [
            (user, name, "", "f", 1, 0, name in self.revoked, 0, "why")
            for user, name in zip(*asked, strict=True)
            if name.startswith("v")
        ]
        return self

    async def fetchall(self) -> list[tuple[object, ...]]:
        """Return what was found."""
        return list(self._rows)


class Believing:
    """Takes a token for what it says: home and device."""

    async def access(self, token: str) -> AccessClaims:
        """Return the claims."""
        home, device = token.split()
        return AccessClaims(sub=ADA, home=home, epoch=1, device=device, iss=home, iat=0, exp=0)


@pytest.fixture
def store() -> Store:
    """The store."""
    return Store()


@pytest.fixture
def revoked() -> RevokedElsewhere:
    """What other homes have told."""
    return RevokedElsewhere()


@pytest.fixture
def callers(store: Store, revoked: RevokedElsewhere) -> Callers:
    """A gateway of us."""
    return Callers(
        region="us",
        verifier=cast("Verifier", Believing()),
        federation=cast("Federation", None),
        store=cast("Pool", store),
        elsewhere=revoked,
        clock=lambda: 0.0,
    )


async def test_many_devices_at_once_are_few_questions(callers: Callers, store: Store) -> None:
    """Each gets its own answer all the same: whether it is logged in, logged out, or not known."""
    store.revoked = {"v7"}
    names = [f"v{number}" for number in range(MOST_AT_ONCE + 50)] + ["stranger"]

    answers = await asyncio.gather(*(callers.resident(f"us {name}") for name in names), return_exceptions=True)

    assert sum(store.asked) == len(names)
    assert len(store.asked) == 2
    wrong = {name: answer for name, answer in zip(names, answers, strict=True) if isinstance(answer, Exception)}
    assert set(wrong) == {"v7", "stranger"}
    assert all(isinstance(error, InvalidTokenError) for error in wrong.values())


async def test_a_store_that_is_away_turns_nobody_out_who_was_seen(callers: Callers, store: Store) -> None:
    """And lets nobody in who was not; one who gives up waiting takes nothing from the others."""
    store.away = True
    asking = asyncio.create_task(callers.resident("us v1"))
    other = asyncio.create_task(callers.resident("us v1"))
    await asyncio.sleep(0)
    asking.cancel()

    with pytest.raises(UnavailableError):
        await other
    store.away = False
    assert (await callers.resident("us v1")).device == "v1"


async def test_a_store_that_stands_still_holds_up_nobody_who_was_seen(
    store: Store, revoked: RevokedElsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look goes on behind, and its answer is taken when it comes; who was not seen is told that the store is away."""
    monkeypatch.setattr(module, "KNOWN_SECONDS", 0.01)
    monkeypatch.setattr(module, "UNKNOWN_SECONDS", 0.01)
    now = [0.0]
    callers = Callers(
        region="us",
        verifier=cast("Verifier", Believing()),
        federation=cast("Federation", None),
        store=cast("Pool", store),
        elsewhere=revoked,
        clock=lambda: now[0],
    )
    await callers.resident("us v1")
    now[0] += module.FRESH_SECONDS + 1
    store.frozen = asyncio.Event()

    async with asyncio.timeout(60):
        assert (await callers.resident("us v1")).device == "v1"
        with pytest.raises(UnavailableError):
            await callers.resident("us v2")
        store.revoked = {"v1"}
        store.frozen.set()
        monkeypatch.setattr(module, "KNOWN_SECONDS", 60.0)
        with pytest.raises(InvalidTokenError):
            await callers.resident("us v1")


async def test_while_the_store_stands_still_who_was_seen_waits_for_nothing(
    store: Store, revoked: RevokedElsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first waits to find out, those after it are believed; once the store answers, it is asked again."""
    monkeypatch.setattr(module, "KNOWN_SECONDS", 3600.0)
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)
    now = [0.0]
    callers = Callers(
        region="us",
        verifier=cast("Verifier", Believing()),
        federation=cast("Federation", None),
        store=cast("Pool", store),
        elsewhere=revoked,
        clock=lambda: now[0],
    )
    async with asyncio.timeout(60):
        await callers.resident("us v1")
        now[0] += module.FRESH_SECONDS + 1
        store.frozen = asyncio.Event()
        monkeypatch.setattr(module, "STALE_SECONDS", 7200.0)
        finding_out = asyncio.create_task(callers.resident("us v1"))
        await store.waiting.wait()
        now[0] += module.KNOWN_SECONDS

        assert (await callers.resident("us v1")).device == "v1"
        assert not finding_out.done()
        store.frozen.set()
        assert (await finding_out).device == "v1"
        store.revoked = {"v1"}
        now[0] += module.FRESH_SECONDS + 1
        with pytest.raises(InvalidTokenError):
            await callers.resident("us v1")


async def test_what_other_homes_have_told_counts(callers: Callers, store: Store, revoked: RevokedElsewhere) -> None:
    """A user of another region whose device was logged out there is turned away here, without asking."""
    assert (await callers.anybody(f"eu {DEVICE}")).device == DEVICE
    revoked.take("ap", Told(HOUR, 900.0, [Ended(ADA, DEVICE, HOUR, "")]), 0.0)
    assert (await callers.anybody(f"eu {DEVICE}")).device == DEVICE, "not of a user of ap"
    revoked.take("eu", Told(HOUR, 900.0, [Ended(ADA, DEVICE, HOUR, "")]), 0.0)

    with pytest.raises(InvalidTokenError):
        await callers.anybody(f"eu {DEVICE}")
    assert store.asked == []
