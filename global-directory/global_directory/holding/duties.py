"""Use cases of duties: each one transaction, in which a duty is read, `replication.holding.duty` judges, and the outcome is written."""

import time
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from global_directory import rules
from global_directory.errors import IncarnationConflictError, UnknownRegionError
from global_directory.holding import repository
from global_directory.holding.schemas import DutiesView, DutyView, Grant, Keeper, LeaseRequest
from global_directory.transactions import Transactions
from infra.errors import InvalidFieldError
from replication.holding.duty import Duty, is_held_by, judge_renewal
from replication.holding.lease import USUAL, Ask, Terms

MOST = 2**53
"""What every JSON reader takes for a whole number."""


class Duties:
    """Answers who holds what, and grants leases."""

    def __init__(
        self,
        transactions: Transactions,
        *,
        terms: Terms = USUAL,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        """Work on a store.

        Args:
            transactions: Runs transactions on it.
            terms: What leases are granted on.
            clock: Microseconds since the epoch: the one clock that every process of the directory has, whenever it was started. How far
                those of its nodes may be apart is part of the terms' margin.
        """
        self._transactions = transactions
        self._terms = terms
        self._clock = clock

    async def renew(self, region: str, wanted: LeaseRequest) -> Grant:
        """Grant the holder its lease anew, and note whom it names as its standby; may be repeated, and come late.

        Raises:
            UnknownRegionError: It has never announced itself; or no region can have that name.
            InvalidFieldError: A region is its own standby, or a number is out of its range.
            NotTheHolderError: Another holds it, or holds it in another epoch.
            IncarnationConflictError: Another life of the holder's store does; this one has to begin an epoch of its own.
            LaidDownError: The lease was laid down in this epoch, for good.
        """
        _check(region, wanted)
        ask = Ask(wanted.holder, wanted.epoch, wanted.boot, wanted.asked_at)

        async def operation(connection: AsyncConnection) -> None:
            duty = await repository.find_duty(connection, region)
            if duty is None:
                raise UnknownRegionError(region=region)
            renewed = judge_renewal(duty, ask, self._clock(), self._terms)
            if not is_held_by(duty, wanted.holder, wanted.incarnation):
                raise IncarnationConflictError(
                    region=region, epoch=duty.epoch, incarnation=duty.incarnation, announced=wanted.incarnation
                )
            await repository.put_duty(connection, replace(renewed, standby=wanted.standby))

        await self._transactions.run("renew_lease", operation)
        return Grant(ask.holder, ask.epoch, ask.boot, ask.asked_at, self._terms.length)

    async def all(self) -> DutiesView:
        """Return who holds what."""
        found = await self._transactions.run("duties", repository.find_duties, changes=False)
        now = self._clock()
        return DutiesView(tuple(_view(duty, now) for duty in found))


def _check(region: str, wanted: LeaseRequest) -> None:
    rules.check_region(region)
    if wanted.standby:
        rules.check_region(wanted.standby)
    if wanted.standby == wanted.holder:
        raise InvalidFieldError(field="standby", reason="nobody stands by for oneself")
    if not all(0 <= number <= MOST for number in (wanted.epoch, wanted.incarnation, wanted.boot, wanted.asked_at)):
        raise InvalidFieldError(field="epoch, incarnation, boot, asked_at", reason=f"use 0 to {MOST}")


def _view(duty: Duty, now: int) -> DutyView:
    return DutyView(
        region=duty.region,
        holder=duty.holder,
        epoch=duty.epoch,
        incarnation=duty.incarnation,
        standby=duty.standby,
        keepers=tuple(Keeper(*keeper) for keeper in sorted(duty.keepers)),
        promised_seconds=0.0 if duty.laid_down else max(0, duty.promised.until - now) / 1_000_000,
        laid_down=duty.laid_down,
    )
