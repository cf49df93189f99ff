"""Entries of the version before are counted."""

from sqlalchemy import Connection, text

from infra.schema.revisions import Kind
from tests.builds.next_schema import EXPAND, MIGRATE, identifier

revision = identifier(MIGRATE)
down_revision = identifier(EXPAND)
KIND = Kind.MIGRATE

NEXT = text(
    "SELECT conversation_id, seq FROM entries WHERE (conversation_id, seq) > (:conversation, :seq)"
    " ORDER BY conversation_id, seq LIMIT :most"
)
FILL_IN = text(
    "UPDATE entries e SET characters = char_length(e.text) FROM unnest(CAST(:conversations AS TEXT[]), CAST(:seqs AS BIGINT[]))"
    " AS k (conversation_id, seq) WHERE e.conversation_id = k.conversation_id AND e.seq = k.seq AND e.characters IS NULL"
)


def count(connection: Connection) -> int:
    """Return how many rows there are to look at."""
    found: int = connection.execute(text("SELECT count(*) FROM entries")).scalar_one()
    return found


def fill_in(connection: Connection, cursor: str, most: int) -> tuple[int, str | None]:
    """Fill in a batch after the cursor; return how many rows it had, and the cursor behind it, None at the end."""
    conversation, _, seq = cursor.partition(" ")
    keys = connection.execute(NEXT, {"conversation": conversation, "seq": int(seq or 0), "most": most}).all()
    if keys:
        connection.execute(FILL_IN, {"conversations": [key[0] for key in keys], "seqs": [key[1] for key in keys]})
    return len(keys), f"{keys[-1][0]} {keys[-1][1]}" if len(keys) == most else None


def upgrade() -> None:
    """Nothing is left to do when all batches are done."""
