"""What waits aside above a gap of its conversation is kept with its seq, by which it is found when the gap has closed."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0015"
down_revision = "0014"
KIND = Kind.EXPAND

STATEMENTS = (
    # 0: it has none, or nothing asks for it. kind may be `held` from now on.
    "ALTER TABLE aside ADD COLUMN IF NOT EXISTS seq BIGINT NOT NULL DEFAULT 0",
)


def upgrade() -> None:
    """Add the column."""
    execute(*STATEMENTS)
