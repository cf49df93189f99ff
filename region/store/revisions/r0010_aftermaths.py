"""What later entries made of messages: edits, reactions, deletion."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0010"
down_revision = "0009"
KIND = Kind.EXPAND

STATEMENTS = (
    # seq: of the message. state: encoded, with all that is known here, whether or not the message itself is.
    """
    CREATE TABLE IF NOT EXISTS aftermaths (
        conversation_id TEXT NOT NULL,
        seq BIGINT NOT NULL,
        state BYTEA NOT NULL,
        PRIMARY KEY (conversation_id, seq)
    )
    """,
    "CREATE INDEX IF NOT EXISTS attachments_by_entry ON attachments (conversation_id, seq)",
)


def upgrade() -> None:
    """Make what is missing."""
    execute(*STATEMENTS)
