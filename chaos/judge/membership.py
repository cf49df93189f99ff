"""The rules of groups: who may change what, a hundred members, and never without an owner; by the log of each group alone."""

from chaos.judge.history import History
from chaos.judge.verdict import Findings


def membership(history: History) -> Findings:
    """Whether everything in groups' logs was allowed at its seq. A ledger without groups has nothing of that to judge, and that is well."""
    findings = Findings("membership")
    findings.judged = sum(group.changes for group in history.groups.values()) or 1
    for conversation, group in history.groups.items():
        for seq, message, line, what in group.broken:
            findings.found(what, message, f"{conversation} {seq}", lines=(line,))
    return findings
