"""Who is told that somebody types, and where, or that a profile has changed: the shapes that travel, and the decision. Pure.

The author's home tells its own users, and each other region of a member once; that one tells its users, by its own copy of the
conversation. Nobody else passes anything on, so nothing circles. A region of which the author blocks a member is told nothing: whom
somebody blocks is known at home alone, so nobody there could be left out.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from replication.ids import is_channel_id, is_conversation_id, is_user_id, region_of

SHOWN_SECONDS: Final = 6
"""How long somebody is shown to type after a device said so; it says so again before that is over."""
LATE_SECONDS: Final = 3.0
"""After which a sign that still waits is not worth telling any more."""
MOST_TOLD: Final = 2_000
"""Users who are told by one batch; whatever would go beyond is shed."""

Id = Annotated[str, Meta(max_length=64)]


class Told(msgspec.Struct, frozen=True, array_like=True):
    """What a gateway is to tell the devices of these users; without a conversation, that the user's profile has changed."""

    conversation_id: str
    user_id: str
    users: tuple[str, ...]


class Carried(msgspec.Struct, frozen=True, array_like=True):
    """What a region tells another: one of its users types, or has changed their profile.

    Attributes:
        conversation_id: Where; empty for a profile, of which all are told with whom the user shares a conversation. An older
            region passes that over.
        user_id: Who.
    """

    conversation_id: Id
    user_id: Id

    def is_from(self, region: str) -> bool:
        """Whether that region may say so, as far as can be told by the ids."""
        named = is_conversation_id(self.conversation_id) and not is_channel_id(self.conversation_id)
        return (named or not self.conversation_id) and is_user_id(self.user_id) and region_of(self.user_id) == region

    @property
    def among(self) -> str:
        """By what it is known who is told: the conversation, or the user whose profile it is."""
        return self.conversation_id or self.user_id


@dataclass(frozen=True, slots=True)
class Sign:
    """Somebody types, or has changed their profile, and it is to be told.

    Attributes:
        what: Who and where.
        origin: The region that says so.
        at: When it came; seconds, monotonic.
    """

    what: Carried
    origin: str
    at: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of some signs.

    Attributes:
        here: For users who live here.
        elsewhere: Region to what it is told.
        shed: How many are given up, since too many would have to be told.
    """

    here: list[Told]
    elsewhere: dict[str, list[Carried]]
    shed: int = 0


Homes = Mapping[str, str]
"""User to home, of the members of a conversation, or of all with whom somebody shares one, and that one."""


def pairs_of(signs: Iterable[Sign], members: Mapping[str, Homes], *, region: str) -> set[tuple[str, str]]:
    """Return who may block whom, as far as this region knows and it matters for these signs."""
    found: set[tuple[str, str]] = set()
    for sign in signs:
        author = sign.what.user_id
        for user, home in members.get(sign.what.among, {}).items():
            if home == region:
                found.add((user, author))
            if sign.origin == region:
                found.add((author, user))
    return found


def plan(
    signs: Iterable[Sign], members: Mapping[str, Homes], blocked: Collection[tuple[str, str]], *, region: str
) -> Plan:
    """Say who is told what.

    Args:
        signs: In order.
        members: Conversation, or user whose profile it is, to who is told.
        blocked: (who, whom), of `pairs_of`.
        region: This region.
    """
    here: list[Told] = []
    elsewhere: dict[str, list[Carried]] = {}
    count = shed = 0
    for sign in signs:
        conversation, author = sign.what.conversation_id, sign.what.user_id
        homes = members.get(sign.what.among, {})
        if homes.get(author) != sign.origin:
            continue  # no member, or none of that region: whoever says so is told nothing
        others = [user for user in homes if user != author and (author, user) not in blocked]
        users = tuple(user for user in others if homes[user] == region and (user, author) not in blocked)
        if count + len(users) > MOST_TOLD:
            shed += 1
            continue
        count += len(users)
        if users:
            here.append(Told(conversation, author, users))
        if sign.origin == region:
            quiet = {lives for user, lives in homes.items() if (author, user) in blocked}
            for home in sorted({homes[user] for user in others} - {region} - quiet):
                elsewhere.setdefault(home, []).append(Carried(conversation, author))
    return Plan(here, elsewhere, shed)
