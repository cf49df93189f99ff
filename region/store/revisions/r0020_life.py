"""A store tells its lives apart, and how far a copy of it has come: by a row of its own, which is copied like any other."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0020"
down_revision = "0019"
KIND = Kind.EXPAND

STATEMENTS = (
    # One row. life: random, made once; beat_at: the last beat, by the store's own clock. Whoever has the row has everything from before.
    """
    CREATE TABLE IF NOT EXISTS store_life (
        one INT PRIMARY KEY,
        life TEXT NOT NULL,
        beat_at BIGINT NOT NULL
    )
    """,
)


def upgrade() -> None:
    """Add what is missing."""
    execute(*STATEMENTS)
