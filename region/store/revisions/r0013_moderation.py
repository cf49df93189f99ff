"""Users are reported, moderators look at it, and accounts may be suspended."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0013"
down_revision = "0012"
KIND = Kind.EXPAND

STATEMENTS = (
    # Of users who live here, by users of any region. text: what was reported, as its reader saw it. closed_how: empty while it is open.
    """
    CREATE TABLE IF NOT EXISTS reports (
        report_id TEXT PRIMARY KEY,
        user_id TEXT NOT NULL,
        reporter TEXT NOT NULL,
        message_id TEXT NOT NULL,
        text TEXT NOT NULL,
        reason TEXT NOT NULL,
        reported_at BIGINT NOT NULL,
        closed_how TEXT NOT NULL DEFAULT '',
        closed_by TEXT NOT NULL DEFAULT ''
    )
    """,
    "CREATE INDEX IF NOT EXISTS reports_by_time ON reports (closed_how, reported_at)",
    """
    CREATE TABLE IF NOT EXISTS suspensions (
        user_id TEXT PRIMARY KEY,
        why TEXT NOT NULL,
        suspended_by TEXT NOT NULL,
        suspended_at BIGINT NOT NULL
    )
    """,
    "CREATE TABLE IF NOT EXISTS moderators (user_id TEXT PRIMARY KEY, named_by TEXT NOT NULL)",
)


def upgrade() -> None:
    """Add what is missing."""
    execute(*STATEMENTS)
