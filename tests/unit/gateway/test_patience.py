"""What is on its way from another region is looked for again, for a moment."""

import asyncio

from region.gateway.patience import MOMENT, SILENT_SECONDS, Patience


class Arriving:
    """Something that is here after so many looks; and the clock of who waits for it."""

    def __init__(self, after: int | None) -> None:
        """Say after how many; None: never."""
        self.after = after
        self.looks = 0
        self.now = 100.0

    async def look(self) -> str | None:
        """Look for it."""
        self.looks += 1
        return "here" if self.after is not None and self.looks > self.after else None

    async def pause(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        await asyncio.sleep(0)

    def patience(self, most: int = 10) -> Patience:
        """Return who looks."""
        return Patience(most, pause=self.pause, clock=lambda: self.now)


async def test_it_is_found_once_it_is_here() -> None:
    """By the third look."""
    arriving = Arriving(after=2)

    assert await arriving.patience().find(arriving.look) == "here"
    assert arriving.looks == 3


async def test_who_waited_in_vain_keeps_others_from_waiting_for_that_region() -> None:
    """For a while; other regions are waited for, and afterwards that one again."""
    arriving = Arriving(after=None)
    patience = arriving.patience()

    assert await patience.find(arriving.look, region="eu") is None
    assert arriving.looks == len(MOMENT)
    assert await patience.find(arriving.look, region="eu") is None
    assert arriving.looks == len(MOMENT)
    assert await patience.find(arriving.look, region="ap") is None
    assert arriving.looks == 2 * len(MOMENT)
    arriving.now += SILENT_SECONDS
    await patience.find(arriving.look, region="eu")
    assert arriving.looks == 3 * len(MOMENT)


async def test_what_may_never_come_says_nothing_of_a_region() -> None:
    """Who asks for what does not exist makes nobody else go without."""
    arriving = Arriving(after=None)
    patience = arriving.patience()

    await patience.find(arriving.look)
    await patience.find(arriving.look)

    assert arriving.looks == 2 * len(MOMENT)


async def test_with_too_many_who_wait_nobody_more_does() -> None:
    """And a place is free again once one has ended."""
    arriving = Arriving(after=None)
    patience = arriving.patience(most=1)
    first = asyncio.create_task(patience.find(arriving.look))
    await asyncio.sleep(0)

    assert await patience.find(arriving.look) is None
    assert arriving.looks == 0
    await first
    await patience.find(arriving.look)
    assert arriving.looks == 2 * len(MOMENT)
