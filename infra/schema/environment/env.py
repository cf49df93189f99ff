"""What alembic runs for each of our upgrades: over the connection that `infra.schema.worker` gives it, or into a text."""

# ruff: noqa: INP001 — alembic runs it; nobody can import it

from alembic import context

from infra.schema.repository import VERSION_TABLE

if context.is_offline_mode():
    context.configure(dialect_name="cockroachdb", version_table=VERSION_TABLE)
else:
    context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
