"""Finds users in all regions at once; those that did not answer are named, and the others' users are shown."""

import asyncio
from typing import Final

import msgspec

from infra.errors import BusyError, InvalidFieldError, UnavailableError
from region.gateway.people.here import MOST, Here
from region.gateway.people.others import Others
from region.gateway.people.ranking import Found, Hit, Place, Query, merge, read_cursor, read_query, write_cursor
from region.gateway.pictures import shown
from region.gateway.profiles import Profile
from region.gateway.views import rfc3339
from replication.ids import region_of

MOST_UNDER_WAY: Final = 64
"""Searches at the same time; each may wait for the slowest region."""


class People(msgspec.Struct, frozen=True, kw_only=True):
    """Users who were found, the best first.

    Attributes:
        users: The users; there may be fewer than `limit` though there are more to come.
        next: What to pass as `cursor` for more; null if there are none.
        incomplete: Regions that did not answer: users who live there are missing. Search again in a moment.
    """

    users: list[Profile]
    next: str | None
    incomplete: list[str]


class Search:
    """Searches here and in the other regions."""

    def __init__(self, *, region: str, here: Here, others: Others) -> None:
        """Say who looks where."""
        self._region = region
        self.here = here
        self.others = others
        self._under_way = 0

    async def find(self, typed: str, *, limit: int, cursor: str | None) -> People:
        """Return a page of those who are found.

        Args:
            typed: What somebody typed.
            limit: How many users at most.
            cursor: `next` of the page before; None for the first.

        Raises:
            InvalidFieldError: Nothing can be found by that, or the limit is out of its range.
            BrokenCursorError: The cursor is none of ours.
            BusyError: Too many search at the moment.
        """
        if not 1 <= limit <= MOST:
            raise InvalidFieldError(field="limit", reason=f"use 1 to {MOST}")
        query, after = read_query(typed), read_cursor(cursor) if cursor else None
        if self._under_way >= MOST_UNDER_WAY:
            raise BusyError(what="Finding users")
        self._under_way += 1
        try:
            asked = (self.others.find(name, query, typed, after=after, most=limit) for name in self.others.names)
            answers = await asyncio.gather(self._find_here(query, after, limit), *asked)
        finally:
            self._under_way -= 1
        names = (self._region, *self.others.names)
        missing = sorted(name for name, found in zip(names, answers, strict=True) if found is None)
        hits, further = merge([found for found in answers if found is not None], limit)
        return People(
            users=[_profile(hit) for hit in hits], next=write_cursor(further) if further else None, incomplete=missing
        )

    async def _find_here(self, query: Query, after: Place | None, limit: int) -> Found | None:
        try:
            return await self.here.find(query, after=after, most=limit)
        except UnavailableError:
            return None


def _profile(hit: Hit) -> Profile:
    return Profile(
        user_id=hit.user_id,
        handle=hit.handle,
        display_name=hit.display_name,
        home_region=region_of(hit.user_id),
        created_at=rfc3339(hit.created_at),
        status_text=hit.status_text,
        picture=shown(hit.picture),
    )
