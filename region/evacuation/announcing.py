"""Tells the directory that a region is on its way by plan, for as long as it is, so that nobody takes it for down."""

import asyncio
from contextlib import suppress
from typing import Final, Protocol

from global_directory.holding.schemas import Claim, DutyView, LayingDown, ProposalView, Sighted
from global_directory.operators.errors import GivenUpError
from infra.errors import CausewayError

PLAN_SECONDS: Final = 15.0
"""So often the directory is told of the plan anew; it believes it four times as long."""


class Directory(Protocol):
    """Who says who holds."""

    async def duties(self) -> tuple[DutyView, ...]:
        """Return who holds what; see `global_directory.client.DirectoryClient`."""
        ...

    async def lay_down(self, region: str, wanted: LayingDown) -> DutyView:
        """Give a lease back."""
        ...

    async def claim(self, region: str, wanted: Claim) -> DutyView:
        """Begin the next epoch."""
        ...

    async def sighted(self, region: str, wanted: Sighted) -> tuple[ProposalView, ...]:
        """Take in what is seen, plans among it."""
        ...


class Plan:
    """What the directory is told of one region's plan."""

    def __init__(self, directory: Directory, region: str) -> None:
        """Prepare; nothing is told yet."""
        self._directory = directory
        self._region = region
        self._planned = False

    async def tell(self) -> None:
        """Tell of the plan; it is believed for a minute, and told again by `keep`.

        Raises:
            CausewayError: It cannot be told.
        """
        await self._say(planned=True)

    async def is_given_up(self) -> bool:
        """Whether another command has given this one up, which a telling hears, if it was told of; a directory that cannot be told has not said so."""
        try:
            if self._planned:
                await self.tell()
        except GivenUpError:
            return True
        except CausewayError:
            return False
        return False

    async def end(self) -> str:
        """Tell that the plan is over; return what is to be said if that cannot be told. What was done stays done: a plan ends by itself."""
        try:
            await self._say(planned=False)
        except CausewayError as error:
            return f"the directory was not told that the plan is over, and forgets it within a minute: {error}"
        return ""

    async def keep(self) -> None:
        """Tell the plan again and again while there is one, until cancelled; each telling lasts longer than some that fail."""
        while True:
            await asyncio.sleep(PLAN_SECONDS)
            if self._planned:
                with suppress(CausewayError):
                    await self.tell()

    async def _say(self, *, planned: bool) -> None:
        self._planned = planned
        plan = Sighted("evacuation", planned=(self._region,) if planned else (), sees=False)
        await self._directory.sighted(self._region, plan)
