"""Whose turn it is to serve a region's duties: what the region's store says, which may lie at another region's site.

records     what a store says of it, and who may serve by that: pure
repository  SQL: reads it, and hands the turn over
takeover_repository  SQL: takes it without a plan, and notes what is missing from the copy
places      where commands find a region's store and journal
decided     how far a journal was decided, as it is noted beside it: so a store that went back is known
waiting     runs a service's work while it is its turn

    service ─▶ waiting ─▶ records
                  └─────▶ repository ◀─ who evacuates

A store is where a region's duties are decided, and there is one of each: so what it says of who may work on it needs no clock and no network. That
no other store decides at the same time is the directory's affair (`replication.holding`).
"""
