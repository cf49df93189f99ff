"""What regions see of each other, and which of them are taken for down by it."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0006"
down_revision = "0005"
KIND = Kind.EXPAND


def upgrade() -> None:
    """Add the tables."""
    execute(
        """
        CREATE TABLE IF NOT EXISTS sightings (
            region TEXT NOT NULL,
            teller TEXT NOT NULL,
            told_at BIGINT NOT NULL,
            report TEXT NOT NULL,
            PRIMARY KEY (region, teller)
        )
        """,
        """
        CREATE TABLE IF NOT EXISTS proposals (
            region TEXT NOT NULL PRIMARY KEY,
            epoch INT NOT NULL,
            since BIGINT NOT NULL,
            witnesses TEXT NOT NULL,
            doubted BIGINT NOT NULL
        )
        """,
    )
