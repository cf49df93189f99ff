"""Each partition of the journal says in which epoch it was first noted in the journal's Kafka how far it is decided: so another journal is known by knowing nothing of that."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0022"
down_revision = "0021"
KIND = Kind.EXPAND

# Epochs begin at 1: of what an older version has projected it is noted when this one starts.
STATEMENTS = ("ALTER TABLE journal_partitions ADD COLUMN IF NOT EXISTS noted_epoch BIGINT NOT NULL DEFAULT 0",)


def upgrade() -> None:
    """Add what is missing."""
    execute(*STATEMENTS)
