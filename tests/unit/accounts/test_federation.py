"""What a region knows of the others' keys while the directory is away, and how often it asks for those that it does not know."""

import asyncio
from typing import cast

import pytest

from global_directory.schemas import Region
from infra.errors import UnavailableError
from region.accounts.federation import UNKNOWN_KEY_SECONDS, Federation
from region.accounts.ports import Directory


class Away:
    """A directory that does not answer until it is back; it counts who asks."""

    def __init__(self) -> None:
        self.asked = 0
        self.back = False

    async def regions(self) -> tuple[Region, ...]:
        """Say that it is away, after a moment in which others may ask too."""
        self.asked += 1
        await asyncio.sleep(0)
        if not self.back:
            raise UnavailableError(what="The directory")
        return ()


class Clock:
    """A clock that is set."""

    now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


async def test_unknown_keys_do_not_ask_a_directory_that_is_away_one_after_another() -> None:
    """Each is told that it cannot be said, since it may have been announced; the directory is asked once in a while for all of them."""
    directory, clock = Away(), Clock()
    federation = Federation(cast("Directory", directory), (), clock=clock)

    answers = await asyncio.gather(*(federation.find(f"forged-{n}") for n in range(50)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [UnavailableError] * 50
    assert directory.asked == 1

    with pytest.raises(UnavailableError):
        await federation.find("forged-again")
    assert directory.asked == 1

    clock.now += UNKNOWN_KEY_SECONDS + 1
    with pytest.raises(UnavailableError):
        await federation.find("forged-again")
    assert directory.asked == 2

    directory.back = True
    clock.now += UNKNOWN_KEY_SECONDS + 1
    assert await federation.find("forged-again") is None
    assert await federation.find("forged-again") is None
    assert directory.asked == 3
