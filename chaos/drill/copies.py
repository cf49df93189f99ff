"""What regions hold of a conversation, by what they serve to its members who live there. Pure.

A region is compared with another over the seqs that both hold, in a channel with those that entries stand for; what is hidden from every member who lives there is not compared. Nor is
what a message says where only some regions may show all that was done to it: whoever left before an edit goes on seeing what was there.
"""

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations

import msgspec

from chaos.judge import events as e
from chaos.judge.ranges import Ranges


@dataclass(frozen=True, slots=True)
class Copy:
    """A conversation as one region serves it.

    Attributes:
        region: Where the member lives who was served.
        entries: All of it, in order of seq.
    """

    region: str
    entries: tuple[e.Sighting, ...]


def digest_of(entries: Mapping[int, e.Sighting], first: int, last: int, disputed: Container[str] = frozenset()) -> str:
    """Return the digest of a stretch of a log; statuses, which go on rising, are left out, and what `disputed` messages say."""
    held = (entries[seq] for seq in range(first, last + 1) if seq in entries)
    kept = [(x.epoch, x.first, x.seq, x.message, x.sender, None if x.message in disputed else x.content) for x in held]
    return blake2b(msgspec.json.encode(kept), digest_size=16).hexdigest()


def digests(copies: Mapping[str, Sequence[Copy]], at: float) -> list[e.Digest]:
    """Return what each two regions hold of each conversation, over what both of them have.

    Args:
        copies: Conversation to the copies of it, of any members.
        at: When they were read.
    """
    found: dict[tuple[str, str, int, int], e.Digest] = {}
    for conversation, of_it in copies.items():
        held: dict[str, dict[int, e.Sighting]] = defaultdict(dict)
        for copy in of_it:
            for entry in copy.entries:
                known = held[copy.region].get(entry.seq)
                if entry.content is not None and (known is None or _made(entry) >= _made(known)):
                    held[copy.region][entry.seq] = entry
        disputed = _disputed(held)
        for one, other in combinations(held, 2):
            for first, last in _common(held[one], held[other]):
                for region in (one, other):
                    said = digest_of(held[region], first, last, disputed)
                    found[region, conversation, first, last] = e.Digest(at, region, conversation, first, last, said)
    return list(found.values())


def _made(entry: e.Sighting) -> tuple[bool, int]:
    """Return how far a message has come, so that of two views the later one is known."""
    return (entry.aftermath.emptied, entry.aftermath.edited) if entry.aftermath is not None else (False, 0)


def _disputed(held: Mapping[str, Mapping[int, e.Sighting]]) -> set[str]:
    """Return the messages to which, by what each region shows, not the same was done."""
    done: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for region, entries in held.items():
        for entry in entries.values():
            if entry.change is not None and entry.change.alters:
                done[entry.change.target][region].add(entry.seq)
    return {
        message
        for message, by_region in done.items()
        if len(by_region) < len(held) or len({frozenset(seqs) for seqs in by_region.values()}) > 1
    }


def _common(one: Mapping[int, e.Sighting], other: Mapping[int, e.Sighting]) -> Iterator[tuple[int, int]]:
    both = Ranges()
    for seq in sorted(one.keys() & other.keys()):
        for number in range(one[seq].first, seq + 1):  # in a channel an entry stands for those that are shown to nobody
            both.add(number)
    return iter(both)
