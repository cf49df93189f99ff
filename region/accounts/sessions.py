"""Logging in and out, refreshing, and the devices of a user who lives here."""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from global_directory.rules import read_handle
from infra.errors import InvalidFieldError, NotFoundError, UnavailableError
from infra.passwords import Passwords
from infra.postgres import Pool
from region.accounts import repository
from region.accounts.endings import REUSED, SUSPENDED, ended
from region.accounts.errors import RegistrationLostError, SuspendedError, WrongCredentialsError
from region.accounts.federation import Federation
from region.accounts.ports import Directory, Journal
from region.accounts.registration import Registration
from region.accounts.repository import DeviceRow, UserRow
from region.accounts.reuse import Showing, judge
from region.accounts.rules import PASSWORD_LONGEST, clean_name
from region.accounts.tokens import AccessClaims, RefreshClaims, Signs, Verifier, refused
from region.store.repository.moderation import suspended
from replication.accounts import DeviceAdded, DeviceRefreshed, DeviceRevoked, proof_of
from replication.records import Outcome

FIRST_GENERATION = 1
_DEVICE = re.compile(r"v[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long tokens are good, seconds.

    Attributes:
        access: Of access tokens.
        refresh: Of refresh tokens.
    """

    access: int = 15 * 60
    refresh: int = 90 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Grant:
    """What a device gets when it has logged in.

    Attributes:
        user: Whose it is.
        device_id: The device.
        access_token: For requests.
        refresh_token: For the next access token; good once.
        expires_in: Until the access token expires, seconds.
    """

    user: UserRow
    device_id: str
    access_token: str
    refresh_token: str
    expires_in: int


class Sessions:
    """Sessions of users whose home is this region."""

    def __init__(
        self,
        *,
        region: str,
        directory: Directory,
        federation: Federation,
        journal: Journal,
        store: Pool,
        passwords: Passwords,
        registration: Registration,
        signer: Signs,
        verifier: Verifier,
        lifetimes: Lifetimes,
        clock: Callable[[], float],
    ) -> None:
        """Prepare; `clock` gives seconds since the epoch."""
        self._region = region
        self._directory = directory
        self._federation = federation
        self._journal = journal
        self._store = store
        self._passwords = passwords
        self._registration = registration
        self._signer = signer
        self._verifier = verifier
        self._lifetimes = lifetimes
        self._clock = clock

    @staticmethod
    def device_name(typed: str | None) -> str:
        """Return what a device will be called.

        Raises:
            InvalidFieldError: It is too long, or holds what nobody sees.
        """
        return clean_name(typed or "", field="device_name", otherwise="device")

    async def log_in(self, handle: str, password: str, device_name: str) -> Grant:
        """Verify the password and add a device.

        Raises:
            WrongCredentialsError: The handle or the password is wrong; it takes as long either way.
            SuspendedError: The account is suspended; only who knows the password is told.
            NotTheHolderError: The user lives elsewhere.
            UnavailableError: The handle is not known here and the directory cannot be reached, or the journal cannot.
            OutcomeUnknownError: The projector did not decide in time, or an interrupted registration could not be finished.
        """
        try:
            folded = read_handle(handle).folded
        except InvalidFieldError:
            folded = ""
        if len(password) > PASSWORD_LONGEST:
            password, folded = "", ""
        known = await self._candidates(folded) if folded else []
        # Whether the directory must be asked does not show in the time that it takes.
        user, _ = await asyncio.gather(self._matching(known, password), self._leave_if_elsewhere(folded, known))
        if user is None:
            raise WrongCredentialsError
        try:
            user = await self._registration.finish(user)
        except RegistrationLostError as error:
            raise WrongCredentialsError from error
        return await self.add_device(user, device_name)

    async def add_device(self, user: UserRow, name: str) -> Grant:
        """Add a device of somebody who has proved who they are.

        Raises:
            UnavailableError: The journal cannot be reached.
            OutcomeUnknownError: The projector did not decide in time.
        """
        device_id, family = f"v{secrets.token_hex(8)}", secrets.token_hex(8)

        async def settled() -> Outcome | None:
            return Outcome(id="") if await self._device(user.user_id, device_id) else None

        body = DeviceAdded(device_id=device_id, name=name, family=family, proof=proof_of(user.password_hash))
        outcome = await self._journal.decide(user.user_id, home_epoch=user.home_epoch, body=body, settled=settled)
        if outcome.code == SUSPENDED:
            async with self._store.connection() as connection:
                why = (await suspended(connection, [user.user_id])).get(user.user_id, "")
            raise SuspendedError(why=why)
        if outcome.code:
            raise WrongCredentialsError
        return self._grant(user, device_id, family, FIRST_GENERATION)

    async def refresh(self, token: str, *, admit: Callable[[str], Awaitable[None]] | None = None) -> Grant:
        """Exchange a refresh token for new tokens.

        Shown again within ten minutes, through whatever gateway, it gives the same generation again as long as that was
        not used: the answer may have been lost. Shown later, or half a minute late when its predecessor was as well, it counts as stolen:
        then the device is logged out, whoever shows it.

        Args:
            token: As it was given.
            admit: Told the device once the token's signature was found good; what it raises ends the matter.

        Raises:
            InvalidTokenError: It is not good, or was used before, or its device was logged out; it says which.
            NotTheHolderError: The user lives elsewhere.
            UnavailableError: The journal cannot be reached.
            OutcomeUnknownError: The projector did not decide in time; the same token again is safe at once.
        """
        claims = await self._verifier.refresh(token)
        if claims.home != self._region:
            raise self._federation.elsewhere(claims.home)
        if admit is not None:
            await admit(claims.device)
        user = await self._user(claims.sub)
        if user is None:
            raise refused("foreign", "its user does not live here")
        wanted = claims.generation + 1
        showing = await self._showing(user, claims)

        async def settled() -> Outcome | None:
            device = await self._device(claims.sub, claims.device)
            if device is None or device.revoked or device.generation > wanted:
                return Outcome(id="", code="invalid-token")
            done = device.repeated >= claims.generation if showing is Showing.REPEAT else device.generation == wanted
            return Outcome(id="") if done else None

        body = DeviceRefreshed(device_id=claims.device, family=claims.family, generation=claims.generation)
        outcome = await self._journal.decide(
            claims.sub, home_epoch=user.home_epoch, body=body, settled=settled, device=claims.device
        )
        # Others may have been decided first, or the device is logged out.
        if outcome.code and await self._showing(user, claims) not in {Showing.AT_ONCE, Showing.REPEAT}:
            raise refused("foreign", "its device was never given it")
        return self._grant(user, claims.device, claims.family, wanted)

    async def _showing(self, user: UserRow, claims: RefreshClaims) -> Showing:
        """Say whether it is the first showing of a token or a later one that may be.

        Raises:
            InvalidTokenError: It may not be: two have the token, so the device ended; or it is none of this device's.
        """
        device = await self._current(claims)
        showing = judge(
            claims.generation,
            generation=device.generation,
            refreshed_at=device.refreshed_at,
            repeated=device.repeated,
            now=int(self._clock() * 1e6),
        )
        if showing is Showing.FOREIGN:
            raise refused("foreign", "its device was never given it")
        if showing is Showing.STOLEN:
            await self._end(user, claims.device, REUSED)
            raise ended(REUSED)
        return showing

    async def _end(self, user: UserRow, device_id: str, why: str) -> None:
        async def settled() -> Outcome | None:
            device = await self._device(user.user_id, device_id)
            return Outcome(id="") if device is None or device.revoked else None

        await self._journal.decide(
            user.user_id, home_epoch=user.home_epoch, body=DeviceRevoked(device_id, why), settled=settled
        )

    async def _current(self, claims: RefreshClaims) -> DeviceRow:
        """Return the device that the token belongs to.

        Raises:
            InvalidTokenError: It is logged out; or the token is of no device here.
        """
        device = await self._device(claims.sub, claims.device)
        if device is None or device.family != claims.family:
            raise refused("foreign", "its user or device is not known at home")
        if device.revoked:
            raise ended(device.revoked_why)
        return device

    async def devices(self, user_id: str) -> list[DeviceRow]:
        """Return the user's devices that are logged in."""
        async with self._store.connection() as connection:
            return await repository.devices(connection, user_id)

    async def revoke(self, caller: AccessClaims, device_id: str) -> None:
        """Log a device of the caller out; nothing happens if it is already.

        Raises:
            NotFoundError: The caller has no such device.
            UnavailableError: The journal cannot be reached.
            OutcomeUnknownError: The projector did not decide in time.
        """
        known = await self._device(caller.sub, device_id) if _DEVICE.fullmatch(device_id) else None
        if known is None:
            raise NotFoundError(what="device")
        if known.revoked:
            return

        async def settled() -> Outcome | None:
            device = await self._device(caller.sub, device_id)
            return Outcome(id="") if device is None or device.revoked else None

        outcome = await self._journal.decide(
            caller.sub, home_epoch=caller.epoch, body=DeviceRevoked(device_id), settled=settled, device=caller.device
        )
        if outcome.code:
            raise NotFoundError(what="device")

    async def _leave_if_elsewhere(self, folded: str, known: list[UserRow]) -> None:
        """Raise if the directory knows that handle as of somebody who lives elsewhere."""
        if not folded or any(user.confirmed for user in known):
            return
        try:
            found = await self._directory.find_handle(folded)
        except UnavailableError:
            if known:
                return  # an interrupted registration of our own: finishing it will say what is wrong
            raise
        if found is not None and found.home != self._region:
            raise self._federation.elsewhere(found.home)

    async def _matching(self, known: list[UserRow], password: str) -> UserRow | None:
        """Return whose password it is; verifies one hash at least, so that an unknown handle takes as long."""
        if not known:
            await self._passwords.verify(password, None)
        for user in known:
            if await self._passwords.verify(password, user.password_hash):
                return user
        return None

    async def _candidates(self, folded: str) -> list[UserRow]:
        async with self._store.connection() as connection:
            found = await repository.users_by_handle(connection, folded)
        return found[:1] if found and found[0].confirmed else found

    async def _user(self, user_id: str) -> UserRow | None:
        async with self._store.connection() as connection:
            return await repository.user_by_id(connection, user_id)

    async def _device(self, user_id: str, device_id: str) -> DeviceRow | None:
        async with self._store.connection() as connection:
            return await repository.device(connection, user_id, device_id)

    def _grant(self, user: UserRow, device_id: str, family: str, generation: int) -> Grant:
        now = int(self._clock())
        access = AccessClaims(
            sub=user.user_id,
            home=self._region,
            epoch=user.home_epoch,
            device=device_id,
            iss=self._region,
            iat=now,
            exp=now + self._lifetimes.access,
        )
        refresh = RefreshClaims(
            sub=user.user_id,
            home=self._region,
            device=device_id,
            family=family,
            generation=generation,
            iss=self._region,
            iat=now,
            exp=now + self._lifetimes.refresh,
        )
        return Grant(
            user, device_id, self._signer.access(access), self._signer.refresh(refresh), self._lifetimes.access
        )
