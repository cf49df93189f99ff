"""Registration: reserve the handle in the directory, create the account, confirm the handle, confirm the account.

Each step can be repeated and gives the same again, so a registration that was interrupted anywhere is finished by the same
request sent again, or by logging in with the same handle and password. One that is whole is given again only to who shows its
idempotency key: without one, whoever comes later is told that the handle is taken, be it with the same password.
"""

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

from global_directory.errors import HandleTakenError, ReservationLostError
from global_directory.rules import Handle, read_handle
from infra.errors import BusyError, InvalidFieldError, OutcomeUnknownError, UnavailableError
from infra.passwords import Passwords
from infra.postgres import STORE_FAILURES, Pool
from region.accounts import repository
from region.accounts.errors import RegistrationLostError, RegistrationUnfinishedError
from region.accounts.federation import Federation
from region.accounts.ports import Directory, Journal
from region.accounts.repository import UserRow
from region.accounts.rules import check_password, clean_name
from region.holding.errors import ISLANDED, DeposedError, IslandedError
from region.holding.tenure import Tenure
from replication.accounts import AccountConfirmed, AccountCreated
from replication.holding.deciding import Kind
from replication.records import Outcome

TURN_SECONDS: Final = 5.0
"""How long one waits for who wants the same handle."""


@dataclass(frozen=True, slots=True)
class Application:
    """What somebody who registers says.

    Attributes:
        handle: As typed.
        password: As typed.
        display_name: What others shall see; empty for the handle.
        home_region: Where to live; empty for the region that was asked.
        idempotency_key: From the request's header; empty if it had none.
    """

    handle: str
    password: str
    display_name: str = ""
    home_region: str = ""
    idempotency_key: str = ""


@contextlib.contextmanager
def unfinished() -> Iterator[None]:
    """Say of whatever goes away inside that the registration may have happened all the same.

    Raises:
        RegistrationUnfinishedError: Something went away.
    """
    try:
        yield
    except RegistrationUnfinishedError:
        raise
    except (UnavailableError, OutcomeUnknownError, *STORE_FAILURES) as error:
        raise RegistrationUnfinishedError from error


class Registration:
    """Makes accounts whose home is this region."""

    def __init__(
        self,
        *,
        region: str,
        regions: frozenset[str],
        secret: bytes,
        directory: Directory,
        federation: Federation,
        journal: Journal,
        store: Pool,
        passwords: Passwords,
        tenure: Tenure,
    ) -> None:
        """Prepare.

        Args:
            region: This region.
            regions: All regions of the federation.
            secret: For keyed hashes that only this region can make.
            directory: Who keeps handles unique.
            federation: Who holds which region.
            journal: Where accounts are made.
            store: Where they are read.
            passwords: Hashes them.
            tenure: Whether this region may make any.
        """
        self._region = region
        self._regions = regions
        self._secret = secret
        self._directory = directory
        self._federation = federation
        self._journal = journal
        self._store = store
        self._passwords = passwords
        self._tenure = tenure
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def register(self, application: Application) -> UserRow:
        """Make an account; the same application again gives the same account if it has a key, or the account is not whole yet.

        Raises:
            InvalidFieldError: A field is not acceptable.
            NotTheHolderError: The home that was asked for is another region.
            BusyError: Somebody is about to register that handle, and it takes long.
            HandleTakenError: Somebody has the handle already.
            RegistrationLostError: The reservation lapsed meanwhile, and somebody else has the handle.
            DeposedError: This region's duties are held in a newer epoch; no account was made.
            IslandedError: Nobody knows whether this region still holds its duties; no account was made.
            UnavailableError: The directory cannot be reached; nothing was done.
            OutcomeUnknownError: Something went away, or took too long, after the handle was reserved; the same again goes on.
        """
        handle = read_handle(application.handle)
        check_password(application.password)
        name = clean_name(application.display_name, field="display_name", otherwise=handle.spelled)
        home = application.home_region or self._region
        if home not in self._regions:
            raise InvalidFieldError(field="home_region", reason="there is no such region; see GET /regions")
        if home != self._region:
            raise self._federation.elsewhere(home)
        await self._check_tenure(handle)
        lock = self._locks.get(handle.folded) or asyncio.Lock()
        self._locks[handle.folded] = lock
        try:  # of those who want one handle at the same moment one is told that it has it
            async with asyncio.timeout(TURN_SECONDS):
                await lock.acquire()
        except TimeoutError:
            raise BusyError(what="That handle") from None
        try:
            return await self._register(handle, name, home, application)
        finally:
            lock.release()

    async def _register(self, handle: Handle, name: str, home: str, application: Application) -> UserRow:
        key = self._idempotency_key(handle, application)
        reservation = await self._directory.reserve(handle.spelled, home_region=home, idempotency_key=key)
        with unfinished():
            user = await self._user(reservation.user_id)
            if user is None:
                self._tenure.check(Kind.PERMIT)
                created = AccountCreated(
                    handle=reservation.handle,
                    display_name=name,
                    password_hash=await self._passwords.hash(application.password),
                    reservation=reservation.token,
                )
                await self._decide(reservation.user_id, reservation.home_epoch, created, handle)
                user = await self._created(reservation.user_id, handle)
            elif (user.confirmed and not application.idempotency_key) or not await self._passwords.verify(
                application.password,
                user.password_hash,  # it may have been changed since
            ):
                raise HandleTakenError(handle=handle.spelled)
            finished = await self.finish(user)
            self._tenure.tell(Kind.PERMIT, "The account")
            return finished

    async def _check_tenure(self, handle: Handle) -> None:
        """Refuse at once what may not begin now, unless an earlier request has made that account: then it is told what that one came to.

        Raises:
            DeposedError: This region's duties are held in a newer epoch.
            IslandedError: Nobody knows whether this region still holds its duties.
        """
        try:
            self._tenure.check(Kind.PERMIT)
        except (DeposedError, IslandedError):
            async with self._store.connection() as connection:
                if not await repository.users_by_handle(connection, handle.folded):
                    raise

    async def finish(self, user: UserRow) -> UserRow:
        """Confirm an account, first in the directory and then here; nothing happens if it is confirmed.

        Raises:
            RegistrationLostError: The reservation lapsed, and somebody else has the handle.
            OutcomeUnknownError: The directory, the journal or the projector did not answer in time; the same again goes on.
        """
        if user.confirmed:
            return user
        handle = read_handle(user.handle)
        with unfinished():
            try:
                await self._directory.confirm(handle.spelled, token=user.reservation)
            except ReservationLostError as error:
                raise RegistrationLostError(handle=handle.spelled) from error
            await self._decide(user.user_id, user.home_epoch, AccountConfirmed(user.reservation), handle)
            return await self._created(user.user_id, handle)

    async def _decide(
        self, user_id: str, home_epoch: int, body: AccountCreated | AccountConfirmed, handle: Handle
    ) -> None:
        async def settled() -> Outcome | None:
            user = await self._user(user_id)
            done = user is not None and (user.confirmed or isinstance(body, AccountCreated))
            return Outcome(id="") if done else None

        outcome = await self._journal.decide(user_id, home_epoch=home_epoch, body=body, settled=settled)
        if outcome.code == ISLANDED:
            raise IslandedError
        if outcome.code:
            raise RegistrationLostError(handle=handle.spelled)

    async def _created(self, user_id: str, handle: Handle) -> UserRow:
        user = await self._user(user_id)
        if user is None:
            raise RegistrationLostError(handle=handle.spelled)
        return user

    async def _user(self, user_id: str) -> UserRow | None:
        async with self._store.connection() as connection:
            return await repository.user_by_id(connection, user_id)

    def _idempotency_key(self, handle: Handle, application: Application) -> str:
        """Return the reservation's key: who repeats handle and password (and the header, if there was one) is the same person.

        The password is always part of it, so nobody gets into somebody's account by guessing a header; and it is keyed with a
        secret of this region, so the directory learns nothing about passwords.
        """
        parts = (handle.folded, application.password, application.idempotency_key)
        digest = hmac.new(self._secret, digestmod=hashlib.sha256)
        for part in parts:
            encoded = part.encode()
            digest.update(len(encoded).to_bytes(4, "big") + encoded)
        return digest.hexdigest()
