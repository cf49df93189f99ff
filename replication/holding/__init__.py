"""Who holds a region's duties, in which epoch, and what becomes of a log when that changes: pure decisions.

lease       a right that ends by itself, on two clocks of which neither is trusted
standby     the promise of who may take over, while the directory is silent
duty        what the directory says of a region's duties, and what may change it
deciding    what a region may decide now

    standby ─ claim ─▶ duty ─ grant ─▶ lease ─▶ deciding

No service runs this yet; `tests/unit/replication/holding` explores it.
"""
