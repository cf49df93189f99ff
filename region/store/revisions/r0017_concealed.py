"""Users take messages away from themselves alone: runs of seqs, by user and conversation."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0017"
down_revision = "0016"
KIND = Kind.EXPAND

STATEMENTS = (
    """
    CREATE TABLE IF NOT EXISTS concealed (
        user_id TEXT NOT NULL,
        conversation_id TEXT NOT NULL,
        runs TEXT NOT NULL,
        position BIGINT NOT NULL,
        PRIMARY KEY (user_id, conversation_id)
    )
    """,
)


def upgrade() -> None:
    """Add what is missing."""
    execute(*STATEMENTS)
