"""A bounded cache whose entries age: fresh ones are served, older ones only while nothing better is to be had.

Pure: the caller brings the time. Correctness never depends on it, here or with the caller.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Found(Generic[V]):
    """What the cache knows of a key.

    Attributes:
        value: The value.
        fresh: Whether it may be used without asking anew.
    """

    value: V
    fresh: bool


class Cache(Generic[K, V]):
    """Values by key, the least recently used thrown out first."""

    def __init__(self, size: int) -> None:
        """Hold that many entries at most."""
        self._size = size
        self._entries: OrderedDict[K, tuple[V, float]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many entries there are, fresh or not."""
        return len(self._entries)

    def get(self, key: K, now: float) -> Found[V] | None:
        """Return what is known of a key; None if nothing is.

        Args:
            key: The key.
            now: Seconds, of the clock that `put` was given.
        """
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        value, until = entry
        return Found(value, fresh=now < until)

    def put(self, key: K, value: V, until: float) -> None:
        """Keep a value, fresh until that second."""
        self._entries[key] = (value, until)
        self._entries.move_to_end(key)
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)

    def forget(self, key: K) -> None:
        """Drop what is known of a key."""
        self._entries.pop(key, None)
