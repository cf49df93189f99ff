"""Changing a password: the old one is verified, and all other sessions end with the change, in one step of the projector."""

from infra.errors import InvalidFieldError
from infra.passwords import Passwords
from infra.postgres import Pool
from region.accounts import repository
from region.accounts.endings import PASSWORD_CHANGED
from region.accounts.errors import PasswordRaceError, WrongCredentialsError
from region.accounts.ports import Journal
from region.accounts.repository import UserRow
from region.accounts.rules import PASSWORD_LONGEST, check_password
from region.accounts.tokens import AccessClaims
from replication.accounts import PasswordChanged, proof_of
from replication.records import Outcome


class Credentials:
    """Passwords of users whose home is this region."""

    def __init__(self, *, journal: Journal, store: Pool, passwords: Passwords) -> None:
        """Prepare."""
        self._journal = journal
        self._store = store
        self._passwords = passwords

    async def change(self, caller: AccessClaims, *, old: str, new: str, keep_device: bool) -> None:
        """Give the caller another password; every device is logged out, but for the caller's if it is to be kept.

        The same again after an answer that was lost is the same change: who shows the new password as the present one need not
        know the old one.

        Raises:
            InvalidFieldError: The new password is not acceptable.
            WrongCredentialsError: The old password is wrong.
            PasswordRaceError: It was changed otherwise at the same moment.
            UnavailableError: The journal cannot be reached; nothing was done.
            OutcomeUnknownError: The projector did not decide in time; the same again is safe.
            BusyError: Too many passwords are being hashed.
        """
        check_password(new)
        if len(old) > PASSWORD_LONGEST:
            raise InvalidFieldError(field="old_password", reason=f"use at most {PASSWORD_LONGEST} characters")
        user = await self._user(caller.sub)
        if user is None or not (
            await self._passwords.verify(old, user.password_hash)
            or await self._passwords.verify(new, user.password_hash)
        ):
            raise WrongCredentialsError
        body = PasswordChanged(
            password_hash=await self._passwords.hash(new),
            replaces=proof_of(user.password_hash),
            keep_device=caller.device if keep_device else "",
        )

        async def settled() -> Outcome | None:
            now = await self._user(caller.sub)
            return Outcome(id="") if now is not None and now.password_hash == body.password_hash else None

        outcome = await self._journal.decide(
            caller.sub, home_epoch=caller.epoch, body=body, settled=settled, device=caller.device
        )
        if outcome.code == PASSWORD_CHANGED:
            raise PasswordRaceError
        if outcome.code:
            raise WrongCredentialsError

    async def _user(self, user_id: str) -> UserRow | None:
        async with self._store.connection() as connection:
            return await repository.user_by_id(connection, user_id)
