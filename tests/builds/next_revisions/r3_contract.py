"""Every entry says how many characters it has; when a partition was moved on is not noted any more."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind
from tests.builds.next_schema import CONTRACT, MIGRATE, identifier

revision = identifier(CONTRACT)
down_revision = identifier(MIGRATE)
KIND = Kind.CONTRACT


def upgrade() -> None:
    """Refuse rows without a count, and drop what only the version before writes."""
    execute(
        "ALTER TABLE entries ALTER COLUMN characters SET NOT NULL",
        "ALTER TABLE journal_partitions DROP COLUMN IF EXISTS updated_at",
    )
