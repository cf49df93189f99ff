"""Regions can be expelled from trust."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0002"
down_revision = "0001"
KIND = Kind.EXPAND


def upgrade() -> None:
    """Add the table."""
    execute(
        "CREATE TABLE IF NOT EXISTS expulsions (region TEXT NOT NULL PRIMARY KEY, expelled_at BIGINT NOT NULL)",
    )
