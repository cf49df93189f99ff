"""A lease: a right to act as holder that ends by itself, measured on two clocks of which neither is trusted.

The asker counts from the moment before it asked, on its own clock; who grants counts from the moment after, on another. All that is
assumed is how fast clocks run: each within `drift` of true time. Times are microseconds; a holder's and a standby's on CLOCK_BOOTTIME, which
goes on in a suspended machine and begins anew in a restarted one: therefore a lease names the boot that asked for it. The directory's are
on its nodes' wall clock.
The bound is that of C. Gray and D. Cheriton, Leases (SOSP 1989), section 5.
"""

from dataclasses import dataclass
from typing import Final

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """What all regions agree on about leases.

    Attributes:
        length: How long a lease lasts, on its holder's clock, microseconds.
        drift: By how much any clock may run faster or slower than true time, parts per million.
        margin: How much longer a lease is waited for, microseconds; covers how far clocks of who grants are apart, if it has several.
    """

    length: int = 6_000_000
    drift: int = 1_000
    margin: int = 500_000


USUAL: Final = Terms()


@dataclass(frozen=True, slots=True)
class Ask:
    """A holder's request for a lease, as it goes to the directory or the standby; a grant echoes it.

    Attributes:
        holder: Who asks.
        epoch: In which it holds the duties.
        boot: The run of its machine's clock.
        asked_at: Its clock, before it asked.
    """

    holder: str
    epoch: int
    boot: int
    asked_at: int


@dataclass(frozen=True, slots=True)
class Lease:
    """What a holder has.

    Attributes:
        epoch: For which it is.
        boot: The run of the clock that `until` is read on.
        until: When it ends, on its holder's clock.
    """

    epoch: int
    boot: int
    until: int


@dataclass(frozen=True, slots=True)
class Promise:
    """What who granted a lease keeps to: nobody else acts as holder before.

    Attributes:
        epoch: The epoch that is not ended before.
        until: On the clock of who granted.
    """

    epoch: int
    until: int


def waiting(terms: Terms) -> int:
    """Return how long who grants waits, on its own clock, until a lease has lapsed on any clock: the slowest holder, the fastest waiter."""
    return -(-terms.length * (MILLION + terms.drift) // (MILLION - terms.drift)) + terms.margin


def promise(known: Promise, ask: Ask, now: int, terms: Terms) -> Promise:
    """Return what is promised with a grant; a promise never gets shorter, however late or often it is asked for."""
    return Promise(
        ask.epoch, max(known.until, now + waiting(terms)) if known.epoch == ask.epoch else now + waiting(terms)
    )


def forgotten(epoch: int, now: int, terms: Terms) -> Promise:
    """Return what is to be kept to by who cannot know what it promised: its clock began anew."""
    return Promise(epoch, now + waiting(terms))


def lapsed(promised: Promise, now: int) -> bool:
    """Whether what was promised is over, and with it every lease that was granted on it."""
    return now >= promised.until


def take(known: Lease | None, grant: Ask, epoch: int, boot: int, terms: Terms) -> Lease | None:
    """Return the lease that a holder has after a grant came, which may be late or repeated.

    Args:
        known: The lease so far.
        grant: The request that was granted.
        epoch: In which it holds now.
        boot: The run of its clock now; what an earlier one has asked for cannot be measured any more.
        terms: What all agree on.
    """
    if (grant.epoch, grant.boot) != (epoch, boot):
        return known
    until = grant.asked_at + terms.length
    if known is not None and (known.epoch, known.boot) == (epoch, boot):
        until = max(until, known.until)
    return Lease(epoch, boot, until)


def runs(known: Lease | None, epoch: int, boot: int, now: int) -> bool:
    """Whether a holder has a lease, now."""
    return known is not None and (known.epoch, known.boot) == (epoch, boot) and now < known.until
