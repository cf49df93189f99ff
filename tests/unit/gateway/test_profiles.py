"""Who answers for a user: this region, the one where they live, or, while the directory is away, the one where they were born."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import cast

import pytest

from global_directory import patience
from global_directory.schemas import Region, User
from infra.errors import NotFoundError, NotTheHolderError, UnavailableError
from infra.postgres import Connection, Pool
from region.accounts.federation import Federation
from region.accounts.ports import Directory
from region.accounts.repository import UserRow
from region.gateway import profiles
from region.gateway.profiles import Profiles

ADA, EVA, BOB = "u" + "a" * 24 + "-us", "u" + "e" * 24 + "-eu", "u" + "b" * 24 + "-us"
MARS = "u" + "c" * 24 + "-mars"


class Known:
    """A directory that knows Ada of us, and Eva of eu; or is away, or silent."""

    def __init__(self) -> None:
        self.away = self.silent = False

    async def find_user(self, user_id: str) -> User | None:
        """Return where a user lives."""
        if self.silent:
            await asyncio.Event().wait()
        if self.away:
            raise UnavailableError(what="The directory")
        homes = {ADA: "us", EVA: "eu"}
        return User(user_id, "x", homes[user_id], 1) if user_id in homes else None

    async def find_handle(self, handle: str) -> User | None:
        """Return who has a handle."""
        return await self.find_user({"ada": ADA, "eva": EVA}.get(handle, "nobody"))

    async def regions(self) -> tuple[Region, ...]:
        """Return the regions."""
        return tuple(
            Region(
                region=name,
                holder=name,
                epoch=1,
                incarnation=1,
                public_url="",
                gateway_url="",
                announced_at=1,
                keys=(),
            )
            for name in ("eu", "us")
        )


class Store:
    """A store in which Ada lives."""

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection."""
        yield cast("Connection", None)


@pytest.fixture
def directory() -> Known:
    """The directory."""
    return Known()


@pytest.fixture
async def here(directory: Known, monkeypatch: pytest.MonkeyPatch) -> Profiles:
    """What us tells of users."""
    ada = UserRow(ADA, "ada", "Ada", "", "", 1, confirmed=True, created_at=0)

    async def user_by_id(_: Connection, user_id: str) -> UserRow | None:
        return ada if user_id == ADA else None

    monkeypatch.setattr(profiles, "user_by_id", user_by_id)
    federation = Federation(cast("Directory", directory), [])
    await federation.refresh()
    return Profiles(
        region="us", store=cast("Pool", Store()), directory=cast("Directory", directory), federation=federation
    )


async def test_who_lives_here_is_told_and_who_lives_elsewhere_is_told_there(here: Profiles) -> None:
    """By id and by handle."""
    assert (await here.by_id(ADA)).handle == (await here.by_handle("ada")).handle == "ada"
    for asking in (here.by_id(EVA), here.by_handle("eva")):
        with pytest.raises(NotTheHolderError) as elsewhere:
            await asking
        assert elsewhere.value.details["region"] == "eu"
    for asking in (here.by_id(BOB), here.by_id("nonsense"), here.by_handle("bob")):
        with pytest.raises(NotFoundError):
            await asking


@pytest.mark.parametrize("silent", [True, False])
async def test_while_the_directory_is_away_the_region_of_birth_is_asked(
    here: Profiles, directory: Known, monkeypatch: pytest.MonkeyPatch, *, silent: bool
) -> None:
    """It knows more; unless it is this one, or none that there is. Who lives here is told all the same."""
    monkeypatch.setattr(patience, "FIND_SECONDS", 0.05)
    directory.away, directory.silent = True, silent

    assert (await here.by_id(ADA)).handle == "ada"
    with pytest.raises(NotTheHolderError) as elsewhere:
        await here.by_id(EVA)
    assert elsewhere.value.details["region"] == "eu"
    for asking in (here.by_id(BOB), here.by_id(MARS), here.by_handle("eva")):
        with pytest.raises(UnavailableError):
            await asking
