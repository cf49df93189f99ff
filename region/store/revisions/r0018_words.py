"""Messages are found by their words."""

from alembic import op
from sqlalchemy import text

from infra.schema.operations import execute_on_postgresql
from infra.schema.revisions import Kind
from region.store import words

revision = "0018"
down_revision = "0017"
KIND = Kind.EXPAND

_INDEXED = words.INDEXED
_SEARCHED = words.SEARCHED

# Of all messages, also those of before and those that an older version writes. While it is made, writers go on.
# Small, so that no batch waits for long while what was written lately is put in order.
INDEX = (
    f"INDEX CONCURRENTLY IF NOT EXISTS entries_by_words ON entries USING gin ({_INDEXED})"
    f" WITH (gin_pending_list_limit = 512) WHERE {_SEARCHED}"
)
BROKEN = text("SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('entries_by_words') AND NOT indisvalid")
"""What was interrupted while it was made, and is used for nothing."""


def upgrade() -> None:
    """Make what is missing."""
    if not op.get_context().as_sql and op.get_bind().execute(BROKEN).first() is not None:
        execute_on_postgresql("DROP INDEX CONCURRENTLY IF EXISTS entries_by_words")
    execute_on_postgresql(f"CREATE {INDEX}".replace(":", "\\:"))
