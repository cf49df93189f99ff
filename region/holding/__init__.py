"""Whether this region may decide, as each of its processes knows: `replication.holding` with a clock, and somebody who asks.

kinds     pure: what sort of decision a body wants
clock     CLOCK_BOOTTIME, and which run of it
tenure    what a process knows of its region's lease, and how it stands by that
renewal   asks the directory for it in the background, well before it ends
metrics   how long it still runs, and whether the region is islanded
errors    what is refused without it

    gateway, projector ─▶ renewal ─▶ directory
            └───────────▶ tenure ─▶ replication.holding.deciding
"""
