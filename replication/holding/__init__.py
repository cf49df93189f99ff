"""Who holds a region's duties, in which epoch, and what becomes of a log when that changes: pure decisions.

lease       a right that ends by itself, on two clocks of which neither is trusted
standby     the promise of who may take over, while the directory is silent
duty        what the directory says of a region's duties, and what may change it
deciding    what a region may decide now
paths       which epoch numbered a log up to which seq, and how far two logs are the same
following   what a region does with what it is told, in which epoch
takeover    what a new holder collects, and with which log its epoch begins
detecting   whether a region is down for everybody: never on one witness
anew        what was taken out, is submitted anew, and is numbered once

    duty ◀─ claim ─ standby        takeover ─▶ paths ─▶ following ─ tail ─▶ anew ─▶ the holder of the new epoch
     └─ promise ─▶ lease ─▶ deciding

Services run `lease` and `deciding` so far, and the directory `duty`, without priming, and `detecting`. `docs/failover.md` draws the protocol; `tests/unit/replication/holding` explores it.
"""
