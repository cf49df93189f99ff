"""A session gives a fresh token whenever one is needed."""

import asyncio

import pytest

from region.client.accounts import Tokens
from region.client.backoff import Backoff
from region.client.errors import LoggedOutError, ProblemError
from region.client.session import Session, SessionData


class World:
    """A clock, an authority that gives tokens, and a place where the session is kept."""

    def __init__(self) -> None:
        self.now = 0.0
        self.given = 0
        self.saved: SessionData | None = None
        self.problem: ProblemError | None = None
        self.session = Session(refresh=self.refresh, save=self.save, clock=lambda: self.now)

    async def refresh(self, refresh_token: str) -> Tokens:
        """Give the next tokens."""
        if self.problem is not None:
            raise self.problem
        assert refresh_token == f"refresh{self.given}"
        self.given += 1
        return self.tokens()

    async def save(self, data: SessionData) -> None:
        """Keep the session."""
        self.saved = data

    def tokens(self) -> Tokens:
        """The tokens given last."""
        return Tokens("u1", "alice", "us", "d", f"access{self.given}", f"refresh{self.given}", 100.0)


async def test_a_token_is_used_until_it_is_nearly_over() -> None:
    """It is exchanged when a fifth of its life is left, and what comes is kept."""
    world = World()
    await world.session.begin(world.tokens())

    world.now = 79.0
    assert await world.session.access_token() == "access0"
    world.now = 81.0
    assert await world.session.access_token() == "access1"
    assert world.saved == SessionData(world.tokens(), 81.0)


async def test_a_token_that_was_turned_down_is_exchanged_once() -> None:
    """Many callers that were turned down together cause one exchange."""
    world = World()
    await world.session.begin(world.tokens())

    tokens = await asyncio.gather(*(world.session.access_token(unlike="access0") for _ in range(5)))

    assert tokens == ["access1"] * 5
    assert world.given == 1


async def test_a_session_that_was_ended_elsewhere_is_over() -> None:
    """The refresh token is turned down: log in again."""
    world = World()
    await world.session.begin(world.tokens())
    world.problem = ProblemError("invalid-token", "Revoked.", status=401)

    with pytest.raises(LoggedOutError):
        await world.session.access_token(unlike="access0")
    assert world.saved is not None
    assert (world.saved.over, world.saved.tokens.refresh_token) == (True, "")
    world.session.restore(world.saved)
    assert not world.session.is_open


async def test_a_session_outlives_a_region_that_does_not_answer() -> None:
    """Only a definite no ends it."""
    world = World()
    await world.session.begin(world.tokens())
    world.problem = ProblemError("unavailable", "Later.", status=503)

    with pytest.raises(ProblemError):
        await world.session.access_token(unlike="access0")
    assert world.session.is_open


def test_delays_double_up_to_a_cap_and_are_jittered() -> None:
    """Half of each is certain, half is chance."""
    low, high = Backoff(first=1, cap=5, chance=lambda: 0.0), Backoff(first=1, cap=5, chance=lambda: 1.0)

    assert [low.next() for _ in range(4)] == [0.5, 1.0, 2.0, 2.5]
    assert [high.next() for _ in range(4)] == [1.0, 2.0, 4.0, 5.0]
    high.reset()
    assert high.next() == 1.0


def test_a_region_that_says_when_to_come_again_is_believed() -> None:
    """However often it was tried before: in a storm, doubled delays would keep devices away long after there is room."""
    low, high = Backoff(first=1, cap=5, chance=lambda: 0.0), Backoff(first=1, cap=5, chance=lambda: 1.0)
    for _ in range(4):
        low.next()

    assert [low.after(2.0), high.after(2.0)] == [2.0, 3.0]
    assert low.after(0.01) == 1.0
    assert low.after(0) == 2.5
