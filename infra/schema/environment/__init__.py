"""The environment in which alembic runs revisions; `env` is run, never imported."""
