"""Operators, and the trace of what they did and were refused."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0005"
down_revision = "0004"
KIND = Kind.EXPAND


def upgrade() -> None:
    """Add the tables."""
    execute(
        """
        CREATE TABLE IF NOT EXISTS operators (
            name TEXT NOT NULL PRIMARY KEY,
            role TEXT NOT NULL,
            password_hash TEXT NOT NULL,
            generation INT NOT NULL,
            failures INT NOT NULL,
            tried_at BIGINT NOT NULL,
            added_at BIGINT NOT NULL,
            added_by TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE IF NOT EXISTS operations (
            operation_id TEXT NOT NULL PRIMARY KEY,
            at BIGINT NOT NULL,
            who TEXT NOT NULL,
            role TEXT NOT NULL,
            came_by TEXT NOT NULL,
            verb TEXT NOT NULL,
            target TEXT NOT NULL,
            why TEXT NOT NULL,
            result TEXT NOT NULL,
            detail TEXT NOT NULL,
            ended_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX IF NOT EXISTS operations_at ON operations (at)",
    )
