"""A store says at whose site its region's duties are decided, so that it can be handed over; and how far what comes from elsewhere was taken in by then."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0020"
down_revision = "0019"
KIND = Kind.EXPAND

STATEMENTS = (
    # holder: empty: the region itself. phase: empty: the holder serves; draining: it accepts nothing more; handed: nobody serves, the holder is to begin.
    "ALTER TABLE region_state ADD COLUMN IF NOT EXISTS holder TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE region_state ADD COLUMN IF NOT EXISTS phase TEXT NOT NULL DEFAULT ''",
    # Of one handing over: a copy that has the same one was made since.
    "ALTER TABLE region_state ADD COLUMN IF NOT EXISTS mark TEXT NOT NULL DEFAULT ''",
    # What an ingester had taken in when it ended for good in an epoch: its progress, as in the metadata of its commits.
    """
    CREATE TABLE IF NOT EXISTS intakes (
        way TEXT NOT NULL,
        partition INT NOT NULL,
        epoch INT NOT NULL,
        progress TEXT NOT NULL,
        PRIMARY KEY (way, partition)
    )
    """,
)


def upgrade() -> None:
    """Add what is missing."""
    execute(*STATEMENTS)
