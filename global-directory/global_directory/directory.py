"""The directory's use cases: each one transaction, in which the store is read, `rules` judge, and the outcome is written."""

import secrets
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from global_directory import metrics, repository, rules
from global_directory.errors import HandleTakenError, UnknownRegionError
from global_directory.holding.detection import Detection
from global_directory.holding.duties import Duties
from global_directory.schemas import (
    Announcement,
    Expulsions,
    PublicJwk,
    Region,
    Regions,
    Reservation,
    ReserveRequest,
    User,
)
from global_directory.transactions import Transactions
from infra.errors import NotFoundError
from replication.holding.lease import USUAL, Terms
from replication.ids import is_user_id, new_user_id

KEPT_SECONDS: Final = 100 * 24 * 3600
"""For how long a key that signs no more is still told: as long as the refresh tokens live that it has signed, and some days."""


def _now() -> int:
    return time.time_ns() // 1000


class Directory:
    """Answers what the HTTP API asks.

    Attributes:
        duties: Who holds which region's duties.
        detection: Which regions are taken for down.
    """

    def __init__(
        self,
        transactions: Transactions,
        *,
        ttl: float = 120.0,
        terms: Terms = USUAL,
        clock: Callable[[], int] = _now,
    ) -> None:
        """Work on a store.

        Args:
            transactions: Runs transactions on it.
            ttl: How long a handle stays reserved without being confirmed, seconds.
            terms: What leases are granted on.
            clock: Microseconds since the epoch. How soon a reservation may be taken over hangs on it, never who has it; and until when a
                lease is promised.
        """
        self.duties = Duties(transactions, terms=terms, clock=clock)
        self.detection = Detection(transactions, clock=clock)
        self._transactions = transactions
        self._ttl = int(ttl * 1_000_000)
        self._clock = clock

    async def reserve(self, request: ReserveRequest) -> Reservation:
        """Reserve a handle; the same key for the same handle and home gets the same answer.

        Raises:
            InvalidFieldError: The handle or the key keeps no rules.
            UnknownRegionError: The home has not announced itself.
            HandleTakenError: Somebody else has it.
        """
        handle = rules.read_handle(request.handle)
        rules.check_idempotency_key(request.idempotency_key)
        rules.check_region(request.home_region)
        wanted = rules.Holding(
            handle=handle,
            user_id=new_user_id(request.home_region),
            home=request.home_region,
            home_epoch=1,
            confirmed=False,
            token=secrets.token_urlsafe(24),
            idempotency_key=request.idempotency_key,
            reserved_until=self._clock() + self._ttl,
        )

        async def operation(connection: AsyncConnection) -> rules.Holding:
            if await repository.find_region(connection, request.home_region) is None:
                raise UnknownRegionError(region=request.home_region)
            known = await repository.find_holding(connection, handle.folded)
            holding = rules.judge_reservation(known, wanted, self._clock())
            if known is None:
                await repository.add_holding(connection, holding)
            elif holding != known:
                await repository.change_holding(connection, known, holding)
            return holding

        try:
            holding = await self._transactions.run("reserve", operation)
        except HandleTakenError:
            metrics.RESERVATIONS.labels("taken").inc()
            raise
        metrics.RESERVATIONS.labels("new" if holding is wanted else "repeated").inc()
        return holding.as_reservation()

    async def confirm(self, handle: str, token: str) -> User:
        """Make a reservation permanent; may be repeated.

        Raises:
            ReservationLostError: It was released, or somebody else has taken the handle.
        """
        read = rules.read_handle(handle)

        async def operation(connection: AsyncConnection) -> rules.Holding:
            known = await repository.find_holding(connection, read.folded)
            holding = rules.judge_confirmation(known, read, token)
            if known is not None and holding != known:
                await repository.change_holding(connection, known, holding)
            return holding

        return (await self._transactions.run("confirm", operation)).as_user()

    async def release(self, handle: str, token: str) -> None:
        """Give a reservation up; may be repeated.

        Raises:
            AlreadyConfirmedError: It is permanent.
        """
        read = rules.read_handle(handle)

        async def operation(connection: AsyncConnection) -> None:
            known = await repository.find_holding(connection, read.folded)
            if known is not None and rules.judge_release(known, token):
                await repository.remove_holding(connection, known)

        await self._transactions.run("release", operation)

    async def find_handle(self, handle: str) -> User:
        """Return who has a confirmed handle, in any spelling.

        Raises:
            NotFoundError: Nobody has.
        """
        folded = rules.read_handle(handle).folded
        return self._found(
            "handle",
            await self._transactions.run("find_handle", lambda c: repository.find_holding(c, folded), changes=False),
        )

    async def find_user(self, user_id: str) -> User:
        """Return where a user lives whose handle is confirmed.

        Raises:
            NotFoundError: There is no such user.
        """
        if not is_user_id(user_id):
            return self._found("user", None)
        return self._found(
            "user", await self._transactions.run("find_user", lambda c: repository.find_user(c, user_id), changes=False)
        )

    async def regions(self) -> Regions:
        """Return all regions that have announced themselves and are trusted, with the keys that tokens may still be signed with."""
        now = self._clock() // 1_000_000 - KEPT_SECONDS
        return Regions(
            await self._transactions.run("regions", lambda c: repository.find_regions(c, now), changes=False)
        )

    async def announce(self, region: str, announced: Announcement) -> Region:
        """Register what a region's holder says of itself; may be repeated, and refreshes the time.

        Raises:
            InvalidFieldError: A field is out of its range.
            StaleAnnouncementError: It is of an older epoch.
            NotTheHolderError: Another region holds it.
            IncarnationConflictError: The epoch belongs to another incarnation.
            KeyConflictError: A key's id names another key.
        """
        rules.check_announcement(region, announced)
        now = self._clock()

        async def operation(connection: AsyncConnection) -> Region:
            known = await repository.find_region(connection, region)
            same_ids: dict[tuple[str, str], PublicJwk] = await repository.find_keys(
                connection, [key.kid for key in announced.keys]
            )
            rules.judge_announcement(known, region, announced, same_ids)
            await repository.put_region(connection, _registered(region, announced, now))
            if known is None and announced.standby:
                await self.duties.begin_first(connection, region, announced.standby)
            for key in announced.keys:
                await repository.put_key(connection, region, key)
            return _registered(region, announced, now)

        registered = await self._transactions.run("announce", operation)
        metrics.ANNOUNCED_AT.labels(region).set(now / 1e6)
        return registered

    async def expulsions(self) -> Expulsions:
        """Return the regions that were expelled from trust."""
        return Expulsions(await self._transactions.run("expulsions", repository.find_expulsions, changes=False))

    async def expel(self, region: str) -> None:
        """Expel a region from trust; may be repeated.

        Raises:
            UnknownRegionError: It has never announced itself.
        """
        rules.check_region(region)
        now = self._clock()

        async def operation(connection: AsyncConnection) -> None:
            if await repository.find_region(connection, region) is None:
                raise UnknownRegionError(region=region)
            await repository.put_expulsion(connection, region, now)

        await self._transactions.run("expel", operation)

    async def readmit(self, region: str) -> None:
        """Trust a region again; may be repeated.

        Raises:
            UnknownRegionError: No region can have that name.
        """
        rules.check_region(region)
        await self._transactions.run("readmit", lambda c: repository.remove_expulsion(c, region))

    @staticmethod
    def _found(by: str, holding: rules.Holding | None) -> User:
        found = holding is not None and holding.confirmed
        metrics.LOOKUPS.labels(by, "yes" if found else "no").inc()
        if holding is None or not found:
            raise NotFoundError(what="user")
        return holding.as_user()


def _registered(region: str, announced: Announcement, now: int) -> Region:
    return Region(
        region=region,
        holder=announced.holder,
        epoch=announced.epoch,
        incarnation=announced.incarnation,
        public_url=announced.public_url,
        gateway_url=announced.gateway_url,
        announced_at=now,
        keys=announced.keys,
        blobs_url=announced.blobs_url,
    )
