"""Devices say which refresh token was shown again last."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0008"
down_revision = "0007"
KIND = Kind.EXPAND

STATEMENTS = (
    # repeated: the last generation that was shown again, since its answer was lost or by a thief; 0 for none.
    "ALTER TABLE devices ADD COLUMN IF NOT EXISTS repeated BIGINT NOT NULL DEFAULT 0",
)


def upgrade() -> None:
    """Add what is missing."""
    execute(*STATEMENTS)
