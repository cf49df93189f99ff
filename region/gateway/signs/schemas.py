"""What answers about presence look like."""

from typing import Final

import msgspec

from region.gateway.signs.presence import Presence, State
from region.gateway.views import rfc3339


class PresenceView(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody is there.

    Attributes:
        user_id: The user.
        presence: `online`, `offline`, or `unknown`: the home cannot be asked, or tells one nothing of that user.
        last_seen: Of who is offline: when a device was connected last, to the minute, RFC 3339 in UTC; null if nobody knows.
    """

    user_id: str
    presence: State
    last_seen: str | None


class PresencesView(msgspec.Struct, frozen=True):
    """How those are there who were asked for, in that order."""

    presences: list[PresenceView]


def view(user_id: str, presence: Presence) -> PresenceView:
    """Return how somebody is there, as it is shown."""
    return PresenceView(user_id=user_id, presence=presence.state, last_seen=last_seen(presence))


def last_seen(presence: Presence) -> str | None:
    """Return when somebody was there last, as it is shown."""
    return rfc3339(presence.last_seen * 1_000_000) if presence.last_seen else None


SHOWN: Final = (PresencesView,)
