"""Regions hold the same: equal digests over the ranges that they have in common."""

from chaos.judge.history import History
from chaos.judge.verdict import Findings


def digests(history: History) -> Findings:
    """Whether the regions in which a conversation's members live said the same of a range, once everything had settled.

    Only digests of the same first and last seq can be compared; a conversation of which some member's region has no such digest in
    common with another leaves it unknown.
    """
    findings = Findings("digests")
    compared: dict[str, set[str]] = {}
    for (conversation, first, last), by_region in history.digests.items():
        if len(by_region) < 2:  # noqa: PLR2004  # one alone is equal to itself
            continue
        findings.judged += 1
        compared.setdefault(conversation, set()).update(by_region)
        if len({digest for digest, _ in by_region.values()}) > 1:
            lines = [line for _, line in by_region.values()]
            findings.found("regions differ", f"{conversation} {first} to {last}", *by_region, lines=lines)
    for conversation, log in history.logs.items():
        homes = {home for one in history.members.get(conversation, {}).values() for home in one.homes}
        if log.places and len(homes) > 1 and not homes <= compared.get(conversation, set()):
            missing = sorted(homes - compared.get(conversation, set()))
            findings.doubt("no digest that can be compared", conversation, *missing)
    return findings
