"""At the standby: takes a region's duties over by itself once it is taken for down and the directory lets it, and goes on where it was left.

The steps are those of `causeway region fail`. What is begun has a pass of its own in the directory, which looks anew whenever it is asked, and once
more in the claim itself; so nothing is remembered here that a crash could lose, and several of these do not get in each other's way.
"""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import psycopg
import structlog
from prometheus_client import Counter

from global_directory.holding.schemas import DutyView, Permit, ProposalsView
from global_directory.operators.errors import HeldBackError, NothingBegunError
from infra.errors import CausewayError
from infra.health import Health
from infra.kafka import KafkaError
from infra.local import homes
from infra.postgres import STORE_FAILURES
from region.evacuation.alone import BusyError, alone
from region.evacuation.checks import Check
from region.failover.declaring import NotReadyToFailError

log = structlog.get_logger()

FAILURES: Final = (CausewayError, KafkaError, OSError, *STORE_FAILURES, psycopg.Error)
"""What an attempt may fail by; the next look goes on."""
TAKEOVERS: Final = Counter(
    "causeway_takeovers",
    "Times that a region was taken over by itself, and that it was tried and not done, to be gone on with.",
    ["held", "result"],
)


class Asked(Protocol):
    """Who is asked before anything is begun."""

    async def duties(self) -> tuple[DutyView, ...]:
        """Return who holds what; see `global_directory.client.DirectoryClient`."""
        ...

    async def proposals(self) -> ProposalsView:
        """Return who is taken for down."""
        ...

    async def take_over(self, region: str, standby: str) -> Permit:
        """Let a standby take over."""
        ...


class Watch:
    """One region that is stood by for; `look` again and again."""

    def __init__(
        self,
        region: str,
        here: str,
        directory: Asked,
        *,
        ready: Callable[[], Awaitable[Sequence[Check]]],
        carry_out: Callable[[Permit, Sequence[Check]], Awaitable[None]],
        health: Health,
    ) -> None:
        """Prepare.

        Args:
            region: Whose duties.
            here: Who stands by.
            directory: Who is asked.
            ready: Looks at everything that must be so before, and raises a `NotReadyToFailError` if it is not.
            carry_out: Takes over, or goes on with that, and tells how it ended; given what was found just now, if anything was looked at.
            health: Where the condition `takeover of …` is told.
        """
        self._region = region
        self._here = here
        self._directory = directory
        self._ready = ready
        self._carry_out = carry_out
        self._health = health
        self._condition = f"takeover of {region}"
        self._open = True  # as far as is known, a former process has begun something
        self._said = ""
        health.expect(self._condition)
        for result in ("done", "failed"):
            TAKEOVERS.labels(region, result)

    async def look(self) -> None:
        """Look once, and do what is to be done; what cannot be done now is left for the next look."""
        try:
            duties, view = await self._directory.duties(), await self._directory.proposals()
        except CausewayError as error:
            self._tell(f"the directory does not tell: {error}")
            return
        held = any((one.region, one.holder) == (self._region, self._here) for one in duties)
        proposed = next((one for one in view.proposals if one.region == self._region), None)
        down = proposed is not None and not held and proposed.standby == self._here and not proposed.hindrance
        if self._open or down:
            await self._try(down=down, known=held or proposed is not None)
        else:
            self._tell("" if proposed is None or held else proposed.hindrance)

    def wait(self) -> None:
        """Tell that another process looks."""
        self._tell("")

    async def _try(self, *, down: bool, known: bool) -> None:
        begun = False
        try:
            with alone(self._region) if homes.home().is_dir() else contextlib.nullcontext():
                looked = await self._ready() if down else ()
                permit = await self._directory.take_over(self._region, self._here)
                self._open = begun = True
                await self._carry_out(permit, looked)
        except NothingBegunError:
            self._open = False
            self._tell("")
        except HeldBackError as error:
            self._open = self._open and known  # asked until the directory has given up what was begun, or it is done
            self._tell(str(error) if known else "")
        except BusyError as error:
            self._tell(str(error))
        except NotReadyToFailError as error:
            self._tell(str(error), ok=False)
        except FAILURES as error:
            if begun:
                TAKEOVERS.labels(self._region, "failed").inc()
            self._tell(str(error) if isinstance(error, CausewayError) else type(error).__name__, ok=False)
        else:
            TAKEOVERS.labels(self._region, "done").inc()
            self._open = False
            self._tell("")

    def _tell(self, what: str, *, ok: bool = True) -> None:
        self._health.tell(self._condition, ok=ok, detail=what)
        if what and what != self._said:
            log.warning("a region is not taken over by itself", held=self._region, reason=what)
        self._said = what
