"""How a destination gets what its mirror skipped: it asks the origin, over HTTP between the two regions, page by page.

pages    pure: what is asked for, what is answered, and a page out of stored runs
server   the origin's side: an ASGI app around the one that listens on the internal port
metrics  what it counts

    relay.ingester ── GET /internal/stream ─▶ server ─▶ replication.repository
                   ◀──────── Page ───────────┘
"""
