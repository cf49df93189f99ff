"""Sets of numbers that are mostly dense and mostly rise: a few ranges instead of a million numbers."""

from bisect import bisect_right
from collections.abc import Iterator


class Ranges:
    """Numbers, kept as inclusive ranges that neither touch nor overlap."""

    __slots__ = ("_firsts", "_lasts")

    def __init__(self) -> None:
        """Begin with none."""
        self._firsts: list[int] = []
        self._lasts: list[int] = []

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Return (first, last) of each range, rising."""
        return zip(self._firsts, self._lasts, strict=True)

    def __bool__(self) -> bool:
        """Whether there is any number."""
        return bool(self._firsts)

    def __contains__(self, number: int) -> bool:
        """Whether the number is there."""
        place = bisect_right(self._firsts, number) - 1
        return place >= 0 and number <= self._lasts[place]

    @property
    def last(self) -> int:
        """The highest number; 0 of none."""
        return self._lasts[-1] if self._lasts else 0

    def add(self, number: int) -> None:
        """Take a number in."""
        firsts, lasts = self._firsts, self._lasts
        if not lasts or number > lasts[-1] + 1:
            firsts.append(number)
            lasts.append(number)
            return
        if number == lasts[-1] + 1:
            lasts[-1] = number
            return
        place = bisect_right(firsts, number) - 1
        if place >= 0 and number <= lasts[place]:
            return
        joins_left = place >= 0 and number == lasts[place] + 1
        joins_right = place + 1 < len(firsts) and number == firsts[place + 1] - 1
        if joins_left and joins_right:
            lasts[place] = lasts.pop(place + 1)
            del firsts[place + 1]
        elif joins_left:
            lasts[place] = number
        elif joins_right:
            firsts[place + 1] = number
        else:
            firsts.insert(place + 1, number)
            lasts.insert(place + 1, number)

    def cut(self, last: int) -> None:
        """Forget all numbers above that one."""
        keep = bisect_right(self._firsts, last)
        del self._firsts[keep:], self._lasts[keep:]
        if self._lasts:
            self._lasts[-1] = min(self._lasts[-1], last)

    def missing(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Return the ranges between two numbers (inclusive) of which nothing is there."""
        place = max(0, bisect_right(self._firsts, first) - 1)
        for begin, end in zip(self._firsts[place:], self._lasts[place:], strict=True):
            if begin > last:
                break
            if begin > first:
                yield first, begin - 1
            first = max(first, end + 1)
        if first <= last:
            yield first, last
