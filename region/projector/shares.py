"""Who projects which partitions of a journal, where several projectors do: each tends to its even share, and what a dead one had is free. Pure.

It makes nothing safe, since a commit is fenced by where its partition stands; it only sees that somebody is at each partition, and only one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Division:
    """What one projector is to do about partitions.

    Attributes:
        keep: Those that it has, and goes on with.
        give: Those that it has beyond its share, for others to take once it has left off.
        claim: Those that nobody alive has, and that fit into its share.
    """

    keep: frozenset[int]
    give: frozenset[int]
    claim: frozenset[int]


def divide(me: str, *, alive: Collection[str], held: Mapping[int, str], partitions: Collection[int]) -> Division:
    """Return what a projector keeps, gives and claims: shares differ by one at most once all have done so.

    Args:
        me: Its name.
        alive: All projectors that were heard of lately.
        held: Partition to the projector that has it, dead or alive.
        partitions: All that there are.
    """
    names = sorted({me, *alive})
    each, more = divmod(len(partitions), len(names))
    share = each + (names.index(me) < more)
    own = sorted(partition for partition in partitions if held.get(partition) == me)
    free = sorted(partition for partition in partitions if held.get(partition) not in names)
    return Division(
        keep=frozenset(own[:share]), give=frozenset(own[share:]), claim=frozenset(free[: max(0, share - len(own))])
    )
