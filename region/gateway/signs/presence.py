"""Whether somebody is there: online, offline, or unknown when nothing can be told. Pure."""

from collections.abc import Collection, Iterable
from typing import Final, Literal

import msgspec

State = Literal["online", "offline", "unknown"]

MINUTE: Final = 60
"""Seconds: nobody needs to know more exactly when somebody was there last."""
LATEST: Final = 253_402_214_400
"""The last second that is believed: 9999-12-31."""


class Presence(msgspec.Struct, frozen=True, array_like=True):
    """How somebody is there.

    Attributes:
        state: Online, with a device connected; offline; or unknown.
        last_seen: Of who is offline: when a device was connected last, whole minutes in seconds since the epoch; 0 if nobody knows.
    """

    state: State
    last_seen: int = 0


UNKNOWN: Final = Presence("unknown")


def presence_of(gateways: Iterable[str], alive: Collection[str], seen: bytes | None) -> Presence:
    """Return somebody's presence.

    Args:
        gateways: Those that are said to have a device of the user.
        alive: Those that are alive.
        seen: What is kept of when the user was there last.
    """
    if any(gateway in alive for gateway in gateways):
        return Presence("online")
    return Presence("offline", 0 if seen is None or not seen.isdigit() else _minute(int(seen[:12])))


def believed(told: Presence) -> Presence:
    """Return what is believed of a presence that another region tells: of no moment that there is not, and none exact."""
    return Presence("offline", _minute(told.last_seen)) if told.state == "offline" else Presence(told.state)


def _minute(seconds: int) -> int:
    return seconds - seconds % MINUTE if 0 <= seconds <= LATEST else 0
