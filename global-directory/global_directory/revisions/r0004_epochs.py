"""Epochs that were begun by a claim: who was named to stand by, and how those before them ended."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0004"
down_revision = "0003"
KIND = Kind.EXPAND


def upgrade() -> None:
    """Add the table."""
    execute(
        """
        CREATE TABLE IF NOT EXISTS epochs (
            region TEXT NOT NULL,
            epoch INT NOT NULL,
            holder TEXT NOT NULL,
            incarnation INT NOT NULL,
            standby TEXT NOT NULL,
            laid_down BOOLEAN NOT NULL,
            PRIMARY KEY (region, epoch)
        )
        """,
    )
