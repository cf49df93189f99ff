"""What revisions are written with: plain statements, each a transaction of its own."""

from alembic import op
from sqlalchemy import text


def execute(*statements: str) -> None:
    """Run statements, one after the other."""
    for statement in statements:
        op.execute(statement)


def execute_on_postgresql(*statements: str) -> None:
    """Run statements on PostgreSQL alone; written down, they are marked as such."""
    if op.get_context().as_sql:
        op.execute("-- the following on PostgreSQL alone")
    elif "CockroachDB" in str(op.get_bind().execute(text("SELECT version()")).scalar_one()):
        return
    execute(*statements)
