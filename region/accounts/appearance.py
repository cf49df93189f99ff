"""Changing what others see of a user: display name, status text, and whether searches find them."""

from dataclasses import dataclass

from infra.errors import NotFoundError
from infra.postgres import Pool
from region.accounts import repository
from region.accounts.ports import Journal
from region.accounts.repository import UserRow
from region.accounts.rules import clean_name, clean_status
from region.accounts.tokens import AccessClaims
from replication.accounts import ProfileChanged
from replication.pictures import Picture, encode_picture
from replication.records import Outcome


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall be different; None stays as it is.

    Attributes:
        display_name: As typed; empty for the handle.
        status_text: As typed; may be empty.
        findable: Whether searches find the user by more than the exact handle.
        picture: What stands for the user, `NO_PICTURE` for nothing.
    """

    display_name: str | None = None
    status_text: str | None = None
    findable: bool | None = None
    picture: Picture | None = None


class Appearance:
    """What others see of users whose home is this region."""

    def __init__(self, *, journal: Journal, store: Pool) -> None:
        """Say where changes are appended, and where users are read."""
        self._journal = journal
        self._store = store

    async def change(self, caller: AccessClaims, wish: Wish) -> UserRow:
        """Change what the caller names, and return the caller as changed; the same again changes nothing more.

        Raises:
            InvalidFieldError: A field is not acceptable; the error names it.
            UnavailableError: The journal cannot be reached; nothing was done.
            OutcomeUnknownError: The projector did not decide in time; the same again is safe.
        """
        user = await self.own(caller)
        body = ProfileChanged(
            display_name=None
            if wish.display_name is None
            else clean_name(wish.display_name, field="display_name", otherwise=user.handle),
            status_text=None if wish.status_text is None else clean_status(wish.status_text, field="status_text"),
            findable=wish.findable,
            picture=wish.picture,
        )

        async def settled() -> Outcome | None:
            return Outcome(id="") if _shows(await self.own(caller), body) else None

        if not _shows(user, body):
            outcome = await self._journal.decide(
                caller.sub, home_epoch=caller.epoch, body=body, settled=settled, device=caller.device
            )
            if outcome.code:
                raise NotFoundError(what="user")
        return await self.own(caller)

    async def own(self, caller: AccessClaims) -> UserRow:
        """Return the caller.

        Raises:
            NotFoundError: The caller is not known here, or no longer.
        """
        async with self._store.connection() as connection:
            user = await repository.user_by_id(connection, caller.sub)
        if user is None:
            raise NotFoundError(what="user")
        return user


def _shows(user: UserRow, body: ProfileChanged) -> bool:
    """Whether a change has had its effect; another one may have followed it, and then nobody can tell."""
    pairs = (
        (body.display_name, user.display_name),
        (body.status_text, user.status_text),
        (body.findable, user.findable),
        (None if body.picture is None else encode_picture(body.picture), user.picture),
    )
    return all(wanted is None or wanted == found for wanted, found in pairs)
