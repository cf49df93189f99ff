"""Public channels can be found by the beginning of any word of their names, in the region that owns them."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0012"
down_revision = "0011"
KIND = Kind.EXPAND

STATEMENTS = (
    # BYTEA for the reason that user_starts has.
    """
    CREATE TABLE IF NOT EXISTS channel_starts (
        text BYTEA NOT NULL,
        channel_id TEXT NOT NULL,
        PRIMARY KEY (text, channel_id)
    )
    """,
    "CREATE INDEX IF NOT EXISTS channel_starts_by_channel ON channel_starts (channel_id)",
)


def upgrade() -> None:
    """Add what is missing."""
    execute(*STATEMENTS)
