"""How often somebody may do something, by the generic cell rate algorithm: one number for each subject, and the exact time to wait.

Pure: the caller brings the time. One number is why it was chosen: it fits into one command of Redis, many of which travel in one
round trip, and the same rule serves in memory while Redis is away; the library `limits` makes a round trip for each question.
The algorithm: ITU-T I.371, as virtual scheduling; `tat` is its theoretical arrival time.
"""

import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

_TEXT = re.compile(r"(\d{1,9})/(\d{1,6})")

LUA: Final = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local interval, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + cost * interval
local wait = tat - burst * interval - now
if wait > 0 then return tostring(wait) end
redis.call('SET', KEYS[1], string.format('%.6f', tat), 'PX', math.ceil((tat - now) * 1000) + 1)
return '0'
"""
"""The same as `taken`, in Redis and by its clock: returns the seconds to wait; a key goes when it says nothing any more."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so many seconds, and so many at once.

    Attributes:
        count: How many.
        seconds: In what time they come back.
    """

    count: int
    seconds: int

    @property
    def interval(self) -> float:
        """Seconds after which one more is allowed."""
        return self.seconds / self.count

    @classmethod
    def read(cls, text: str) -> "Rate":
        """Read a rate such as `10/300`: ten in 300 seconds.

        Raises:
            ValueError: It is none.
        """
        found = _TEXT.fullmatch(text)
        if found is None or not int(found[1]) or not int(found[2]):
            message = f"write a count and seconds, such as 10/300; {text[:40]!r} is none"
            raise ValueError(message)
        return cls(int(found[1]), int(found[2]))


def taken(tat: float, rate: Rate, now: float, cost: int = 1) -> tuple[float, float]:
    """Take from an allowance; return what to remember, and the seconds to wait, 0 if it was granted.

    Args:
        tat: What was remembered; 0 for nothing.
        rate: The rate.
        now: Seconds, of any clock that only rises.
        cost: How many are taken at once.
    """
    later = max(tat, now) + cost * rate.interval
    wait = later - rate.count * rate.interval - now
    return (tat, wait) if wait > 0 else (later, 0.0)


class Book:
    """Allowances of many subjects in memory; those that were not asked for longest are forgotten, and so are whole again."""

    def __init__(self, most: int = 100_000) -> None:
        """Remember that many at most."""
        self._most = most
        self._tats: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tats)

    def take(self, subject: str, rate: Rate, now: float, cost: int = 1) -> float:
        """Take from a subject's allowance; return the seconds to wait, 0 if it was granted."""
        tat, wait = taken(self._tats.get(subject, 0.0), rate, now, cost)
        self._tats[subject] = tat
        self._tats.move_to_end(subject)
        if len(self._tats) > self._most:
            self._tats.popitem(last=False)
        return wait
