"""Entries may say how many characters they have."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind
from tests.builds.next_schema import EXPAND, HEAD, identifier

revision = identifier(EXPAND)
down_revision = identifier(HEAD)
KIND = Kind.EXPAND


def upgrade() -> None:
    """Add the column, empty: who does not know it leaves it so."""
    execute("ALTER TABLE entries ADD COLUMN IF NOT EXISTS characters INT")
