"""Decides which gateways are told what, so that each sees contiguous ranges of positions, whatever it was concerned with.

Pure. A publication to a gateway covers everything since the one before; what did not concern the gateway is covered and left out.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from region.delivery import Placed, Publication, Range
from replication.outputs import Batch


@dataclass
class Ranges:
    """Up to where everything was read, and up to where each gateway was told.

    Attributes:
        read: Partition to the last position that was read.
        told: Gateway instance to, for each partition, the last position that its publications covered.
    """

    read: dict[int, int]
    told: dict[str, dict[int, int]] = field(default_factory=dict)

    def welcome(self, gateways: Collection[str]) -> None:
        """Take in which gateways are alive: new ones begin here, the others are forgotten."""
        for gone in self.told.keys() - set(gateways):
            del self.told[gone]
        for gateway in gateways:
            self.told.setdefault(gateway, dict(self.read))

    def forget(self, gateway: str) -> None:
        """Nobody listens there; if it returns, it begins where we are then, and sees the break."""
        self.told.pop(gateway, None)

    def advance(self, batches: Iterable[Batch]) -> None:
        """Note that these batches were read; they follow what was read before.

        What a damaged one would have told can only be read from the store: no range covers it, so each gateway sees a break.
        """
        for batch in batches:
            self.read[batch.partition] = max(self.read.get(batch.partition, 0), batch.last)
            if batch.damaged:
                for told in self.told.values():
                    told[batch.partition] = batch.last

    def cover(self, gateway: str, outputs: tuple[Placed, ...], *, now: int) -> Publication:
        """Return a publication to a gateway that covers all that was read and not told it yet, with those outputs of it.

        One that is not known to be alive, and is only answered, is covered nothing: nobody knew what else concerns it.
        """
        told = self.told.setdefault(gateway, dict(self.read))
        ranges = tuple(
            Range(partition, told.get(partition, 0) + 1, last) for partition, last in sorted(self.read.items())
        )
        self.told[gateway] = dict(self.read)
        return Publication(ranges=ranges, outputs=outputs, sent_at=now)


def users_of(batches: Iterable[Batch]) -> list[str]:
    """Return the distinct users whom these batches concern, in order of appearance."""
    return list(dict.fromkeys(user for batch in batches for output in batch.outputs for user in output.users))


def concerned(batches: Iterable[Batch], interest: Mapping[str, Collection[str]]) -> dict[str, tuple[Placed, ...]]:
    """Return, for each gateway that a batch concerns, its outputs: devices of the users are there, or a request waits there.

    Args:
        batches: What was read, in order of position within a partition.
        interest: User to the gateways to which devices of theirs are connected.
    """
    found: dict[str, list[Placed]] = {}
    for batch in batches:
        for output in batch.outputs:
            gateways = {gateway for user in output.users for gateway in interest.get(user, ())}
            if output.reply_to:
                gateways.add(output.reply_to)
            if gateways:
                placed = Placed(batch.partition, output)
                for gateway in gateways:
                    found.setdefault(gateway, []).append(placed)
    return {gateway: tuple(outputs) for gateway, outputs in found.items()}
