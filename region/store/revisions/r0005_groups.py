"""Conversations of more than two: what they are called, who stands how in them, what of their logs is here; entries of any kind."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0005"
down_revision = "0004"
KIND = Kind.EXPAND

STATEMENTS = (
    # details: encoded; empty for a 1:1 conversation. missing: runs of seqs up to the head that are not here, as text.
    "ALTER TABLE conversations ADD COLUMN IF NOT EXISTS details BYTEA NOT NULL DEFAULT ''",
    "ALTER TABLE conversations ADD COLUMN IF NOT EXISTS missing TEXT NOT NULL DEFAULT ''",
    # since, until_seq: the first and the last seq that the user may see, 0 for none and for no end; hidden: runs between them, as text.
    "ALTER TABLE members ADD COLUMN IF NOT EXISTS role TEXT NOT NULL DEFAULT 'member'",
    "ALTER TABLE members ADD COLUMN IF NOT EXISTS joined BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE members ADD COLUMN IF NOT EXISTS since BIGINT NOT NULL DEFAULT 1",
    "ALTER TABLE members ADD COLUMN IF NOT EXISTS until_seq BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE members ADD COLUMN IF NOT EXISTS hidden TEXT NOT NULL DEFAULT ''",
    # body: encoded, of what the other columns do not hold all of; empty for a plain 1:1 message.
    "ALTER TABLE entries ADD COLUMN IF NOT EXISTS body BYTEA NOT NULL DEFAULT ''",
)


def upgrade() -> None:
    """Add what is missing."""
    execute(*STATEMENTS)
