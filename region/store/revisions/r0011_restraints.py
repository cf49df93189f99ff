"""Users block others, and say who may begin to write to them."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0011"
down_revision = "0010"
KIND = Kind.EXPAND

STATEMENTS = (
    """
    CREATE TABLE IF NOT EXISTS blocks (
        blocker TEXT NOT NULL,
        blocked TEXT NOT NULL,
        blocked_at BIGINT NOT NULL,
        PRIMARY KEY (blocker, blocked)
    )
    """,
    # writers: who may begin to write to the user, everyone or friends; who has no row has never said.
    """
    CREATE TABLE IF NOT EXISTS writers (
        user_id TEXT PRIMARY KEY,
        who TEXT NOT NULL
    )
    """,
)


def upgrade() -> None:
    """Add what is missing."""
    execute(*STATEMENTS)
