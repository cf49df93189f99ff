"""Whether a ledger says enough for "true": it is whole, each fault was seen from outside, and the traffic went on around it."""

import re
from array import array
from bisect import bisect_left
from dataclasses import dataclass, field

import msgspec

from chaos.judge.channels import is_channel
from chaos.judge.events import FaultBegun, FaultEnded, FaultSeen, Invoke, Live, Ok, Opened
from chaos.judge.history import History
from chaos.judge.verdict import Evidence


class Needs(msgspec.Struct, frozen=True):
    """What a ledger must have before anything in it can be true.

    Attributes:
        faults: How many faults.
        before: How many sends must have been accepted before each fault.
        during: From when it was seen until it was taken off; of one that shows itself only then, from its beginning.
        after: After its end, by people of each region that it struck. Where devices are known to come through the edge of one region only, one of them must be shown
            something after it through that edge as well: those who have failed over are served from elsewhere.
        altered: How many edits, and how many deletions, must have been accepted where there is any alteration.
        posts: How many posts of channels must have been accepted before the first fault, while any lasted, and after the last one,
            where there is any channel.
        everybody: Whether every send must have been answered, and every device be connected at the settling.
        expects: Checkers that must rule, though no fault of the ledger asks for it.
        rest: How long before the settling the last send was accepted and the last fault ended, seconds.
    """

    faults: int = 1
    before: int = 20
    during: int = 20
    after: int = 20
    altered: int = 3
    posts: int = 3
    everybody: bool = False
    expects: frozenset[str] = frozenset()
    rest: float = 5.0


@dataclass(slots=True)
class _Fault:
    line: int
    what: str
    target: str
    begun: float
    seen: float | None = None
    ended: float | None = None
    failed: str = ""
    lifted: float | None = None


@dataclass(slots=True)
class Course:
    """What a run was: its faults, and when sends were accepted; `judgement` feeds it.

    Attributes:
        started: Whether the ledger has its first line.
        whole: Whether it has its last.
    """

    started: bool = False
    whole: bool = False
    _faults: dict[str, _Fault] = field(default_factory=dict)
    _accepted: "array[float]" = field(default_factory=lambda: array("d"))
    _by_region: "dict[str, array[float]]" = field(default_factory=dict)
    _sends: dict[int, tuple[int, str]] = field(default_factory=dict)
    _posts: dict[int, float | None] = field(default_factory=dict)
    _channels: bool = False
    _pinned: dict[str, str] = field(default_factory=dict)
    _shown_at: dict[str, float] = field(default_factory=dict)
    _connected: dict[str, str] = field(default_factory=dict)
    _devices: dict[str, int] = field(default_factory=dict)
    _absent: list[tuple[int, str]] | None = None
    _stirred: float = 0.0
    _strays: list[tuple[int, str]] = field(default_factory=list)
    _last: float = 0.0

    def passed(self, line: int, at: float) -> None:
        """Time passes."""
        if at < self._last:
            self._strays.append((line, "time goes back"))
        self._last = at

    def invoked(self, line: int, event: Invoke) -> None:
        """A send begins."""
        self._channels = self._channels or is_channel(event.conversation)
        if event.kind == "send" and is_channel(event.conversation):
            self._posts[event.op] = None
        if event.kind == "send":
            self._by_region.setdefault(event.region, array("d"))
            self._sends[event.op] = line, event.region

    def accepted(self, event: Ok) -> None:
        """A send was accepted."""
        self._accepted.append(event.at)
        if event.op in self._posts:
            self._posts[event.op] = event.at
        self._stirred = event.at
        _, region = self._sends.pop(event.op, (0, ""))
        self._by_region.setdefault(region, array("d")).append(event.at)

    def answered(self, op: int) -> None:
        """Whoever sent was told that it did not happen, or is refused."""
        self._sends.pop(op, None)

    def opened(self, line: int, event: Opened) -> None:
        """A device is connected."""
        self._connected[event.connection] = event.device
        self._devices.setdefault(event.device, line)
        if event.pinned:
            self._pinned[event.connection] = event.region
            self._shown_at.setdefault(event.region, 0.0)

    def live(self, event: Live) -> None:
        """An entry is shown."""
        if (region := self._pinned.get(event.connection)) is not None:
            self._shown_at[region] = event.at

    def closed(self, connection: str) -> None:
        """A device is not connected any more."""
        self._connected.pop(connection, None)

    def settled(self) -> None:
        """From now on nobody needs to be connected."""
        if self._absent is None:
            present = set(self._connected.values())
            self._absent = [(line, device) for device, line in self._devices.items() if device not in present]

    def begun(self, line: int, event: FaultBegun) -> None:
        """A fault begins."""
        if event.fault in self._faults:
            self._strays.append((line, f"fault {event.fault} begins again"))
        self._faults[event.fault] = _Fault(line, f"{event.kind} {event.target}", event.target, event.at)

    def seen(self, line: int, event: FaultSeen) -> None:
        """A fault is seen; what is seen outside its time is something else."""
        fault = self._faults.get(event.fault)
        if fault is None:
            self._strays.append((line, f"fault {event.fault} is seen, which never began"))
        elif fault.ended is None and fault.seen is None:
            fault.seen = event.at

    def ended(self, line: int, event: FaultEnded) -> None:
        """A fault ends."""
        self._stirred = event.at
        fault = self._faults.get(event.fault)
        if fault is None:
            self._strays.append((line, f"fault {event.fault} ends, which never began"))
        else:
            fault.ended, fault.failed, fault.lifted = event.at, event.failed, event.lifted

    def shortfalls(self, history: History, needs: Needs) -> list[Evidence]:
        """Return why nothing in this ledger can be said to be true; nothing if it can."""
        found: list[Evidence] = []
        if not self.started or not self.whole:
            found.append(Evidence("the ledger lacks its beginning or its end"))
        found += [Evidence(what, lines=(line,)) for line, what in [*history.broken, *self._strays][:5]]
        if history.settled is None:
            found.append(Evidence("it never settled"))
        elif history.settled - self._stirred < needs.rest:
            rest = history.settled - self._stirred
            found.append(Evidence(f"it settled after {rest:.1f} s of rest, of {needs.rest:.1f} s that are needed"))
        if len(self._faults) < needs.faults:
            found.append(Evidence(f"there were {len(self._faults)} faults, of {needs.faults} that are needed"))
        if needs.everybody:
            found += self._missing()
        if self._channels:
            found += self._posted(needs)
        for name, fault in self._faults.items():
            found += [Evidence(f"{fault.what}: {why}", (name,), (fault.line,)) for why in self._fault(fault, needs)]
        return found

    def _posted(self, needs: Needs) -> list[Evidence]:
        """Return which times had too few posts of channels; without faults, whether all of it had."""
        posts = [at for at in self._posts.values() if at is not None]
        faults = [fault for fault in self._faults.values() if fault.ended is not None]
        lasted = [(fault.begun, fault.ended or 0.0) for fault in faults]
        times = {"in channels": len(posts)}
        if lasted:
            first, last = min(begun for begun, _ in lasted), max(ended for _, ended in lasted)
            during = sum(any(begun <= at <= ended for begun, ended in lasted) for at in posts)
            times = {
                "in channels before the first fault": sum(at < first for at in posts),
                "in channels while faults lasted": during,
                "in channels after the last fault": sum(at > last for at in posts),
            }
        return [
            Evidence(f"{count} posts were accepted {when}, of {needs.posts} that are needed")
            for when, count in times.items()
            if count < needs.posts
        ]

    def _fault(self, fault: _Fault, needs: Needs) -> list[str]:
        if fault.ended is None:
            return ["it never ended"]
        if fault.failed:
            return [f"it could not be put on: {fault.failed}"]
        why = [] if fault.seen is not None else ["nobody saw it from outside"]
        lifted = fault.ended if fault.lifted is None else fault.lifted
        since = fault.begun if fault.seen is None or fault.seen >= lifted else fault.seen
        counts = [
            ("before it", bisect_left(self._accepted, fault.begun), needs.before),
            ("during it", bisect_left(self._accepted, lifted) - bisect_left(self._accepted, since), needs.during),
            ("after it", len(self._accepted) - bisect_left(self._accepted, fault.ended), needs.after),
        ]
        for region in self._struck(fault.target):
            theirs = self._by_region[region]
            counts.append((f"after it in {region}", len(theirs) - bisect_left(theirs, fault.ended), needs.after))
            if needs.after and self._shown_at.get(region, fault.ended) < fault.ended:
                why.append(f"nothing was shown through the edge of {region} itself after it")
        return why + [
            f"{count} sends were accepted {when}, of {needed} that are needed"
            for when, count, needed in counts
            if count < needed
        ]

    def _struck(self, target: str) -> list[str]:
        """Return the regions to which a part belongs, or between which a link is; all, of a part of the whole federation."""
        named = set(re.split(r"[/|,>-]", target)) & set(self._by_region)
        return sorted(named or self._by_region)

    def _missing(self) -> list[Evidence]:
        found = []
        if self._sends:
            lines = tuple(line for line, _ in list(self._sends.values())[:5])
            found.append(Evidence(f"{len(self._sends)} sends were never answered", lines=lines))
        for line, device in self._absent or ():
            found.append(Evidence(f"device {device} was not connected when everything had settled", lines=(line,)))
        return found[:5]
