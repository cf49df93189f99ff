"""Leases: until when a region's duties are held, who stands by, and who has everything that is final."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0003"
down_revision = "0002"
KIND = Kind.EXPAND


def upgrade() -> None:
    """Add the table."""
    execute(
        """
        CREATE TABLE IF NOT EXISTS duties (
            region TEXT NOT NULL PRIMARY KEY,
            epoch INT NOT NULL,
            standby TEXT NOT NULL,
            keepers TEXT NOT NULL,
            promised_until BIGINT NOT NULL,
            laid_down BOOLEAN NOT NULL
        )
        """,
    )
