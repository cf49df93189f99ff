"""Nothing accepted is lost, and nothing is shown that nobody sent."""

from bisect import bisect_left
from collections import defaultdict
from math import inf

from chaos.judge.channels import is_channel, is_told_to_all
from chaos.judge.facts import Log, Membership, Message, View
from chaos.judge.history import History
from chaos.judge.verdict import Findings


def lost(history: History) -> Findings:
    """Whether everything accepted is shown to every member who may see it, unless its author was told of a refusal.

    Acknowledged and not shown yet is no loss until the ledger says that it has settled. Then every screen of a device that is
    connected, and every history that was read whole, must show each entry that was accepted, or seen by anybody, by then.
    """
    findings = Findings("lost")
    if history.settled is None:
        findings.doubt("it never settled")
        return findings
    lookouts = _Lookouts(history)
    for message in history.messages.values():
        if message.refused or message.accepted > history.settled:
            continue
        findings.judged += 1
        if message.seq or message.disputed:
            continue
        if any(view.since <= message.invoked for view in lookouts.over(message.conversation)):
            findings.found(
                f"accepted at {message.accepted:.3f} s, and in no log",
                message.id,
                f"op {message.op}",
                lines=(message.line,),
            )
        else:
            findings.doubt("accepted, but nobody looked for it", message.id, f"op {message.op}", lines=(message.line,))
    _changes(history, history.settled, lookouts, findings)
    for conversation, log in history.logs.items():
        if log.places:
            _seen_by_all(history, conversation, log, lookouts, findings)
    return findings


def phantom(history: History) -> Findings:
    """Whether everything shown was sent: before, by that author, there, and not refused or failed for certain."""
    findings = Findings("phantom")
    findings.judged = sum(message.seq > 0 for message in history.messages.values())
    for line, who, where, what in history.phantoms:
        findings.found(f"{who} was shown {what}", where, lines=(line,))
    for message in history.messages.values():
        if message.seq and not message.may_appear:
            why = "its author was told that it was refused" if message.refused else "it had failed for certain"
            place = f"{message.conversation} {message.epoch}.{message.seq}"
            findings.found(f"is in the log, though {why}", message.id, f"op {message.op}", place, lines=(message.line,))
    for entry, why in history.deeds.unexplained():
        what = f"{entry.change.kind if entry.change else 'it'} is in the log, though {why}"
        findings.found(what, entry.id, f"{entry.conversation} {entry.epoch}.{entry.seq}", lines=(entry.line,))
    return findings


class _Lookouts:
    """The views that oblige."""

    def __init__(self, history: History) -> None:
        self._members = history.members
        self._views: dict[tuple[str, str | None], list[View]] = defaultdict(list)
        for view in [*history.screens.values(), *history.histories]:
            if view.standing:
                self._views[view.user, view.conversation].append(view)

    def of(self, user: str, conversation: str | None) -> list[View]:
        """Return those of one member over a conversation."""
        return self._views.get((user, None), []) + self._views.get((user, conversation), [])

    def over(self, conversation: str | None) -> list[View]:
        """Return those of all members over a conversation."""
        return [view for user in self._members.get(conversation or "", ()) for view in self.of(user, conversation)]


def _changes(history: History, settled: float, lookouts: "_Lookouts", findings: Findings) -> None:
    """Find changes of groups that were accepted and are in no log, though somebody looked."""
    for deed in history.deeds:
        if deed.refused or deed.accepted > settled:
            continue
        findings.judged += 1
        if history.deeds.entry_of(deed) is not None:
            continue
        where = f"op {deed.op}", deed.conversation or ""
        if lookouts.over(deed.conversation):
            what = f"{deed.change.kind} was accepted at {deed.accepted:.3f} s, and is in no log"
            findings.found(what, deed.id, *where, lines=(deed.line,))
        else:
            findings.doubt("a change was accepted, but nobody looked for it", deed.id, *where, lines=(deed.line,))


def _seen_by_all(history: History, conversation: str, log: Log, lookouts: "_Lookouts", findings: Findings) -> None:
    seqs = sorted(seq for seq, (_, message) in log.places.items() if is_told_to_all(conversation, message))
    if not seqs:
        return
    earliest = _earliest_invocation_from(log, seqs)
    for user, membership in history.members.get(conversation, {}).items():
        unwatched = len(seqs)
        for view in lookouts.of(user, conversation):
            owed = bisect_left(earliest, view.since)
            unwatched = min(unwatched, owed)
            if owed == len(seqs):
                continue
            # A screen that was away when its user subscribed is not told of that, so nothing bids it read what was posted before.
            live = view.screen and is_channel(conversation)
            for first, last in membership.within(log.numbers.last, live=live):
                for begin, end in view.lacks(conversation, max(first, seqs[owed]), last):
                    _missed(history, conversation, view, range(begin, end + 1), findings)
            for seq in view.hidden.get(conversation, ()):
                owed_it = any(first <= seq <= last for first, last in membership.within(log.numbers.last, live=live))
                if owed_it and not (seq in log.places and _is_blind(history, membership, log.places[seq][1])):
                    _missed(history, conversation, view, range(seq, seq + 1), findings)
        theirs = membership.within(log.numbers.last)
        if unwatched and any(first <= seqs[unwatched - 1] and seqs[0] <= last for first, last in theirs):
            findings.doubt("nobody looked whether a member has everything", f"{conversation} {seqs[0]}", user)


def _is_blind(history: History, membership: Membership, message: Message) -> bool:
    """Whether an entry is about a message that the member may not see, so that it is hidden from them."""
    target = history.target(message.change.target) if message.change is not None else None
    return target is not None and not membership.covers(target.seq)


def _missed(history: History, conversation: str, view: View, seqs: range, findings: Findings) -> None:
    places = history.logs[conversation].places
    for seq in seqs:
        if seq not in places or not is_told_to_all(conversation, places[seq][1]):
            continue
        message = places[seq][1]
        if min(message.accepted, message.sighted) <= (history.settled or inf):
            what = f"numbered, and not shown to {view.user} by {view.name}"
            findings.found(what, message.id, f"op {message.op}", f"{conversation} {seq}", lines=(message.line,))


def _earliest_invocation_from(log: Log, seqs: list[int]) -> list[float]:
    """Return, for each seq, when the first of the messages from there on was invoked; that rises with the seq."""
    earliest, found = inf, []
    for seq in reversed(seqs):
        earliest = min(earliest, log.places[seq][1].invoked)
        found.append(earliest)
    return found[::-1]
