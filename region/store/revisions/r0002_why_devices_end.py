"""Devices say when they were last refreshed, and why they were logged out."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0002"
down_revision = "0001"
KIND = Kind.EXPAND

STATEMENTS = (
    # refreshed_at: when the present generation was given; revoked_why: a code, empty if somebody logged it out.
    "ALTER TABLE devices ADD COLUMN IF NOT EXISTS refreshed_at BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE devices ADD COLUMN IF NOT EXISTS revoked_why TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX IF NOT EXISTS devices_revoked_at ON devices (revoked_at)",
)


def upgrade() -> None:
    """Add what is missing."""
    execute(*STATEMENTS)
