"""What fan-out and gateways agree on: names of keys and channels in Redis, and the publication that one sends the other.

All of it can be lost. Each publication names the ranges of output positions that it covers for its gateway; a gateway that is
shown a range above the last one has missed something, and makes its devices resynchronise.
"""

from typing import Final

import msgspec

from replication.outputs import NUDGES, Nudge, Output

__all__ = [
    "ALIVE_SECONDS",
    "GATEWAYS",
    "NUDGES",
    "Nudge",
    "Placed",
    "Publication",
    "Range",
    "gateway_channel",
    "interest_key",
    "registering_key",
    "seen_key",
    "signs_channel",
]

GATEWAYS: Final = "gateways"
"""Sorted set: gateway instance, scored by when it last said that it is alive: seconds since the epoch by Redis' own clock, so
that no two hosts need to agree about the time."""
ALIVE_SECONDS: Final = 5.0
"""A gateway that has not said for so long that it is alive is told nothing; when it returns it sees the break."""


def interest_key(user_id: str) -> str:
    """Return the key of the set of gateway instances to which devices of that user are connected."""
    return f"interest:{user_id}"


def seen_key(user_id: str) -> str:
    """Return the key of when a device of that user was connected last: seconds since the epoch, by the gateway that had it."""
    return f"seen:{user_id}"


def gateway_channel(instance: str) -> str:
    """Return the channel on which a gateway listens."""
    return f"gateway:{instance}"


def signs_channel(instance: str) -> str:
    """Return the channel on which a gateway listens for what passes: who types."""
    return f"signs:{instance}"


def registering_key(instance: str) -> str:
    """Return the key that lives while a gateway registers its users: gone meanwhile, Redis was emptied."""
    return f"registering:{instance}"


class Range(msgspec.Struct, frozen=True, array_like=True):
    """Output positions of a partition that a publication covers, both ends included; `last` = `first` - 1 for none.

    Attributes:
        partition: The journal partition.
        first: The first position covered.
        last: The last position covered.
    """

    partition: int
    first: int
    last: int


class Placed(msgspec.Struct, frozen=True, array_like=True):
    """An output and the partition that it comes from."""

    partition: int
    output: Output


class Publication(msgspec.Struct, frozen=True, array_like=True):
    """What fan-out sends to one gateway; without outputs it is a heartbeat.

    Attributes:
        ranges: The positions covered, one range a partition.
        outputs: The outputs in those ranges that concern devices (or waiting requests) of that gateway, in order of position.
        sent_at: Microseconds since the epoch.
    """

    ranges: tuple[Range, ...]
    outputs: tuple[Placed, ...] = ()
    sent_at: int = 0
