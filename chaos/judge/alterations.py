"""Edits, deletions, reactions: what was done to a message is seen by all who may see it, in the order of the log, and nothing else is."""

from collections import defaultdict
from typing import NamedTuple

from chaos.judge.altered import Shown
from chaos.judge.events import DELETED, EDITED, Aftermath, Sighting
from chaos.judge.facts import Membership, Message
from chaos.judge.groups import ADMIN
from chaos.judge.history import History
from chaos.judge.sufficiency import Needs
from chaos.judge.verdict import Findings


class _Done(NamedTuple):
    """An alteration as it stands in a log."""

    seq: int
    entry: Message
    kind: str
    text: str


def alterations(history: History, needs: Needs) -> Findings:
    """Whether messages came to what their logs say. A ledger in which nothing was altered has nothing of that to judge, and that is well.

    The text of a message is that of the last edit in its log among those that its reader may see, an edit by nobody but its author; of a
    deleted one nothing is left for anybody, whatever follows. Who may not see a message is not shown what was done to it.
    """
    findings = Findings("alterations")
    for line, who, conversation, seen, what in history.altered.falsehoods:
        findings.found(f"{who} was shown {what}", seen.message, f"{conversation} {seen.seq}", lines=(line,))
    if not history.altered.targets:
        findings.judged += 1
        return findings
    done: dict[str, list[_Done]] = {}
    for conversation, log in history.logs.items():
        here: dict[str, list[_Done]] = defaultdict(list)
        for seq in sorted(log.places):
            entry = log.places[seq][1]
            if entry.change is not None and entry.change.alters:
                here[entry.change.target].append(_Done(seq, entry, entry.change.kind, entry.change.text))
        for target, deeds in here.items():
            _rules(history, conversation, target, deeds, findings)
        done |= here
    for shown in history.altered.finals:
        if shown.view.standing and not history.membership(shown.conversation, shown.view.user).unsure:
            findings.judged += 1
            _compare(history, shown, done.get(shown.entry.message, []), findings)
    _suffice(history, needs, findings)
    return findings


def _rules(history: History, conversation: str, target: str, deeds: list[_Done], findings: Findings) -> None:
    """Find alterations that the owner should have refused, and readers to whom they are none of their business."""
    message = history.target(target)
    if message is None:
        return
    gone = 0
    group = history.groups.get(conversation)
    for seq, entry, kind, _ in deeds:
        findings.judged += 1
        by_staff = kind == DELETED and group is not None and group.deleted_by.get(seq, 0) >= ADMIN
        why = []
        if gone:
            why.append(f"stands in the log after its message was deleted at {gone}")
        if message.conversation != conversation or not message.seq or message.seq > seq:
            why.append("is about a message that is not before it")
        if kind in {EDITED, DELETED} and entry.author != message.author and not by_staff:
            why.append(f"is {entry.author}'s, about what {message.author} had sent")
        gone = gone or (seq if kind == DELETED else 0)
        for what in why:
            findings.found(f"{kind} {what}", entry.id, target, f"{conversation} {seq}", lines=(entry.line,))
        for user, membership in history.members.get(conversation, {}).items():
            seen = history.seen.get((conversation, user))
            if seen is not None and seq in seen[0] and not membership.covers(message.seq):
                what = f"{user} was shown {kind} of what is not theirs to see"
                findings.found(what, entry.id, f"{conversation} {seq}", lines=(seen[1],))


def _compare(history: History, shown: Shown, deeds: list[_Done], findings: Findings) -> None:
    """Find what a whole history shows otherwise than its log has it."""
    entry = shown.entry
    membership = history.membership(shown.conversation, shown.view.user)
    want, text = _expected(history, entry, membership, deeds)
    got = entry.aftermath or Aftermath()
    why = ""
    if want.emptied != got.emptied:
        why = "what was deleted" if want.emptied else "nothing, though it was never deleted"
    elif not want.emptied and entry.content != text:
        why = "another text than its log says"
    elif want.edited != got.edited:
        why = f"as edited by {got.edited or 'nobody'}, not by {want.edited or 'nobody'}"
    elif want.reacted != got.reacted:
        why = f"reactions of {', '.join(got.reacted) or 'nobody'}, not of {', '.join(want.reacted) or 'nobody'}"
    if why:
        place = f"{shown.conversation} {entry.seq}"
        lines = (shown.line, *(one.entry.line for one in deeds[-2:]))
        findings.found(f"{shown.view.user} is shown {why}, in {shown.view.region}", entry.message, place, lines=lines)


def _expected(history: History, entry: Sighting, membership: Membership, deeds: list[_Done]) -> tuple[Aftermath, str]:
    """Return what a message is to come to for a reader, and the digest of its text."""
    target = history.altered.targets[entry.message]
    text, edited, reacted = target.content, 0, set[str]()
    for seq, done, kind, told in deeds:
        if kind == DELETED:
            return Aftermath(emptied=True), ""
        if not membership.covers(seq):
            continue
        if kind == EDITED:
            text, edited = told, seq
        else:
            reacted.add(done.author)
    return Aftermath(edited, emptied=False, reacted=tuple(sorted(reacted))), text


def _suffice(history: History, needs: Needs, findings: Findings) -> None:
    for kind in (EDITED, DELETED):
        accepted = sum(deed.change.kind == kind and deed.accepted < float("inf") for deed in history.deeds)
        if accepted < needs.altered:
            findings.doubt(f"{accepted} of {kind} were accepted, of {needs.altered} that are needed")
