"""Users have a status text and may choose not to be found, and searches have where to begin."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0007"
down_revision = "0006"
KIND = Kind.EXPAND

STATEMENTS = (
    "ALTER TABLE users ADD COLUMN IF NOT EXISTS status_text TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE users ADD COLUMN IF NOT EXISTS findable BOOLEAN NOT NULL DEFAULT true",
    # BYTEA, since UTF-8 in bytes has one order whatever the database's collation is, that of code points; and ranges of prefixes follow it.
    # By length before text: the shorter comes first, and a page of them is read without looking at the rest.
    """
    CREATE TABLE IF NOT EXISTS user_starts (
        kind INT NOT NULL,
        length INT NOT NULL,
        text BYTEA NOT NULL,
        user_id BYTEA NOT NULL,
        PRIMARY KEY (kind, length, text, user_id)
    )
    """,
    "CREATE INDEX IF NOT EXISTS user_starts_by_user ON user_starts (user_id)",
)


def upgrade() -> None:
    """Add what is missing."""
    execute(*STATEMENTS)
