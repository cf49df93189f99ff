"""Devices that were logged out, for as long as an access token of theirs may be about; and how that list is told between regions.

Pure: `region.gateway.revocations` reads and follows.
"""

import re
from collections import OrderedDict
from typing import Annotated, Final

import msgspec

from region.accounts.tokens import LONGEST_ACCESS
from replication.ids import is_user_id, region_of

OVERLAP_SECONDS: Final = 60.0
"""How far back a follower asks again: a transaction may commit that much later than the moment it is stamped with."""
MOST_TOLD: Final = 5_000
"""How many devices one answer names; whoever gets that many asks again at once."""
MOST_KEPT: Final = 100_000
"""How many devices of one home are known; no home crowds out what another has told."""

_DEVICE: Final = re.compile(r"v[0-9a-f]{16}")
_Name = Annotated[str, msgspec.Meta(max_length=64)]
_Moment = Annotated[int, msgspec.Meta(ge=0, le=2**60)]


class Ended(msgspec.Struct, frozen=True, array_like=True):
    """One device that was logged out.

    Attributes:
        user_id: Whose.
        device_id: The device.
        at: When, microseconds since the epoch, by the home's clock.
        why: A code; empty if somebody logged it out.
    """

    user_id: _Name
    device_id: _Name
    at: _Moment
    why: _Name


class Told(msgspec.Struct, frozen=True):
    """What a home answers to whoever follows it.

    Attributes:
        now: When it was asked, microseconds since the epoch, by its clock.
        lifetime: How long its access tokens are good, seconds.
        devices: The devices, the earliest first.
    """

    now: _Moment
    lifetime: Annotated[float, msgspec.Meta(ge=0)]
    devices: list[Ended]

    @property
    def is_full(self) -> bool:
        """Whether there may be more."""
        return len(self.devices) >= MOST_TOLD


def those_of(home: str, devices: list[Ended]) -> list[Ended]:
    """Return the devices of users who live there: of nobody else a home has anything to tell. Until users can move, they live where they were born."""
    return [
        one
        for one in devices
        if is_user_id(one.user_id) and region_of(one.user_id) == home and _DEVICE.fullmatch(one.device_id)
    ]


class Revoked:
    """Which devices of one home were logged out, as far as it has told."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        """Know of none; hold that many at most, the earliest are forgotten first."""
        self._most = most
        self._why: OrderedDict[tuple[str, str], tuple[float, str]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._why)

    def why(self, user_id: str, device_id: str) -> str | None:
        """Return why a device was logged out; None if it was not, as far as is known."""
        found = self._why.get((user_id, device_id))
        return None if found is None else found[1]

    def take(self, told: Told, now: float) -> list[Ended]:
        """Take in what a home has told; return what is news.

        Args:
            told: Its answer.
            now: Seconds, monotonic.
        """
        news = [one for one in told.devices if (one.user_id, one.device_id) not in self._why]
        lifetime = min(told.lifetime, float(LONGEST_ACCESS))
        for one in news:
            age = max(0.0, (told.now - one.at) / 1e6)
            self._why[one.user_id, one.device_id] = now + max(0.0, lifetime - age) + OVERLAP_SECONDS, one.why
        self._forget(now)
        return news

    def _forget(self, now: float) -> None:
        while self._why:
            key, (until, _) = next(iter(self._why.items()))
            if until > now and len(self._why) <= self._most:
                return
            del self._why[key]


class RevokedElsewhere:
    """The same of all other homes, each for itself."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        """Know of none; hold that many of each home at most."""
        self._most = most
        self._homes: dict[str, Revoked] = {}

    def __len__(self) -> int:
        return sum(map(len, self._homes.values()))

    def why(self, home: str, user_id: str, device_id: str) -> str | None:
        """Return why a device of a user of that home was logged out; None if it was not, as far as is known."""
        known = self._homes.get(home)
        return None if known is None else known.why(user_id, device_id)

    def take(self, home: str, told: Told, now: float) -> int:
        """Take in what a home has told of its own users; return how many devices it had nothing to tell of.

        Args:
            home: Who was asked.
            told: Its answer.
            now: Seconds, monotonic.
        """
        known = self._homes.setdefault(home, Revoked(self._most))
        own = those_of(home, told.devices)
        known.take(msgspec.structs.replace(told, devices=own), now)
        return len(told.devices) - len(own)


def next_since(told: Told) -> int:
    """Return from which microsecond on to ask the next time."""
    if told.is_full:
        first, last = told.devices[0].at, told.devices[-1].at
        return (
            last if first < last else last + 1
        )  # so many at one moment: rather miss some than ask for the same for ever
    return told.now - int(OVERLAP_SECONDS * 1e6)
