"""Use cases of duties: each one transaction, in which a duty is read, `replication.holding.duty` judges, and the outcome is written."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from global_directory import rules
from global_directory.errors import IncarnationConflictError, UnknownRegionError
from global_directory.holding import repository
from global_directory.holding.schemas import (
    Claim,
    DutiesView,
    DutyView,
    Former,
    Grant,
    Keeper,
    Keeping,
    LayingDown,
    LeaseRequest,
)
from global_directory.transactions import Transactions
from infra.errors import InvalidFieldError
from replication.holding.duty import (
    Duty,
    is_held_by,
    judge_claim,
    judge_laying_down,
    judge_passing_by,
    judge_priming,
    judge_renewal,
)
from replication.holding.errors import LeaseRunsError, NotTheKeeperError
from replication.holding.lease import USUAL, Ask, Terms

Guard: TypeAlias = Callable[[AsyncConnection], Awaitable[None]]
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
        """Grant the holder its lease anew, and note whom it names as its standby, unless one was as the epoch began; may be repeated, and come late.

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
            duty = await _known(connection, region)
            renewed = judge_renewal(duty, ask, self._clock(), self._terms)
            if not is_held_by(duty, wanted.holder, wanted.incarnation):
                raise IncarnationConflictError(
                    region=region, epoch=duty.epoch, incarnation=duty.incarnation, announced=wanted.incarnation
                )
            named = await repository.find_named(connection, region, duty.epoch)
            await repository.put_duty(connection, replace(renewed, standby=named or wanted.standby))

        await self._transactions.run("renew_lease", operation)
        return Grant(ask.holder, ask.epoch, ask.boot, ask.asked_at, self._terms.length)

    async def begin_first(self, connection: AsyncConnection, region: str, standby: str) -> None:
        """Name who stands by in the epoch that a region's first announcement begins, in the transaction of that.

        Raises:
            InvalidFieldError: No other region can have that name.
        """
        rules.check_region(standby)
        duty = await _known(connection, region)
        if standby == duty.holder:
            raise InvalidFieldError(field="standby", reason="nobody stands by for oneself")
        await repository.name_standby(connection, duty, standby)

    async def lay_down(self, region: str, wanted: LayingDown, *, guard: Guard | None = None) -> DutyView:
        """Take the holder's lease back, for good in its epoch; may be repeated.

        Args:
            region: Whose duties.
            wanted: By whom, and in which epoch.
            guard: As in `claim`.

        Raises:
            UnknownRegionError: It has never announced itself; or no region can have that name.
            NotTheHolderError: Another holds it, or holds it in another epoch.
        """
        rules.check_region(region)

        async def operation(connection: AsyncConnection) -> Duty:
            if guard is not None:
                await guard(connection)
            duty = judge_laying_down(await _known(connection, region), wanted.holder, wanted.epoch)
            await repository.put_duty(connection, duty)
            return duty

        return _view(await self._transactions.run("lay_down", operation), self._clock())

    async def keep(self, region: str, wanted: Keeping) -> DutyView:
        """Note who has everything that others were told, as the holder says: its standby as well, or itself alone; may be repeated.

        Raises:
            UnknownRegionError: It has never announced itself; or no region can have that name.
            EpochOverError: That epoch was ended: its holder passes nobody by any more.
            NotTheStandbyError: It was not named as the epoch began.
        """
        for name in (region, wanted.holder, *filter(None, [wanted.standby])):
            rules.check_region(name)
        holder = wanted.holder, wanted.incarnation

        async def operation(connection: AsyncConnection) -> Duty:
            duty = await _known(connection, region)
            if wanted.standby:
                named = replace(duty, standby=await repository.find_named(connection, region, duty.epoch) or "")
                primed = judge_priming(
                    named, wanted.epoch, holder, (wanted.standby, wanted.incarnation), head=0, needed=0
                )
            else:
                primed = judge_passing_by(duty, wanted.epoch, holder)
            kept = replace(duty, keepers=primed.keepers, standby=primed.standby)
            if kept != duty:
                await repository.put_duty(connection, kept)
            return kept

        return _view(await self._transactions.run("keep", operation), self._clock())

    async def claim(self, region: str, wanted: Claim, *, guard: Guard | None = None) -> DutyView:
        """Begin the next epoch; may be repeated, by whom it was begun.

        Whose holder has not laid its lease down is taken over from only by a standby that was named as the epoch began: whom a renewal names is
        known to that process alone, and another one may not think of a lease at all. And it must have everything that others were told.

        Args:
            region: Whose duties.
            wanted: By whom, and which epoch ends.
            guard: Looks, in the same transaction, whether it may still be, and raises what speaks against it; None: nothing else does.

        Raises:
            UnknownRegionError: It has never announced itself; or no region can have that name.
            InvalidFieldError: The claimer is to stand by for itself, or a number is out of its range.
            EpochOverError: That epoch was ended.
            NotTheStandbyError: Only holder and standby may claim.
            LeaseRunsError: The holder's lease may still run.
            NotTheKeeperError: Others may have been told what the standby has not.
            IncarnationConflictError: Incarnations would go back.
        """
        _check_claim(region, wanted)

        async def operation(connection: AsyncConnection) -> Duty:
            duty, claimer = await _known(connection, region), (wanted.claimer, wanted.incarnation)
            if duty.epoch == wanted.ended + 1 and is_held_by(duty, *claimer):
                return duty
            if guard is not None:
                await guard(connection)
            begun = judge_claim(duty, claimer, wanted.ended, self._clock(), self._terms, standby=wanted.standby)
            least = duty.incarnation if wanted.claimer == duty.holder else duty.incarnation + 1
            if wanted.incarnation < least:  # another site's store is another life
                raise IncarnationConflictError(
                    region=region, epoch=duty.epoch, incarnation=duty.incarnation, announced=wanted.incarnation
                )
            named = await repository.find_named(connection, region, duty.epoch)
            if wanted.claimer != duty.holder and not duty.laid_down:
                if named != wanted.claimer:
                    raise LeaseRunsError(region=region, holder=duty.holder, epoch=duty.epoch)
                if (wanted.claimer, duty.incarnation) not in duty.keepers:
                    raise NotTheKeeperError(region=region, claimer=wanted.claimer, holder=duty.holder)
            await repository.begin_epoch(connection, duty, begun)
            return begun

        return _view(await self._transactions.run("claim", operation), self._clock())

    async def all(self) -> DutiesView:
        """Return who holds what, and who did."""

        async def operation(connection: AsyncConnection) -> tuple[tuple[Duty, ...], dict[str, tuple[Former, ...]]]:
            return await repository.find_duties(connection), await repository.find_former(connection)

        found, former = await self._transactions.run("duties", operation, changes=False)
        now = self._clock()
        return DutiesView(tuple(_view(duty, now, former.get(duty.region, ())) for duty in found))


async def _known(connection: AsyncConnection, region: str) -> Duty:
    duty = await repository.find_duty(connection, region)
    if duty is None:
        raise UnknownRegionError(region=region)
    return duty


def _check_claim(region: str, wanted: Claim) -> None:
    for name in (region, wanted.claimer, *filter(None, [wanted.standby])):
        rules.check_region(name)
    if wanted.standby == wanted.claimer:
        raise InvalidFieldError(field="standby", reason="nobody stands by for oneself")
    if not (1 <= wanted.ended < rules.MOST_EPOCH and 1 <= wanted.incarnation <= rules.MOST_EPOCH):
        raise InvalidFieldError(field="ended, incarnation", reason=f"use 1 to {rules.MOST_EPOCH}")


def _check(region: str, wanted: LeaseRequest) -> None:
    rules.check_region(region)
    if wanted.standby:
        rules.check_region(wanted.standby)
    if wanted.standby == wanted.holder:
        raise InvalidFieldError(field="standby", reason="nobody stands by for oneself")
    if not all(0 <= number <= MOST for number in (wanted.epoch, wanted.incarnation, wanted.boot, wanted.asked_at)):
        raise InvalidFieldError(field="epoch, incarnation, boot, asked_at", reason=f"use 0 to {MOST}")


def _view(duty: Duty, now: int, former: tuple[Former, ...] = ()) -> DutyView:
    return DutyView(
        region=duty.region,
        holder=duty.holder,
        epoch=duty.epoch,
        incarnation=duty.incarnation,
        standby=duty.standby,
        keepers=tuple(Keeper(*keeper) for keeper in sorted(duty.keepers)),
        promised_seconds=0.0 if duty.laid_down else max(0, duty.promised.until - now) / 1_000_000,
        laid_down=duty.laid_down,
        former=tuple(one for one in former if one.epoch < duty.epoch),
    )
