"""No leak: nobody is shown, and no region holds, what they may not have."""

from math import inf

from chaos.judge.facts import Glimpse
from chaos.judge.history import History
from chaos.judge.verdict import Findings


def entitlement(history: History) -> Findings:
    """Whether every entry is of and was shown to members only, for as long as they were, and rests only where one of them lives.

    Who belongs to a group follows from its log, seq by seq, whatever the clocks say. Whoever comes back to a channel sees all that was posted
    meanwhile, but nothing of it comes live before they wanted to come back.

    An owner, named at the end of a conversation's id, holds it too, and so does the standby of any region that does.
    """
    findings = Findings("entitlement")
    for (conversation, user), (shown, line) in history.seen.items():
        findings.judged += 1
        membership = history.members.get(conversation, {}).get(user)
        if membership is None:
            findings.found(f"{user} is no member, and was shown {conversation}", conversation, user, lines=(line,))
            continue
        if membership.unsure:
            findings.doubt("nobody can say when that user was subscribed", conversation, user)
        for first, last in membership.outside(shown):
            what = f"{user} was shown {first} to {last}, which are not of their time"
            findings.found(what, f"{conversation} {first}", user, lines=(line,))
    _unsubscribed(history, findings)
    for conversation, group in history.groups.items():
        findings.judged += len(history.logs[conversation].places)
        for seq, message, line, what in group.strangers:
            findings.found(what, message, f"{conversation} {seq}", lines=(line,))
    for (region, conversation), line in history.holders.items():
        findings.judged += 1
        if region not in allowed(history, conversation):
            findings.found(
                f"{region} holds {conversation}, and no member lives there", conversation, region, lines=(line,)
            )
    if not any(history.observers - members.keys() for members in history.members.values()):
        findings.doubt("nobody was there who might have been shown too much")
    return findings


def _unsubscribed(history: History, findings: Findings) -> None:
    for glimpse in history.glimpses:
        if _is_early(history, glimpse):
            what = f"{glimpse.user} was shown {glimpse.seq} while not subscribed"
            place = f"{glimpse.conversation} {glimpse.seq}"
            findings.found(what, place, glimpse.user, lines=(glimpse.line,))


def _is_early(history: History, glimpse: Glimpse) -> bool:
    """Whether an entry of a channel came live to whoever was not subscribed when it was numbered, before they were to come back."""
    membership = history.membership(glimpse.conversation, glimpse.user)
    if membership.unsure or not membership.present or membership.comes_live(glimpse.seq):
        return False
    places = history.logs[glimpse.conversation].places
    later = (seq for seq in membership.present if seq > glimpse.seq and seq in places)
    return glimpse.at < min((places[seq][1].invoked for seq in later), default=inf) and membership.covers(glimpse.seq)


def allowed(history: History, conversation: str) -> set[str]:
    """Return the regions in which a conversation may rest: its owner's, its members', and who stands by one of these."""
    homes = {home for membership in history.members.get(conversation, {}).values() for home in membership.homes}
    homes.add(conversation.rpartition("-")[2])
    return homes | {history.standbys[home] for home in homes if home in history.standbys}
