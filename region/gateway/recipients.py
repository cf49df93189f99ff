"""Where a message goes, and whether there is anybody: of 1:1 conversations looked up once, then remembered.

What cannot be found out now is accepted: the conversation's owner decides, and a refusal reaches the sender.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import psycopg

from infra.errors import InvalidFieldError, NotFoundError, UnavailableError
from infra.postgres import STORE_FAILURES, Pool
from region.accounts.ports import Directory
from region.accounts.repository import user_by_id
from region.gateway import repository
from region.gateway.errors import OwnRecipientError, RecipientUnknownError
from region.gateway.groups.coming import Coming
from replication.ids import (
    direct_conversation_id,
    is_channel_id,
    is_conversation_id,
    is_group_id,
    is_user_id,
    region_of,
)

MOST_REMEMBERED = 200_000
AT_ONCE: Final = 8
"""Users that one request looks up side by side: as many connections to the store, or questions to the directory."""


class Recipients:
    """Finds (conversation, recipient) for what a sender names; a group has no recipient."""

    def __init__(self, *, region: str, regions: frozenset[str], store: Pool, directory: Directory) -> None:
        """Prepare.

        Args:
            region: This region.
            regions: All regions of the federation.
            store: Knows who lives here, and conversations.
            directory: Knows who lives elsewhere.
        """
        self._region = region
        self.regions = regions
        """All regions."""
        self._store = store
        self._directory = directory
        self.coming = Coming(region=region, store=store)
        """Tells whether somebody sees a group or a channel."""
        self._known: OrderedDict[tuple[str, str], tuple[str, str]] = OrderedDict()

    def known(self, author: str, named: str) -> tuple[str, str] | None:
        """Return (conversation, recipient) if they are remembered.

        Args:
            author: Who sends.
            named: A user id or a conversation id.
        """
        return self._known.get((author, named))

    async def find(
        self, author: str, *, recipient_id: str | None, conversation_id: str | None, patiently: bool = False
    ) -> tuple[str, str]:
        """Return (conversation, recipient).

        Args:
            author: Who sends.
            recipient_id: To whom; or None.
            conversation_id: Into which conversation; or None, but not both.
            patiently: Whether to wait for a group or a channel that may be on its way here.

        Raises:
            OwnRecipientError: The recipient is the author.
            RecipientUnknownError: There is no such user.
            NotFoundError: There is no such conversation, or the author is no member.
            UnavailableError: The store is away, and it alone knows that conversation.
        """
        named = recipient_id or conversation_id or ""
        if (known := self._known.get((author, named))) is not None:
            return known
        if recipient_id is not None:
            return await self._user(author, recipient_id)
        return await self._conversation(author, named, patiently=patiently)

    async def peer(self, reader: str, *, peer_id: str | None, conversation_id: str | None) -> tuple[str, str]:
        """Return (conversation, peer) for somebody who reads; the conversation may not have begun.

        Raises:
            InvalidFieldError: Both or neither is given, or the peer is the reader.
            NotFoundError: There is no such conversation, or the reader is no member.
            UnavailableError: The store is away.
        """
        if (peer_id is None) == (conversation_id is None):
            raise InvalidFieldError(field="peer_id", reason="give either peer_id or conversation_id")
        if peer_id is None:
            return await self.find(reader, recipient_id=None, conversation_id=conversation_id, patiently=True)
        if peer_id == reader:
            raise OwnRecipientError(field="peer_id", reason="that is yourself")
        return await self.find(reader, recipient_id=peer_id, conversation_id=None)

    async def other(self, user: str, user_id: str) -> tuple[str, str]:
        """Return (conversation, other user) for somebody who names another as `user_id`; the conversation may not have begun.

        Raises:
            OwnRecipientError: That is who asks.
            RecipientUnknownError: There is no such user.
        """
        if user_id == user:
            raise OwnRecipientError(field="user_id", reason="that is yourself")
        return await self.find(user, recipient_id=user_id, conversation_id=None)

    async def _user(self, author: str, recipient_id: str) -> tuple[str, str]:
        if recipient_id == author:
            raise OwnRecipientError(field="recipient_id", reason="that is yourself")
        if not is_user_id(recipient_id) or region_of(recipient_id) not in self.regions:
            raise RecipientUnknownError(recipient_id=_typed(recipient_id))
        found = direct_conversation_id(author, recipient_id), recipient_id
        try:
            exists = await self._exists(found[0], recipient_id)
        except (UnavailableError, *STORE_FAILURES, psycopg.Error):
            return found
        if not exists:
            raise RecipientUnknownError(recipient_id=recipient_id)
        self._remember(author, recipient_id, found)
        self._remember(author, found[0], found)
        return found

    async def _exists(self, conversation_id: str, recipient_id: str) -> bool:
        async with self._store.connection() as connection:
            head = await repository.head(connection, conversation_id)
            if head.seq > 0:
                return True
            user = await user_by_id(connection, recipient_id)
        if user is not None and user.confirmed:
            return True
        return await self._directory.find_user(recipient_id) is not None

    async def _conversation(self, author: str, conversation_id: str, *, patiently: bool) -> tuple[str, str]:
        if not is_conversation_id(conversation_id):
            raise NotFoundError(what="conversation")
        if is_group_id(conversation_id) or is_channel_id(conversation_id):
            return await self._group(author, conversation_id, patiently=patiently)
        try:
            async with self._store.connection() as connection:
                members = await repository.members(connection, conversation_id)
        except (*STORE_FAILURES, psycopg.Error) as error:
            raise UnavailableError(what="The store") from error
        others = [user for user in members if user != author]
        if author not in members or not others:
            raise NotFoundError(what="conversation")
        found = conversation_id, others[0]
        self._remember(author, conversation_id, found)
        return found

    async def _group(self, author: str, group_id: str, *, patiently: bool) -> tuple[str, str]:
        """Return the group if this region does not know better than that the author is a member; its owner decides."""
        try:
            seen = await self.coming.sees(author, group_id, patiently=patiently)
        except (*STORE_FAILURES, psycopg.Error) as error:
            raise UnavailableError(what="The store") from error
        if not seen:
            raise NotFoundError(what="conversation")
        return group_id, ""

    async def check_exists(self, user_id: str) -> None:
        """Check that there is such a user, who is to be made a member.

        Raises:
            RecipientUnknownError: There is none.
            UnavailableError: That cannot be told now.
        """
        if not is_user_id(user_id) or region_of(user_id) not in self.regions:
            raise RecipientUnknownError(recipient_id=_typed(user_id))
        try:
            async with self._store.connection() as connection:
                user = await user_by_id(connection, user_id)
        except (*STORE_FAILURES, psycopg.Error) as error:
            raise UnavailableError(what="The store") from error
        if user is not None and user.confirmed:
            return
        if await self._directory.find_user(user_id) is None:
            raise RecipientUnknownError(recipient_id=user_id)

    async def check_all_exist(self, users: Sequence[str]) -> None:
        """Check that there are these users, a few at a time side by side; raises as `check_exists` does, for the first who fails."""
        for start in range(0, len(users), AT_ONCE):
            asked = (self.check_exists(user_id) for user_id in users[start : start + AT_ONCE])
            for failure in await asyncio.gather(*asked, return_exceptions=True):
                if failure is not None:
                    raise failure

    def _remember(self, author: str, named: str, found: tuple[str, str]) -> None:
        self._known[author, named] = found
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)


def _typed(text: str) -> str:
    """Return what was typed in place of a user id, as it may stand in a sentence: the beginning of it, in ASCII."""
    return ascii(text[:64])[1:-1]
