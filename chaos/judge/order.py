"""One order: one message a number, one number a message, no number missing, and nobody overtakes themselves."""

from collections import defaultdict
from math import inf

from chaos.judge.channels import is_channel
from chaos.judge.facts import Log, Message, Oddity
from chaos.judge.history import History
from chaos.judge.verdict import Findings


def duplicate(history: History) -> Findings:
    """Whether no view shows one message at two places."""
    findings = Findings("duplicate")
    findings.judged = sum(message.seq > 0 for message in history.messages.values())
    for oddity in _doubled(history):
        places = f"{oddity.conversation} {oddity.before or oddity.message.seq}", f"{oddity.conversation} {oddity.seq}"
        findings.found(f"{oddity.view.name} was shown it twice", oddity.message.id, *places, lines=(oddity.line,))
    return findings


def order(history: History) -> Findings:
    """Whether all views agree on who stands where, and the log keeps the order in which each sender had sent."""
    findings = Findings("order")
    doubled = set(_doubled(history))
    for oddity in history.oddities:
        if not oddity.before and oddity not in doubled:
            place = f"{oddity.conversation} {oddity.epoch}.{oddity.seq}"
            what = f"{oddity.view.name} was shown it at {oddity.seq}, others at {oddity.message.seq}"
            findings.found(what, oddity.message.id, place, lines=(oddity.line,))
    compared = False
    for conversation, log in history.logs.items():
        homes = {home for user in log.readers for home in history.membership(conversation, user).homes}
        compared = compared or len(homes) > 1
        findings.judged += len(log.places)
        _senders(history, conversation, log, findings)
    if not compared:
        findings.doubt("no conversation was seen by members of two regions")
    return findings


def hole(history: History) -> Findings:
    """Whether seqs are dense: in each page, in each whole history from its start, and in what all views saw together."""
    findings = Findings("hole")
    for gap in history.gaps.values():
        mine = history.membership(gap.conversation, gap.view.user)
        for first, last in mine.within(gap.last):
            if max(first, gap.first) <= last:
                findings.found(
                    f"{gap.view.name} shows what follows, without {gap.first} to {gap.last}",
                    gap.conversation, gap.view.user, lines=(gap.line,),
                )  # fmt: skip
                break
    for conversation, log in history.logs.items():
        findings.judged += 1
        if not log.numbers:
            continue
        if is_channel(conversation):
            _unaccounted(history, conversation, log, findings)
            continue
        start = next(iter(log.numbers))[0]
        for first, last in log.numbers.missing(start, log.numbers.last):
            findings.found(f"nobody has seen {first} to {last}", conversation)
    return findings


def _unaccounted(history: History, conversation: str, log: Log, findings: Findings) -> None:
    """Find more numbers of a channel that nobody has seen than there are deeds of which it is not known whether they have one."""
    unseen = list(log.numbers.missing(1, log.numbers.last))
    numbers = sum(last - first + 1 for first, last in unseen)
    if numbers > sum(1 for _ in history.deeds.open_in(conversation)):
        runs = ", ".join(f"{first} to {last}" for first, last in unseen[:5])
        findings.found(f"nobody has seen {runs}, nor done what would stand there", conversation)


def _doubled(history: History) -> list[Oddity]:
    """Return the oddities whose view showed the message at its other place, too."""
    odd_at = {(oddity.view, oddity.conversation, oddity.seq) for oddity in history.oddities if not oddity.before}

    def twice(oddity: Oddity) -> bool:
        other = oddity.before or oddity.message.seq
        if other in {0, oddity.seq} or not oddity.view.has(oddity.conversation, other):
            return False
        still_there = history.logs[oddity.conversation].places[other][1] is oddity.message
        return still_there and (oddity.view, oddity.conversation, other) not in odd_at

    return [oddity for oddity in history.oddities if twice(oddity)]


def _senders(history: History, conversation: str, log: Log, findings: Findings) -> None:
    """Find sends that stand before others that had been accepted when they began, or that their device had sent before.

    Sends of one author that overlap in time are concurrent: either may be first, unless the device promises more. So are those
    that a takeover has put into its epoch: a tail is numbered again, later.
    """
    base = min(log.epochs, default=0)
    latest: dict[str, Message] = {}
    for seq in sorted(log.places):
        epoch, message = log.places[seq]
        if message.seq != seq:
            continue
        before = latest.get(message.author)
        settled_by = message.accepted if epoch == base or message.accepted >= log.epochs[epoch] else inf
        if before is not None and settled_by < before.invoked:
            _overtaken(conversation, message, before, findings)
        if before is None or message.invoked > before.invoked:
            latest[message.author] = message
    if history.fifo and len(log.epochs) == 1:
        last_of: dict[str, Message] = defaultdict(lambda: Message("", 0, 0, "", "", None, -inf))
        for seq in sorted(log.places):
            message = log.places[seq][1]
            if message.seq != seq or message.uncertain or message.change is not None:
                continue
            before = last_of[message.device]
            if message.line < before.line and message.accepted >= before.invoked:
                _overtaken(conversation, message, before, findings)
            if message.line > before.line:
                last_of[message.device] = message


def _overtaken(conversation: str, message: Message, by: Message, findings: Findings) -> None:
    findings.found(
        f"stands after what {message.author} sent later", message.id, by.id,
        f"{conversation} {message.seq}", f"{conversation} {by.seq}", lines=(message.line, by.line),
    )  # fmt: skip
