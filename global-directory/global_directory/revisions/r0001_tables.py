"""The tables of the directory, as they were when revisions began; each statement may be run again."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0001"
down_revision = None
KIND = Kind.EXPAND

TABLES = (
    """
    CREATE TABLE IF NOT EXISTS handles (
        folded TEXT NOT NULL PRIMARY KEY,
        handle TEXT NOT NULL,
        user_id TEXT NOT NULL UNIQUE,
        home TEXT NOT NULL,
        home_epoch INT NOT NULL,
        confirmed BOOLEAN NOT NULL,
        token TEXT NOT NULL,
        idempotency_key TEXT NOT NULL,
        reserved_until BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS regions (
        region TEXT NOT NULL PRIMARY KEY,
        holder TEXT NOT NULL,
        epoch INT NOT NULL,
        incarnation INT NOT NULL,
        public_url TEXT NOT NULL,
        gateway_url TEXT NOT NULL,
        announced_at BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS signing_keys (
        region TEXT NOT NULL,
        kid TEXT NOT NULL,
        public_jwk TEXT NOT NULL,
        not_before BIGINT NOT NULL,
        not_after BIGINT,
        PRIMARY KEY (region, kid)
    )
    """,
)


def upgrade() -> None:
    """Make what is missing."""
    execute(*TABLES)
