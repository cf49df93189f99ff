"""Whether this region may decide, as each of its processes knows: `replication.holding` with a clock, and somebody who asks.

kinds     pure: what sort of decision a body wants
clock     CLOCK_BOOTTIME, and which run of it
tenure    what a process knows of its region's lease, and how it stands by that
renewal   asks the directory for it in the background, well before it ends; while that says nothing, who stands by
stand_in  asks who stands by
promising at the site of who stands by: renews, and promises not to claim meanwhile; what claims notes it there first
repository  SQL of what was promised, in a small database beside the copies
metrics   how long it still runs, and whether the region is islanded
errors    what is refused without it

    gateway, projector ─▶ renewal ─▶ directory
            │                └─────▶ stand_in ═ POST /internal/lease ═▶ promising ◀─ who claims
            └───────────▶ tenure ─▶ replication.holding.deciding
"""
