"""What another region's takeover took out of a log: it comes again, no screen goes on showing it, and nobody elsewhere had been shown it.

A region may show its own people what it has numbered before whoever stands by has it. If it dies then, the next epoch's log lacks that tail: it is
submitted anew and numbered again, and the devices that had shown it are told that it stands there no more.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from math import inf

from chaos.judge.events import Live, Lives, Opened, Withdrawn
from chaos.judge.facts import Log
from chaos.judge.history import History
from chaos.judge.spans import owner_of
from chaos.judge.verdict import Findings


@dataclass(slots=True)
class _Sight:
    """The highest seq of an epoch that somebody was shown.

    Attributes:
        seq: Which.
        line: Where in the ledger.
        user: To whom.
    """

    seq: int
    line: int
    user: str


@dataclass(slots=True)
class Tails:
    """How far up each screen shows what each epoch has numbered, and how far people elsewhere were shown it; `judgement` feeds it."""

    _homes: dict[str, str] = field(default_factory=dict)
    _connected: dict[str, Opened] = field(default_factory=dict)
    _screens: dict[tuple[str, str], dict[int, _Sight]] = field(default_factory=lambda: defaultdict(dict))
    _elsewhere: dict[str, dict[int, _Sight]] = field(default_factory=lambda: defaultdict(dict))

    def lives(self, event: Lives) -> None:
        """Somebody lives somewhere."""
        self._homes[event.user] = event.home

    def opened(self, event: Opened) -> None:
        """A device is connected."""
        self._connected[event.connection] = event

    def live(self, line: int, event: Live) -> None:
        """An entry is shown; what is hidden does not say in which epoch it is."""
        opened, entry = self._connected.get(event.connection), event.entry
        if opened is None or entry.content is None:
            return
        _raise(self._screens[opened.device, event.conversation], entry.epoch, _Sight(entry.seq, line, opened.user))
        if self._homes.get(opened.user, "") not in {"", owner_of(event.conversation)}:
            _raise(self._elsewhere[event.conversation], entry.epoch, _Sight(entry.seq, line, opened.user))

    def withdrawn(self, event: Withdrawn) -> None:
        """A device takes from its screen what is above that place."""
        opened = self._connected.get(event.connection)
        shown = {} if opened is None else self._screens.get((opened.device, event.conversation), {})
        for epoch, sight in shown.items():
            if epoch <= event.epoch:
                sight.seq = min(sight.seq, event.seq)

    def findings(self, history: History) -> Findings:
        """Return what was found; where no log has more than one epoch, there is nothing to judge."""
        findings = Findings("tails")
        ends = {name: end for name, log in history.logs.items() if (end := _ends(log))}
        for (device, conversation), shown in self._screens.items():
            if conversation not in ends or device not in history.screens or not history.screens[device].standing:
                continue
            findings.judged += 1
            for epoch, sight in shown.items():
                if sight.seq >= ends[conversation].get(epoch, inf):
                    what = f"{device} shows {sight.seq} of epoch {epoch}, though that ended below {ends[conversation][epoch]}, and was told nothing"
                    findings.found(what, f"{conversation} {epoch}.{sight.seq}", device, lines=(sight.line,))
        for conversation, shown in self._elsewhere.items():
            for epoch, sight in shown.items():
                if sight.seq >= ends.get(conversation, {}).get(epoch, inf):
                    what = f"{sight.user}, who lives elsewhere, had been shown {sight.seq} of epoch {epoch}, which was taken out"
                    findings.found(what, f"{conversation} {epoch}.{sight.seq}", sight.user, lines=(sight.line,))
        for message in history.messages.values():
            if message.sighted < inf and not message.seq and not message.refused and not message.disputed:
                what = f"was shown at {message.sighted:.3f} s, taken out, and never came again"
                findings.found(what, message.id, message.conversation, f"op {message.op}", lines=(message.line,))
        return findings


def _raise(shown: dict[int, _Sight], epoch: int, sight: _Sight) -> None:
    known = shown.get(epoch)
    if known is None or sight.seq > known.seq:
        shown[epoch] = sight


def _ends(log: Log) -> dict[int, int]:
    """Return, for each epoch but the last, the first seq that a later one has numbered; nothing if there is only one."""
    if len(log.epochs) <= 1:
        return {}
    begins: dict[int, int] = {}
    for seq, (epoch, message) in log.places.items():
        if message.seq == seq:
            begins[epoch] = min(seq, begins.get(epoch, seq))
    return {
        epoch: min(later)
        for epoch in log.epochs
        if (later := [begin for other, begin in begins.items() if other > epoch])
    }
