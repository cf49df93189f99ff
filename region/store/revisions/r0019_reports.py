"""Open reports are found by who is reported and by who reports; closed ones are forgotten after a while."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0019"
down_revision = "0018"
KIND = Kind.EXPAND

STATEMENTS = (
    # 0 while it is open, and where an older version closed it.
    "ALTER TABLE reports ADD COLUMN IF NOT EXISTS closed_at BIGINT NOT NULL DEFAULT 0",
    "CREATE INDEX IF NOT EXISTS reports_open_by_user ON reports (user_id) WHERE closed_how = ''",
    "CREATE INDEX IF NOT EXISTS reports_open_by_reporter ON reports (reporter, user_id, message_id) WHERE closed_how = ''",
    "CREATE INDEX IF NOT EXISTS reports_closed ON reports (reported_at) WHERE closed_how <> ''",
)


def upgrade() -> None:
    """Add what is missing."""
    execute(*STATEMENTS)
