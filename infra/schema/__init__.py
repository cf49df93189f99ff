"""Schema revisions: how a store's tables change from one version to the next while both versions work on them.

revisions   pure: what a revision is, what a store says of itself, and who may work on it
known       which schemas there are, by entry point
repository  SQL: the rows that a store keeps about its own schema
worker      carries revisions out, one worker at a time: expand, migrate, contract
guard       a service's side: it starts only on a schema that it understands, and tells the store that it is alive
operations  what revisions are written with
environment what alembic runs for each upgrade
cli         `causeway schema`

    cli ─▶ worker ─▶ environment ─▶ (revisions of a component) ─▶ store ◀─ repository ◀─ guard ◀─ service
                └─▶ repository
"""
