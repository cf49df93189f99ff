"""Users, groups and channels have pictures; a group's and a channel's reference stands in its details."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0016"
down_revision = "0015"
KIND = Kind.EXPAND

STATEMENTS = (
    # picture: of what stands for the user, encoded; empty for nothing.
    "ALTER TABLE users ADD COLUMN IF NOT EXISTS picture BYTEA NOT NULL DEFAULT ''",
    # Which blob stands for whom: a user at home here, or a conversation that is here. Written with it, by the projector.
    "CREATE TABLE IF NOT EXISTS pictures (holder TEXT PRIMARY KEY, blob_id TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS pictures_by_blob ON pictures (blob_id)",
)


def upgrade() -> None:
    """Add what is missing."""
    execute(*STATEMENTS)
