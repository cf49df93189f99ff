"""Users of before there were searches can be found."""

from sqlalchemy import Connection, text

from infra.schema.revisions import Kind
from region.store.names import starts_of

revision = "0014"
down_revision = "0013"
KIND = Kind.MIGRATE

NEXT = text(
    "SELECT user_id, handle, display_name FROM users WHERE user_id > :after AND confirmed AND findable"
    " ORDER BY user_id LIMIT :most"
)
FILL_IN = text(
    "INSERT INTO user_starts (kind, length, text, user_id)"
    " SELECT s.kind, s.length, s.text, s.user_id FROM unnest(CAST(:kinds AS INT[]), CAST(:lengths AS INT[]),"
    "  CAST(:texts AS BYTEA[]), CAST(:users AS BYTEA[])) AS s (kind, length, text, user_id)"
    " ON CONFLICT DO NOTHING"
)
"""Who is renamed at this very moment may get starts of the old name as well: searches pass over what is not right any more."""


def count(connection: Connection) -> int:
    """Return how many users there are."""
    found: int = connection.execute(text("SELECT count(*) FROM users")).scalar_one()
    return found


def fill_in(connection: Connection, cursor: str, most: int) -> tuple[int, str | None]:
    """Write where searches begin for a batch of users; return how many, and the cursor behind them, None at the end."""
    users = connection.execute(NEXT, {"after": cursor, "most": most}).all()
    starts = [(start, user.user_id.encode()) for user in users for start in starts_of(user.handle, user.display_name)]
    if starts:
        columns = {
            "kinds": [start.kind for start, _ in starts],
            "lengths": [start.length for start, _ in starts],
            "texts": [start.text.encode() for start, _ in starts],
            "users": [user_id for _, user_id in starts],
        }
        connection.execute(FILL_IN, columns)
    return len(users), users[-1].user_id if len(users) == most else None


def upgrade() -> None:
    """Nothing is left to do when all batches are done."""
