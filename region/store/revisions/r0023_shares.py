"""Several projectors share a journal's partitions: which are alive, and which of them has what."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0023"
down_revision = "0022"
KIND = Kind.EXPAND

STATEMENTS = (
    # Of this database alone, so in a schema that no copy has; not logged, since after a crash all of them come by anew.
    "CREATE SCHEMA IF NOT EXISTS sharing",
    # backend, begun: the connection over which it comes by; with it ends its life.
    """
    CREATE UNLOGGED TABLE IF NOT EXISTS sharing.projectors (
        instance TEXT PRIMARY KEY,
        until TIMESTAMPTZ NOT NULL,
        backend INT NOT NULL,
        begun TIMESTAMPTZ NOT NULL
    )
    """,
    "CREATE UNLOGGED TABLE IF NOT EXISTS sharing.partitions (partition INT PRIMARY KEY, instance TEXT NOT NULL)",
    # A role that may not see when others' connections began sees a null there.
    """
    CREATE OR REPLACE VIEW sharing.alive AS
    SELECT p.instance FROM sharing.projectors p
    WHERE p.until > clock_timestamp()
        AND EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = p.backend AND coalesce(a.backend_start, p.begun) = p.begun)
    """,
)


def upgrade() -> None:
    """Add what is missing."""
    execute(*STATEMENTS)
