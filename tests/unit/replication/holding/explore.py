"""Go through every state of a small world, in breadth, until a bound."""

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

S = TypeVar("S", bound=Hashable)


def explore(start: Iterable[S], following: Callable[[S], Iterable[S]], wrong: Callable[[S], str], most: int) -> int:
    """Return how many states were seen; every one is checked.

    Raises:
        AssertionError: A state is wrong; the message says how.
    """
    seen = set(start)
    waiting = deque(seen)
    while waiting:
        state = waiting.popleft()
        complaint = wrong(state)
        assert not complaint, complaint
        for after in following(state):
            if after not in seen and len(seen) < most:
                seen.add(after)
                waiting.append(after)
    return len(seen)
