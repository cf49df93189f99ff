"""What a region knows of the others' keys while the directory is away, and how often it asks for those that it does not know."""

import asyncio
from typing import cast

import pytest

from global_directory.schemas import Region
from infra.errors import UnavailableError
from region.accounts.federation import UNKNOWN_KEY_SECONDS, UNKNOWN_REGION_SECONDS, Federation
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


class Growing:
    """A directory to which regions announce themselves one after another; it counts who asks."""

    def __init__(self) -> None:
        self.asked = 0
        self.names = ["us"]

    async def regions(self) -> tuple[Region, ...]:
        """Return those that have."""
        self.asked += 1
        return tuple(
            Region(name, name, 1, 1, f"https://{name}.example.org", "http://gateway", 0) for name in self.names
        )


async def test_a_region_that_has_just_announced_itself_is_asked_for() -> None:
    """Who is told where regions are may keep that for long, such as a page in its policy; once all are known nobody asks."""
    directory, clock = Growing(), Clock()
    federation = Federation(cast("Directory", directory), (), names={"us", "eu"}, clock=clock)

    async def known() -> list[str]:
        return [region.region for region in await federation.whole()]

    assert await known() == ["us"]
    directory.names.append("eu")
    assert (await known(), directory.asked) == (["us"], 1)
    clock.now += UNKNOWN_REGION_SECONDS + 1
    assert (await known(), directory.asked) == (["eu", "us"], 2)
    clock.now += UNKNOWN_REGION_SECONDS + 1
    assert (await known(), directory.asked) == (["eu", "us"], 2)


async def test_a_key_is_asked_for_whoever_else_has_asked() -> None:
    """A region announces itself right after somebody has asked for all: a token of it is good at once."""
    directory, clock = Growing(), Clock()
    federation = Federation(cast("Directory", directory), (), names={"us", "eu"}, clock=clock)
    await federation.whole()
    assert await federation.find("eu-1") is None
    assert directory.asked == 2


class Silent(Growing):
    """A directory that never answers."""

    async def regions(self) -> tuple[Region, ...]:
        """Wait for ever."""
        self.asked += 1
        await asyncio.Event().wait()
        return ()


async def test_a_silent_directory_keeps_nobody_waiting_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it was waited for in vain, others are told what is known."""
    monkeypatch.setattr("region.accounts.federation.WHOLE_SECONDS", 0.01)
    directory = Silent()
    federation = Federation(cast("Directory", directory), (), names={"us"}, clock=Clock())
    assert [await federation.whole() for _ in range(5)] == [()] * 5
    assert directory.asked == 1


async def test_who_asks_for_all_regions_is_told_of_those_that_are_known_while_the_directory_is_away() -> None:
    """Nobody is kept waiting for it."""
    federation = Federation(cast("Directory", Away()), (), names={"us"}, clock=Clock())
    assert await federation.whole() == ()
