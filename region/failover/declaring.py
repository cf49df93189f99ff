"""Declares a region dead, whoever has decided that: looks first, then carries the takeover out, or goes on with it, and writes both down."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from global_directory.holding.schemas import Claim, DutyView
from infra.errors import CausewayError
from region.evacuation.audit import Audit
from region.evacuation.checks import Check
from region.evacuation.seats import Seat
from region.evacuation.telling import Told
from region.failover import late
from region.failover.failing import Takeover
from region.failover.reached import Reader
from region.standby.detaching import detach


class NotReadyToFailError(CausewayError):
    """{region} cannot be taken over now: {what}. Nothing was changed; `causeway region fail {region} --rehearse` looks again."""

    code = "not-ready"
    status = 409
    definite = True


class Directory(Protocol):
    """Who says who holds, and who is trusted."""

    async def duties(self) -> tuple[DutyView, ...]:
        """Return who holds what; see `global_directory.client.DirectoryClient`."""
        ...

    async def claim(self, region: str, wanted: Claim) -> DutyView:
        """Begin the next epoch."""
        ...

    async def expulsions(self) -> frozenset[str]:
        """Return who was expelled."""
        ...


async def declare(
    home: Seat,
    target: Seat,
    directory: Directory,
    *,
    readers: Mapping[str, Reader | None],
    audit: Audit,
    tell: Callable[[Told], None],
    looked: Sequence[Check] | None = None,
) -> dict[str, float]:
    """Let who stands by take a region's duties over, or go on with that; return how long each step took, seconds.

    Args:
        home: Where its duties are, or were.
        target: Who stands by.
        directory: Who says who holds.
        readers: The other regions; None for one of which it is not known where it is.
        audit: Where it is written down.
        tell: Told of each thing.
        looked: What was found just now; None: that is looked at first.

    Raises:
        NotReadyToFailError: Something is in the way; nothing was changed.
        CausewayError: It cannot be done now; run again, it goes on.
        psycopg.Error: The copy does not answer.
        KafkaError: The target's Kafka does not.
        OSError: It cannot be written down.
    """
    takeover = Takeover(home, target, directory, readers, tell, partial(detach, target.store, home.region))
    if (await takeover.look()).holder != target.site:
        for one in looked or await ready(home, target, directory):
            audit.note(f"{one.name}: {one.detail}", step="before")
    audit.note(f"{home.site} is declared dead, {target.site} takes over")
    took = await takeover.run()
    audit.note(f"done: {target.site} holds")
    return took


async def ready(home: Seat, target: Seat, directory: Directory) -> list[Check]:
    """Look at everything that must be so before, and return it.

    Raises:
        NotReadyToFailError: Something is not.
        CausewayError: The directory does not tell.
    """
    found = await late.look(home, target, await directory.duties(), await directory.expulsions())
    if wrong := [f"{one.name}: {one.detail}" for one in found if not one.ok]:
        raise NotReadyToFailError(region=home.region, what="; ".join(wrong))
    return found
