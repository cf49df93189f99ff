"""Logging in and out, refreshing, and the devices of a user who lives here."""

import asyncio
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from global_directory.rules import read_handle
from infra.errors import InvalidFieldError, NotFoundError, UnavailableError
from infra.postgres import Pool
from region.accounts import repository
from region.accounts.errors import RegistrationLostError, WrongCredentialsError
from region.accounts.federation import Federation
from region.accounts.passwords import Passwords
from region.accounts.ports import Directory, Journal
from region.accounts.registration import Registration
from region.accounts.repository import DeviceRow, UserRow
from region.accounts.rules import PASSWORD_LONGEST, clean_name
from region.accounts.tokens import AccessClaims, RefreshClaims, Signer, Verifier, refused
from replication.records import DeviceAdded, DeviceRefreshed, DeviceRevoked, Outcome

FIRST_GENERATION = 1
_DEVICE = re.compile(r"v[0-9a-f]{16}")
REPEAT_SECONDS = 30.0
MOST_SHOWN = 20_000
USED = "it was used before, or its device was logged out"


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
        signer: Signer,
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
        self._shown: OrderedDict[tuple[str, str, int], float] = OrderedDict()

    @staticmethod
    def device_name(typed: str | None) -> str:
        """Return what a device will be called.

        Raises:
            InvalidFieldError: It is too long, or holds control characters.
        """
        return clean_name(typed or "", field="device_name", otherwise="device")

    async def log_in(self, handle: str, password: str, device_name: str) -> Grant:
        """Verify the password and add a device.

        Raises:
            WrongCredentialsError: The handle or the password is wrong; it takes as long either way.
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

        body = DeviceAdded(device_id=device_id, name=name, family=family)
        outcome = await self._journal.decide(user.user_id, home_epoch=user.home_epoch, body=body, settled=settled)
        if outcome.code:
            raise WrongCredentialsError
        return self._grant(user, device_id, family, FIRST_GENERATION)

    async def refresh(self, token: str) -> Grant:
        """Exchange a refresh token for new tokens.

        Shown again within half a minute, here, it gives the same generation again as long as that was not used: the answer
        may have been lost. Later, or elsewhere, it counts as stolen.

        Raises:
            InvalidTokenError: It is not good, or was used before.
            NotTheHolderError: The user lives elsewhere.
            UnavailableError: The journal cannot be reached.
            OutcomeUnknownError: The projector did not decide in time; the same token again is safe at once.
        """
        claims = await self._verifier.refresh(token)
        if claims.home != self._region:
            raise self._federation.elsewhere(claims.home)
        user = await self._user(claims.sub)
        if user is None:
            raise refused("foreign", "its user does not live here")
        wanted = claims.generation + 1
        lately = self._was_shown(claims)
        device = await self._current(claims)
        if device is None or (device.generation != claims.generation and not (lately and device.generation == wanted)):
            raise refused("revoked", USED)
        if device.generation == wanted:
            return self._grant(user, claims.device, claims.family, wanted)
        self._note_shown(claims)

        async def settled() -> Outcome | None:
            device = await self._current(claims)
            if device is None or device.generation > wanted:
                return Outcome(id="", code="invalid-token")
            return Outcome(id="") if device.generation == wanted else None

        body = DeviceRefreshed(device_id=claims.device, family=claims.family, generation=claims.generation)
        outcome = await self._journal.decide(
            claims.sub, home_epoch=user.home_epoch, body=body, settled=settled, device=claims.device
        )
        if outcome.code:
            device = await self._current(claims) if lately else None
            if device is None or device.generation != wanted:  # else it was an earlier showing that was decided first
                raise refused("revoked", USED)
        return self._grant(user, claims.device, claims.family, wanted)

    def _was_shown(self, claims: RefreshClaims) -> bool:
        """Whether that token was shown here moments ago, while it was good."""
        seen = self._shown.get((claims.device, claims.family, claims.generation), float("-inf"))
        return self._clock() - seen <= REPEAT_SECONDS

    def _note_shown(self, claims: RefreshClaims) -> None:
        key = claims.device, claims.family, claims.generation
        self._shown[key] = self._clock()
        self._shown.move_to_end(key)
        if len(self._shown) > MOST_SHOWN:
            self._shown.popitem(last=False)

    async def _current(self, claims: RefreshClaims) -> DeviceRow | None:
        """Return the device that the token belongs to; None if it is logged out or has logged in anew."""
        device = await self._device(claims.sub, claims.device)
        return device if device is not None and not device.revoked and device.family == claims.family else None

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
