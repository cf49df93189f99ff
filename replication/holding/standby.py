"""A standby's promise: while the directory is silent it may renew the holder's lease, and then does not take over.

What it has claimed must survive its death; what it has promised need not, since who does not know waits.
"""

from dataclasses import dataclass, replace

from replication.holding.lease import Ask, Promise, Terms, forgotten, lapsed, promise


@dataclass(frozen=True, slots=True)
class Watch:
    """What a standby knows of the holder that it stands by.

    Attributes:
        holder: Whose lease it may renew.
        epoch: With which it was named.
        promised: How long it does not take over.
        claimed: Whether it has ever asked the directory for this epoch's end: kept durably, before it asks.
    """

    holder: str
    epoch: int
    promised: Promise
    claimed: bool = False


def renew(watch: Watch, ask: Ask, now: int, terms: Terms) -> Watch | None:
    """Return the watch after a renewal, or None if it must not renew.

    Once it has claimed it never renews in that epoch again, even when its claim was refused: a claim may be under way still, or come
    twice, and be granted after the renewal.
    """
    if watch.claimed or (ask.holder, ask.epoch) != (watch.holder, watch.epoch):
        return None
    return replace(watch, promised=promise(watch.promised, ask, now, terms))


def restarted(watch: Watch, now: int, terms: Terms) -> Watch:
    """Return the watch after the standby's clock began anew: what it promised is unknown, so it waits as long as it can have been."""
    return replace(watch, promised=forgotten(watch.epoch, now, terms))


def claim(watch: Watch, now: int, *, laid_down: bool) -> Watch | None:
    """Return the watch with the claim noted, which is to be kept before it is sent; None if it must not claim now.

    Args:
        watch: What is known.
        now: The standby's clock.
        laid_down: Whether the directory has said that the holder laid its lease down in this epoch: then it has none, whoever renewed it.
    """
    if not laid_down and not lapsed(watch.promised, now):
        return None
    return replace(watch, claimed=True)
