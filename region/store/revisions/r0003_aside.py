"""Poison is kept with where it comes from, why it is aside, and what was done about it; revision 4 moves what was kept before."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0003"
down_revision = "0002"
KIND = Kind.EXPAND

STATEMENTS = (
    # place: the offset, which is a word of SQL. kind: unreadable, impossible, newer, or behind a newer one of the same key.
    # wanted: a replay that somebody asked for, until it was tried.
    """
    CREATE TABLE IF NOT EXISTS aside (
        source TEXT NOT NULL,
        partition INT NOT NULL,
        place BIGINT NOT NULL,
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        reason TEXT NOT NULL,
        value BYTEA,
        found_at BIGINT NOT NULL,
        wanted_at BIGINT,
        wanted_by TEXT NOT NULL DEFAULT '',
        tried_at BIGINT,
        replayed_at BIGINT,
        PRIMARY KEY (source, partition, place)
    )
    """,
)


def upgrade() -> None:
    """Add the table."""
    execute(*STATEMENTS)
