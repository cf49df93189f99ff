"""Regions say where devices reach their images and files."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0007"
down_revision = "0006"
KIND = Kind.EXPAND


def upgrade() -> None:
    """Add what is missing; what an older version announces has none."""
    execute("ALTER TABLE regions ADD COLUMN IF NOT EXISTS blobs_url TEXT NOT NULL DEFAULT ''")
