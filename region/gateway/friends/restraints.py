"""Blocking others, and saying who may begin to write: what a user who lives here decides alone, and nobody else is told."""

from collections.abc import Awaitable, Callable
from typing import Final

from infra.errors import InvalidFieldError, NotFoundError
from infra.postgres import Connection, Pool
from region.accounts.ports import Journal
from region.accounts.tokens import AccessClaims
from region.gateway.friends.schemas import BlocksView, BlockView, WritersView
from region.gateway.recipients import Recipients
from region.gateway.views import rfc3339
from region.store.repository.restraints import blocked_by, count_blocks, is_blocked, writers_of
from replication.accounts import UserBlocked, UserUnblocked, WritersChosen
from replication.records import Outcome

EVERYONE: Final = "everyone"
CHOICES: Final = (EVERYONE, "friends")
MOST_BLOCKS: Final = 10_000

Holds = Callable[[Connection], Awaitable[bool]]


class Keeper:
    """Does what users want about whom they keep away. Each of what changes something raises as `Appearance.change` does."""

    def __init__(self, *, store: Pool, journal: Journal, recipients: Recipients) -> None:
        """Say where it is read, and where changes are appended."""
        self._store = store
        self._journal = journal
        self._recipients = recipients

    async def block(self, caller: AccessClaims, user_id: str) -> None:
        """Stop what somebody sends from now on; nothing happens if it is stopped already.

        Raises:
            RecipientUnknownError: There is no such user.
            InvalidFieldError: It is the caller, or so many are blocked that nobody more can be.
        """
        _, other = await self._recipients.other(caller.sub, user_id)
        async with self._store.connection() as connection:
            if await count_blocks(connection, caller.sub) >= MOST_BLOCKS:
                raise InvalidFieldError(field="user_id", reason=f"{MOST_BLOCKS} are blocked, which is the most")

        async def holds(connection: Connection) -> bool:
            return await is_blocked(connection, caller.sub, other)

        await self._change(caller, UserBlocked(other), holds)

    async def unblock(self, caller: AccessClaims, user_id: str) -> None:
        """Let what somebody sends from now on be shown again; what was stopped stays so."""

        async def holds(connection: Connection) -> bool:
            return not await is_blocked(connection, caller.sub, user_id)

        await self._change(caller, UserUnblocked(user_id), holds)

    async def blocks(self, caller: AccessClaims) -> BlocksView:
        """Return whom the caller blocks."""
        async with self._store.connection() as connection:
            found = await blocked_by(connection, caller.sub)
        return BlocksView([BlockView(user_id=user, since=rfc3339(at)) for user, at in found.items()])

    async def writers(self, caller: AccessClaims) -> WritersView:
        """Return who may begin to write to the caller."""
        async with self._store.connection() as connection:
            return WritersView(await writers_of(connection, caller.sub) or EVERYONE)

    async def choose(self, caller: AccessClaims, who: str) -> WritersView:
        """Say who may begin to write to the caller.

        Raises:
            InvalidFieldError: It is none of the choices.
        """
        if who not in CHOICES:
            raise InvalidFieldError(field="who", reason=f"use one of {', '.join(CHOICES)}")

        async def holds(connection: Connection) -> bool:
            return (await writers_of(connection, caller.sub) or EVERYONE) == who

        await self._change(caller, WritersChosen(who), holds)
        return WritersView(who)

    async def _change(
        self, caller: AccessClaims, body: UserBlocked | UserUnblocked | WritersChosen, holds: Holds
    ) -> None:
        async def settled() -> Outcome | None:
            async with self._store.connection() as connection:
                return Outcome(id="") if await holds(connection) else None

        if await settled() is not None:
            return
        outcome = await self._journal.decide(
            caller.sub, home_epoch=caller.epoch, body=body, settled=settled, device=caller.device
        )
        if outcome.code:
            raise NotFoundError(what="user")
