"""Registration when something goes away half-way: what may have happened is never called undone."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import cast

import pytest

from global_directory.errors import HandleTakenError
from global_directory.schemas import Reservation, User
from infra.errors import CausewayError, OutcomeUnknownError, UnavailableError
from infra.passwords import Cost, Passwords
from infra.postgres import Pool
from region.accounts.federation import Federation
from region.accounts.ports import Directory, Settled
from region.accounts.registration import Application, Registration
from region.holding.errors import IslandedError
from region.holding.tenure import Tenure
from replication.accounts import AccountConfirmed, AccountCreated
from replication.records import Body, Outcome

USER = "u" + "a" * 24 + "-us"


class Cursor:
    """The rows of a query."""

    def __init__(self, row: tuple[object, ...] | None) -> None:
        self._row = row

    async def fetchone(self) -> tuple[object, ...] | None:
        """Return the only row."""
        return self._row

    async def fetchall(self) -> list[tuple[object, ...]]:
        """Return it in a list; none, if there is none."""
        return [] if self._row is None else [self._row]


@dataclass
class World:
    """A directory, a journal and a store, each of which may be away.

    Attributes:
        away: What is: `reserve`, `confirm`, or the kind of a submission.
        row: What the store knows of the user.
        steps: What was asked for, in order.
    """

    away: object = None
    row: tuple[object, ...] | None = None
    steps: list[object] = field(default_factory=list)

    async def reserve(self, handle: str, *, home_region: str, idempotency_key: str) -> Reservation:
        """Reserve a handle."""
        self._fail("reserve")
        return Reservation(
            handle=handle, user_id=USER, home=home_region, home_epoch=1, token="t", confirmed=False, reserved_until=0
        )

    async def confirm(self, handle: str, *, token: str) -> User:
        """Confirm a handle."""
        self._fail("confirm")
        return User(user_id=USER, handle=handle, home="us", home_epoch=1)

    async def decide(self, author: str, *, home_epoch: int, body: Body, settled: Settled, device: str = "") -> Outcome:
        """Apply a submission."""
        self._fail(type(body))
        assert isinstance(body, AccountCreated | AccountConfirmed)
        password = body.password_hash if isinstance(body, AccountCreated) else self.row[3] if self.row else ""
        self.row = (USER, "ada", "Ada", password, "t", 1, isinstance(body, AccountConfirmed), 0)
        return Outcome(id="s")

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator["World"]:
        """A connection to the store."""
        yield self

    async def execute(self, _query: str, _values: object) -> Cursor:
        """Query the store."""
        return Cursor(self.row)

    def _fail(self, what: object) -> None:
        self.steps.append(what)
        if self.away == what:
            raise UnavailableError(what="It")


async def register(world: World, tenure: Tenure | None = None, *, key: str = "") -> None:
    """Register somebody."""
    passwords = Passwords(Cost(8, 1, 1), at_once=1)
    registration = Registration(
        region="us",
        regions=frozenset({"us"}),
        secret=b"secret",
        directory=cast("Directory", world),
        federation=cast("Federation", None),
        journal=world,
        store=cast("Pool", world),
        passwords=passwords,
        tenure=tenure or Tenure("us"),
    )
    try:
        await registration.register(Application(handle="ada", password="a good password", idempotency_key=key))
    finally:
        passwords.close()


@pytest.mark.parametrize("away", [AccountCreated, "confirm", AccountConfirmed])
async def test_what_goes_away_after_the_reservation_leaves_the_outcome_unknown(away: object) -> None:
    """The account may exist all the same: the answer says so, and what to do."""
    with pytest.raises(OutcomeUnknownError) as caught:
        await register(World(away))

    problem = caught.value.problem()
    assert (problem["status"], problem["code"], problem["definite"]) == (503, "outcome-unknown", False)
    assert "log in" in str(problem["detail"])


async def test_without_a_directory_nothing_has_happened() -> None:
    """Before the reservation, it is definite."""
    with pytest.raises(CausewayError) as caught:
        await register(World("reserve"))

    assert caught.value.problem()["definite"] is True


async def test_the_same_application_goes_on_where_it_was_interrupted() -> None:
    """Whatever was away."""
    world = World("confirm")
    with pytest.raises(OutcomeUnknownError):
        await register(world)
    world.away = None

    await register(world)

    assert world.row is not None
    assert world.row[6] is True


async def test_a_region_without_its_lease_makes_no_account() -> None:
    """Definitely and at once: nobody is asked who may be silent, and nothing is written."""
    world = World(None)

    with pytest.raises(IslandedError):
        await register(world, Tenure("us", "eu", clock=lambda: 0, boot=1))

    assert not world.steps


async def test_an_account_that_is_there_already_is_not_called_undone() -> None:
    """Whoever repeats a registration on the island is told that it may have happened: it has."""
    world = World(None)
    await register(world, key="k")

    with pytest.raises(OutcomeUnknownError):
        await register(world, Tenure("us", "eu", clock=lambda: 0, boot=1), key="k")


async def test_a_lease_that_lapses_meanwhile_leaves_the_outcome_unknown() -> None:
    """The account is there, for whoever held the duties; the same again, or logging in, tells."""
    world = World(None)
    tenure = Tenure("us", "eu", clock=lambda: 10 * len(world.steps), boot=1)
    tenure.begin(1, 1)
    tenure.take(tenure.ask(), 15)  # it runs when the handle is reserved, and not when the account is made

    with pytest.raises(OutcomeUnknownError) as caught:
        await register(world, tenure)

    assert world.steps
    assert "log in" in str(caught.value.problem()["detail"])


async def test_whoever_has_an_account_is_told_that_the_handle_is_taken() -> None:
    """Also by the same password; the same request, known by its key, gives the same account again."""
    world = World()
    await register(world)

    with pytest.raises(HandleTakenError):
        await register(world)
    await register(world, key="the request's")
