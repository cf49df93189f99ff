"""No leak: nobody is shown, and no region holds, what they may not have."""

from chaos.judge.history import History
from chaos.judge.verdict import Findings


def entitlement(history: History) -> Findings:
    """Whether every entry is of and was shown to members only, for as long as they were, and rests only where one of them lives.

    Who belongs to a group follows from its log, seq by seq, whatever the clocks say.

    An owner, named at the end of a conversation's id, holds it too, and so does the standby of any region that does.
    """
    findings = Findings("entitlement")
    for (conversation, user), (shown, line) in history.seen.items():
        findings.judged += 1
        membership = history.members.get(conversation, {}).get(user)
        if membership is None:
            findings.found(f"{user} is no member, and was shown {conversation}", conversation, user, lines=(line,))
            continue
        for first, last in membership.outside(shown):
            what = f"{user} was shown {first} to {last}, which are not of their time"
            findings.found(what, f"{conversation} {first}", user, lines=(line,))
    for conversation, group in history.groups.items():
        findings.judged += len(history.logs[conversation].places)
        for seq, message, line, what in group.strangers:
            findings.found(what, message, f"{conversation} {seq}", lines=(line,))
    for (region, conversation), line in history.holders.items():
        findings.judged += 1
        if region not in _allowed(history, conversation):
            findings.found(
                f"{region} holds {conversation}, and no member lives there", conversation, region, lines=(line,)
            )
    if not any(history.observers - members.keys() for members in history.members.values()):
        findings.doubt("nobody was there who might have been shown too much")
    return findings


def _allowed(history: History, conversation: str) -> set[str]:
    homes = {home for membership in history.members.get(conversation, {}).values() for home in membership.homes}
    homes.add(conversation.rpartition("-")[2])
    return homes | {history.standbys[home] for home in homes if home in history.standbys}
