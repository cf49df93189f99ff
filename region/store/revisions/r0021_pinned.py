"""Users pin conversations in their list."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0021"
down_revision = "0020"
KIND = Kind.EXPAND

# What an older version writes is not pinned, and what it changes stays as it is.
STATEMENTS = ("ALTER TABLE preferences ADD COLUMN IF NOT EXISTS pinned BOOLEAN NOT NULL DEFAULT false",)


def upgrade() -> None:
    """Add what is missing."""
    execute(*STATEMENTS)
