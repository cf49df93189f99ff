"""What a new holder collects before its epoch begins, and with which log it begins.

A region that offers its copy has fenced the old epoch first. An offer goes by the path that it follows; the newest path is
the one that everything final lies on, and whatever of any copy lies on it counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from replication.holding.paths import Path, shared
from replication.runs import Runs, holds, within


@dataclass(frozen=True, slots=True)
class Offer:
    """A region's copy of a conversation, as it offers it to a new holder.

    Attributes:
        incarnation: Of its store.
        fence: The epoch that it is offered for: it takes nothing of older ones any more.
        path: What the copy follows.
        runs: The seqs that it has, held ones included.
    """

    incarnation: int
    fence: int
    path: Path
    runs: Runs


@dataclass(frozen=True, slots=True)
class Adoption:
    """With what an epoch begins.

    Attributes:
        path: Of the new epoch.
        sources: Who gives what, in order and without gaps: region, first and last seq.
    """

    path: Path
    sources: tuple[tuple[str, int, int], ...]


def suffices(keepers: frozenset[tuple[str, int]], offers: Mapping[str, Offer], epoch: int) -> bool:
    """Whether enough was collected: one at least of those who each have everything final, in the same life of its store."""
    return any((region, offer.incarnation) in keepers for region, offer in offers.items() if offer.fence == epoch)


def adopt(offers: Mapping[str, Offer], epoch: int) -> Adoption:
    """Return with what an epoch begins, of everything that was offered for it.

    The rest is taken out by each region that has it, when it hears how the epoch began.

    Args:
        offers: By region; the new holder's own first, as it need not be fetched.
        epoch: The new epoch.
    """
    newest = max((offer.path for offer in offers.values() if offer.fence == epoch), key=lambda path: path.epoch)
    usable = {
        region: within(offer.runs, 1, shared(offer.path, newest))
        for region, offer in offers.items()
        if offer.fence == epoch
    }
    sources: list[tuple[str, int, int]] = []
    last = 0
    while (found := _next(usable, last + 1)) is not None:
        sources.append(found)
        last = found[2]
    return Adoption(Path(epoch, newest.spans(last)), tuple(sources))


def _next(usable: Mapping[str, Runs], seq: int) -> tuple[str, int, int] | None:
    for region, runs in usable.items():
        if holds(runs, seq):
            return region, seq, next(last for first, last in runs if first <= seq <= last)
    return None
