"""Users have preferences of their own about conversations: muted, archived, marked unread, a draft."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0009"
down_revision = "0008"
KIND = Kind.EXPAND

STATEMENTS = (
    """
    CREATE TABLE IF NOT EXISTS preferences (
        user_id TEXT NOT NULL,
        conversation_id TEXT NOT NULL,
        muted_until BIGINT NOT NULL,
        archived BOOLEAN NOT NULL,
        marked_unread BOOLEAN NOT NULL,
        draft TEXT NOT NULL,
        version BIGINT NOT NULL,
        position BIGINT NOT NULL,
        PRIMARY KEY (user_id, conversation_id)
    )
    """,
)


def upgrade() -> None:
    """Add what is missing."""
    execute(*STATEMENTS)
