"""What region and relay know of the directory: a client that caches, retries, and serves what it knows while it is away.

Correctness never depends on the cache: whoever acts on a stale answer is told 421 by the region it asked, calls `note_holder`
or `forget`, and asks again.

    async with DirectoryClient("http://127.0.0.1:7000") as directory:
        user = await directory.find_handle("Ada")
        holder = await directory.holder_of(user.home)
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final, Self, TypeVar, cast
from urllib.parse import quote

import httpx

from global_directory import metrics
from global_directory.cache import Cache
from global_directory.errors import UnknownRegionError
from global_directory.holding.schemas import (
    Claim,
    DutiesView,
    DutyView,
    Grant,
    Keeping,
    LayingDown,
    LeaseRequest,
    Permit,
    ProposalsView,
    ProposalView,
    Sighted,
    TakeoverRequest,
)
from global_directory.operators.carried import PASS
from global_directory.rules import read_handle
from global_directory.schemas import (
    Announcement,
    Expulsions,
    PublicJwk,
    Region,
    Regions,
    Reservation,
    ReserveRequest,
    SigningKey,
    TokenRequest,
    User,
)
from global_directory.transport import Sleep, Transport
from infra.errors import InvalidFieldError, NotFoundError, UnavailableError
from infra.identity import DIRECTORY
from infra.tls import MutualTls, PeerTransport
from replication.ids import is_user_id

__all__ = ["Announcement", "DirectoryClient", "PublicJwk", "Region", "Reservation", "SigningKey", "User"]

T = TypeVar("T")

FRESH: Final = 60.0
"""How long a found user is fresh, seconds; homes change by moves alone, and a stale one is corrected by a 421."""
ABSENT: Final = 2.0
"""How long it is remembered that there is no such user, seconds."""
REGIONS_FRESH: Final = 2.0
"""How long the list of regions is fresh, seconds."""
STALE_WAIT: Final = 0.3
"""How long a look-up waits for the directory when it has an older answer to give instead, seconds."""
_ALL: Final = "regions"
_LIMITS: Final = httpx.Limits(max_connections=32, max_keepalive_connections=8, keepalive_expiry=4)


class DirectoryClient:
    """Asks the directory, and remembers. An async context manager; one a process is enough."""

    def __init__(
        self,
        url: str,
        *,
        size: int = 100_000,
        attempts: int = 3,
        timeout: float = 3.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        transport: httpx.AsyncBaseTransport | None = None,
        tls: MutualTls | None = None,
        token: str = "",
    ) -> None:
        """Prepare a client; it connects when it is first used.

        Args:
            url: Of the directory's HTTP API.
            size: The most users that are remembered, by id and by handle each.
            attempts: The most attempts for one call.
            timeout: Of one attempt, seconds; connecting has a third of it.
            clock: Seconds, for the age of what is remembered.
            sleep: Waits between attempts.
            transport: What carries requests, instead of the network.
            tls: Who asks; None: in plain text.
            token: The pass of an operator's operation, for what only operators may; that of the operation that goes on, by default.
        """
        self._http = httpx.AsyncClient(
            base_url=url,
            timeout=httpx.Timeout(timeout, connect=timeout / 3),
            transport=transport or PeerTransport(DIRECTORY, tls, limits=_LIMITS),
            trust_env=False,
            headers={"authorization": f"Bearer {shown}"} if (shown := token or PASS.get()) else {},
        )
        self._transport = Transport(self._http, attempts=attempts, sleep=sleep)
        self._clock = clock
        self._handles: Cache[str, User | None] = Cache(size)
        self._users: Cache[str, User | None] = Cache(size)
        self._regions: Cache[str, tuple[Region, ...]] = Cache(1)
        self._noted: dict[str, tuple[str, int]] = {}
        self._asking: dict[tuple[str, str], asyncio.Task[object]] = {}

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect; look-ups that are under way end."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await self._http.aclose()

    async def reserve(self, handle: str, *, home_region: str, idempotency_key: str) -> Reservation:
        """Reserve a handle, which fixes the user id. The same key for the same handle and home gets the same answer.

        A key that others can guess lets them see the reservation, also when it is confirmed: derive it from a secret of the
        person who registers, such as a hash that the password is part of.

        Raises:
            HandleTakenError: Somebody else has it.
            InvalidFieldError: The handle or the key keeps no rules.
            UnknownRegionError: The home has not announced itself.
            UnavailableError: The directory cannot be reached; nothing was done.
            OutcomeUnknownError: It may be reserved; the same call again tells.
        """
        request = ReserveRequest(handle=handle, home_region=home_region, idempotency_key=idempotency_key)
        return await self._transport.call(
            "POST", "/reservations", Reservation, name="reserve", body=request, changes=True
        )

    async def confirm(self, handle: str, token: str) -> User:
        """Make a reservation permanent; repeat it until it is answered.

        Raises:
            ReservationLostError: It was released, or somebody else has taken the handle over.
            UnavailableError: The directory cannot be reached; nothing was done.
            OutcomeUnknownError: It may be confirmed; the same call again tells.
        """
        request = TokenRequest(handle=handle, token=token)
        user = await self._transport.call(
            "POST", "/reservations/confirm", User, name="confirm", body=request, changes=True
        )
        self._remember(user)
        return user

    async def release(self, handle: str, token: str) -> None:
        """Give a reservation up; it may be gone already.

        Raises:
            AlreadyConfirmedError: It is permanent.
            UnavailableError: The directory cannot be reached; nothing was done. The reservation lapses by itself.
            OutcomeUnknownError: It may be released.
        """
        request = TokenRequest(handle=handle, token=token)
        await self._transport.call(
            "POST", "/reservations/release", type(None), name="release", body=request, changes=True
        )

    async def announce(self, region: str, announcement: Announcement) -> Region:
        """Say who holds a region, where it is reached, and with which keys it signs; to be repeated now and then.

        Raises:
            StaleAnnouncementError: A newer epoch is known.
            NotTheHolderError: Another region holds it.
            IncarnationConflictError: The epoch belongs to another incarnation.
            KeyConflictError: A key's id names another key.
            InvalidFieldError: A field is out of its range.
            UnavailableError: The directory cannot be reached; nothing was done.
            OutcomeUnknownError: It may be registered.
        """
        path = f"/regions/{quote(region, safe='')}"
        found = await self._transport.call("PUT", path, Region, name="announce", body=announcement, changes=True)
        self._regions.forget(_ALL)
        return found

    async def renew_lease(self, region: str, wanted: LeaseRequest) -> Grant:
        """Ask for the lease of a region's holder; may be repeated, since a grant names when it was asked for.

        Raises:
            UnknownRegionError: It has never announced itself.
            NotTheHolderError: Another holds it, or holds it in another epoch.
            IncarnationConflictError: Another life of the holder's store does.
            LaidDownError: The lease was laid down in this epoch.
            InvalidFieldError: A field is out of its range.
            UnavailableError: The directory cannot be reached; nothing was done.
            OutcomeUnknownError: It may have promised a lease, which nobody has then.
        """
        path = f"/regions/{quote(region, safe='')}/lease"
        return await self._transport.call("POST", path, Grant, name="renew_lease", body=wanted, changes=True)

    async def lay_down(self, region: str, wanted: LayingDown) -> DutyView:
        """Give a holder's lease back, for good in its epoch; may be repeated.

        Raises:
            UnknownRegionError: It has never announced itself.
            NotTheHolderError: Another holds it, or holds it in another epoch.
            UnavailableError: The directory cannot be reached; nothing was done.
            OutcomeUnknownError: It may be laid down; the same call again tells.
        """
        path = f"/regions/{quote(region, safe='')}/laying-down"
        return await self._transport.call("POST", path, DutyView, name="lay_down", body=wanted, changes=True)

    async def keep(self, region: str, wanted: Keeping) -> DutyView:
        """Say who has everything that a region lets others have; may be repeated.

        Raises:
            UnknownRegionError: It has never announced itself.
            EpochOverError: That epoch was ended.
            NotTheStandbyError: It was not named as the epoch began.
            UnavailableError: The directory cannot be reached; nothing was done.
            OutcomeUnknownError: It may be noted; the same call again tells.
        """
        path = f"/regions/{quote(region, safe='')}/keepers"
        return await self._transport.call("POST", path, DutyView, name="keep", body=wanted, changes=True)

    async def claim(self, region: str, wanted: Claim) -> DutyView:
        """Begin the next epoch of a region's duties; may be repeated.

        Raises:
            UnknownRegionError: It has never announced itself.
            EpochOverError: That epoch was ended, by somebody else.
            NotTheStandbyError: Only holder and standby may claim.
            LeaseRunsError: The holder's lease may still run.
            NotTheKeeperError: Others may have been told what the standby has not.
            IncarnationConflictError: Incarnations would go back.
            HeldBackError: It was to be taken over by itself, and something speaks against that now.
            NoPassError: No pass for that was shown, or its operation is over.
            InvalidFieldError: A field is out of its range.
            UnavailableError: The directory cannot be reached; nothing was done.
            OutcomeUnknownError: It may be begun; the same call again tells.
        """
        path = f"/regions/{quote(region, safe='')}/claim"
        found = await self._transport.call("POST", path, DutyView, name="claim", body=wanted, changes=True)
        self._regions.forget(_ALL)
        return found

    async def sighted(self, region: str, wanted: Sighted) -> tuple[ProposalView, ...]:
        """Tell what a region sees of the others, and return which are taken for down; may be repeated.

        Raises:
            UnknownRegionError: No region can have such a name.
            NotYoursError: It is another's certificate.
            UnavailableError: The directory cannot be reached; nothing was told.
            OutcomeUnknownError: It may have been told.
        """
        path = f"/regions/{quote(region, safe='')}/sightings"
        found = await self._transport.call("POST", path, ProposalsView, name="sighted", body=wanted, changes=True)
        return found.proposals

    async def proposals(self) -> ProposalsView:
        """Return which regions are taken for down, sorted by region, and what follows from that.

        Raises:
            UnavailableError: The directory cannot be reached.
        """
        return await self._transport.call("GET", "/proposals", ProposalsView, name="proposals")

    async def take_over(self, region: str, standby: str) -> Permit:
        """Ask whether a standby may take over by itself, or is to go on with that; may be repeated.

        Raises:
            UnknownRegionError: It has never announced itself.
            HeldBackError: Something speaks against it now.
            NothingBegunError: It holds already, and nothing is to go on.
            NotYoursError: It is another's certificate.
            UnavailableError: The directory cannot be reached; nothing was begun.
            OutcomeUnknownError: It may be begun, in the trace; the same call again tells.
        """
        path = f"/regions/{quote(region, safe='')}/takeover"
        body = TakeoverRequest(standby)
        return await self._transport.call("POST", path, Permit, name="take_over", body=body, changes=True)

    async def duties(self) -> tuple[DutyView, ...]:
        """Return who holds which region's duties, sorted by region.

        Raises:
            UnavailableError: The directory cannot be reached.
        """
        return (await self._transport.call("GET", "/duties", DutiesView, name="duties")).duties

    async def expulsions(self) -> frozenset[str]:
        """Return the regions that were expelled from trust.

        Raises:
            UnavailableError: The directory cannot be reached; an ExpelledError if it does not serve who asks.
        """
        return frozenset((await self._transport.call("GET", "/expulsions", Expulsions, name="expulsions")).expelled)

    async def expel(self, region: str) -> None:
        """Expel a region from trust; only an operator may, with the directory's own certificate. May be repeated.

        Raises:
            NoPassError: No pass for that was shown.
            UnknownRegionError: It has never announced itself.
            NotYoursError: Another certificate was shown.
            UnavailableError: The directory cannot be reached; nothing was done.
            OutcomeUnknownError: It may be expelled.
        """
        path = f"/expulsions/{quote(region, safe='')}"
        await self._transport.call("PUT", path, type(None), name="expel", changes=True)

    async def readmit(self, region: str) -> None:
        """Trust a region again; only an operator may, with the directory's own certificate. May be repeated.

        Raises:
            NoPassError: No pass for that was shown.
            UnknownRegionError: No region can have that name.
            NotYoursError: Another certificate was shown.
            UnavailableError: The directory cannot be reached; nothing was done.
            OutcomeUnknownError: It may be readmitted.
        """
        path = f"/expulsions/{quote(region, safe='')}"
        await self._transport.call("DELETE", path, type(None), name="readmit", changes=True)

    async def find_handle(self, handle: str) -> User | None:
        """Return who has a handle, in any spelling; None if nobody has, or it is no handle.

        Raises:
            UnavailableError: The directory cannot be reached, and nothing is remembered.
        """
        try:
            folded = read_handle(handle).folded
        except InvalidFieldError:
            return None
        return await self._look_up("handle", self._handles, folded, f"/handles/{folded}")

    async def find_user(self, user_id: str) -> User | None:
        """Return where a user lives; None if there is no such user.

        Raises:
            UnavailableError: The directory cannot be reached, and nothing is remembered.
        """
        if not is_user_id(user_id):
            return None
        return await self._look_up("user", self._users, user_id, f"/users/{user_id}")

    async def regions(self) -> tuple[Region, ...]:
        """Return the regions that have announced themselves, sorted, with what 421s have taught since.

        Raises:
            UnavailableError: The directory cannot be reached, and nothing is remembered.
        """

        async def fetch() -> tuple[Region, ...]:
            found = (await self._transport.call("GET", "/regions", Regions, name="regions")).regions
            self._regions.put(_ALL, found, self._clock() + REGIONS_FRESH)
            return found

        found = await self._remembered("regions", self._regions, _ALL, fetch)
        return tuple(self._corrected(region) for region in found)

    async def holder_of(self, region: str) -> Region:
        """Return the region that holds the duties of that one, with its endpoints.

        Raises:
            UnknownRegionError: One of them has not announced itself.
            UnavailableError: The directory cannot be reached, and nothing is remembered.
        """
        known = {each.region: each for each in await self.regions()}
        if region not in known:
            raise UnknownRegionError(region=region)
        holder = known[region].holder
        if holder not in known:
            raise UnknownRegionError(region=holder)
        return known[holder]

    def note_holder(self, region: str, holder: str, epoch: int) -> bool:
        """Learn from a 421 who holds a region; return whether that is news, and so worth following: only a higher epoch is."""
        remembered = self._regions.get(_ALL, self._clock())
        listed = max((each.epoch for each in remembered.value if each.region == region), default=0) if remembered else 0
        if epoch <= max(listed, self._noted.get(region, ("", 0))[1]):
            return False
        self._noted[region] = (holder, epoch)
        return True

    def forget(self, user_id: str) -> None:
        """Ask the directory anew about that user when next wanted, since a region said that the home is another."""
        found = self._users.get(user_id, self._clock())
        self._users.forget(user_id)
        self._asking.pop(("user", user_id), None)
        if found is not None and found.value is not None:
            self._handles.forget(read_handle(found.value.handle).folded)

    def _corrected(self, region: Region) -> Region:
        holder, epoch = self._noted.get(region.region, ("", 0))
        if epoch <= region.epoch:
            self._noted.pop(region.region, None)
            return region
        return replace(region, holder=holder, epoch=epoch)

    def _remember(self, user: User) -> None:
        until = self._clock() + FRESH
        self._users.put(user.user_id, user, until)
        self._handles.put(read_handle(user.handle).folded, user, until)
        self._measure()

    async def _look_up(self, kind: str, cache: Cache[str, User | None], key: str, path: str) -> User | None:
        async def fetch() -> User | None:
            try:
                user = await self._transport.call("GET", path, User, name=f"find_{kind}")
            except NotFoundError:
                cache.put(key, None, self._clock() + ABSENT)
                self._measure()
                return None
            self._remember(user)
            return user

        return await self._remembered(kind, cache, key, fetch)

    async def _remembered(self, kind: str, cache: Cache[str, T], key: str, fetch: Callable[[], Awaitable[T]]) -> T:
        found = cache.get(key, self._clock())
        if found is not None and found.fresh:
            metrics.CACHE_LOOKUPS.labels(kind, "fresh").inc()
            return found.value
        usable = found is not None and found.value is not None  # that there was no such user proves nothing later
        try:
            async with asyncio.timeout(STALE_WAIT if usable else None):
                value = await self._once((kind, key), fetch)
        except (UnavailableError, TimeoutError):
            metrics.CACHE_LOOKUPS.labels(kind, "stale" if usable else "failed").inc()
            if found is None or not usable:
                raise
            return found.value
        metrics.CACHE_LOOKUPS.labels(kind, "fetched").inc()
        return value

    async def _once(self, question: tuple[str, str], fetch: Callable[[], Awaitable[T]]) -> T:
        """Ask a question that is already being asked only once; whoever gives up waiting does not end it for others."""
        task = self._asking.get(question)
        if task is None:
            task = asyncio.ensure_future(_run(fetch))
            self._asking[question] = task
            task.add_done_callback(lambda done: self._answered(question, done))
        return cast("T", await asyncio.shield(task))

    def _answered(self, question: tuple[str, str], task: asyncio.Task[object]) -> None:
        if self._asking.get(question) is task:
            del self._asking[question]
        with suppress(asyncio.CancelledError):
            task.exception()  # seen, even if everybody gave up waiting

    def _measure(self) -> None:
        metrics.CACHE_ENTRIES.labels("user").set(len(self._users))
        metrics.CACHE_ENTRIES.labels("handle").set(len(self._handles))


async def _run(fetch: Callable[[], Awaitable[object]]) -> object:
    return await fetch()
