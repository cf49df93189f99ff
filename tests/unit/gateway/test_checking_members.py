"""Those who are to belong to a group are looked up side by side, a few at a time."""

import asyncio

import pytest

from infra.errors import NotFoundError
from region.gateway.recipients import AT_ONCE, Recipients


class Looked(Recipients):
    """Looks up nothing, and notes how many are being looked up."""

    def __init__(self, *, missing: frozenset[str] = frozenset()) -> None:
        self.looked_up: list[str] = []
        self.at_once = self.most_at_once = 0
        self._missing = missing

    async def check_exists(self, user_id: str) -> None:
        """Take a moment."""
        self.looked_up.append(user_id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if user_id in self._missing:
            raise NotFoundError(what=user_id)


async def test_all_are_looked_up_and_never_more_than_a_few_at_once() -> None:
    """Each once: connections to the store and questions to the directory are bounded."""
    users = [f"user {number}" for number in range(99)]
    recipients = Looked()

    await recipients.check_all_exist(users)

    assert sorted(recipients.looked_up) == sorted(users)
    assert recipients.most_at_once == AT_ONCE


async def test_the_first_who_is_missing_is_named() -> None:
    """Whoever is named first, however fast the others were; further ones are not looked up."""
    users = [f"user {number}" for number in range(99)]
    recipients = Looked(missing=frozenset({"user 3", "user 5", "user 90"}))

    with pytest.raises(NotFoundError, match="user 3"):
        await recipients.check_all_exist(users)

    assert len(recipients.looked_up) == AT_ONCE
    assert recipients.at_once == 0
