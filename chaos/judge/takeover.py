"""Whether the people of a region that is gone are served by who stands by it, before it is back."""

from collections.abc import Iterable, Mapping
from math import inf

from chaos.judge.spans import Fault, Measured, Send
from chaos.judge.verdict import Findings


def takeover(
    faults: Iterable[Fault],
    sends: Iterable[Send],
    shown: Mapping[str, Mapping[str, float]],
    homes: Mapping[str, str],
) -> tuple[Findings, dict[str, Measured]]:
    """Whether everybody who lives where nobody is any more, and writes meanwhile, is answered before the end: accepted and shown to somebody else, or refused.

    Who is answered only once the region is back was served by nobody. What was sent before it was seen to be gone says nothing of who stands by.

    Args:
        faults: Which, and of which regions that is expected.
        sends: All of them.
        shown: Message to whom it was first shown when.
        homes: User to the region where they live.
    """
    findings, measured = Findings("takeover"), dict[str, Measured]()
    sent = list(sends)
    for fault in faults:
        if not fault.expects.taken_over:
            continue
        answered: dict[str, tuple[float, Send]] = {}
        for send in sent:
            home = homes.get(send.author, send.region)
            if home in fault.expects.taken_over and fault.since <= send.invoked < fault.lifted:
                at = _answered(send, shown)
                answered[send.author] = min((at, send), answered.get(send.author, (inf, send)), key=lambda one: one[0])
        findings.judged += len(answered)
        for author, (at, send) in answered.items():
            if at > fault.lifted:
                what = f"{author}, whose region was gone, was answered by nobody before it was back"
                findings.found(what, fault.name, author, f"op {send.op}", lines=(fault.line, send.line))
        regions = {homes.get(author, send.region) for author, (_, send) in answered.items()}
        for region in sorted(set(fault.expects.taken_over) - regions):
            findings.doubt(f"nobody of {region} wrote while it was gone", fault.name, lines=(fault.line,))
        if answered:
            took = max(at for at, _ in answered.values()) - fault.since
            measured[fault.name] = Measured(fault.name, orphans=len(answered), served_again=took)
    return findings, measured


def _answered(send: Send, shown: Mapping[str, Mapping[str, float]]) -> float:
    """Return when a send had been accepted, and shown to somebody else, or was refused; never, if it was not."""
    others = (at for user, at in shown.get(send.message or "", {}).items() if user != send.author)
    return min(send.refused, max(send.accepted, min(others, default=inf)))
