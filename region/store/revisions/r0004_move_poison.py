"""What the version before has put aside as poison is moved to where this one looks."""

from sqlalchemy import Connection, text

from infra.schema.revisions import Kind

revision = "0004"
down_revision = "0003"
KIND = Kind.MIGRATE

MOVE = text(
    "WITH old AS (SELECT partition, journal_offset FROM poison ORDER BY partition, journal_offset LIMIT :most),"
    " gone AS (DELETE FROM poison p USING old"
    "  WHERE p.partition = old.partition AND p.journal_offset = old.journal_offset"
    "  RETURNING p.partition, p.journal_offset, p.reason, p.value, p.found_at),"
    " moved AS (INSERT INTO aside (source, partition, place, kind, key, reason, value, found_at)"
    "  SELECT 'journal', partition, journal_offset, 'impossible', '', reason, value, found_at FROM gone"
    "  ON CONFLICT DO NOTHING)"
    " SELECT count(*) FROM gone"
)


def count(connection: Connection) -> int:
    """Return how many rows there are to move."""
    found: int = connection.execute(text("SELECT count(*) FROM poison")).scalar_one()
    return found


def fill_in(connection: Connection, cursor: str, most: int) -> tuple[int, str | None]:
    """Move a batch; return how many rows it had, and None when nothing is left."""
    moved: int = connection.execute(MOVE, {"most": most}).scalar_one()
    return moved, "some are moved" if moved == most else None


def upgrade() -> None:
    """Nothing is left to do when all batches are done."""
