"""The schema of the next version: three revisions more than the present one has, whichever those are."""

from dataclasses import replace
from pathlib import Path

import region.store.revisions
from infra.schema.revisions import Schema

HERE = Path(region.store.revisions.__file__).parent
HEAD = len(list(HERE.glob("r[0-9]*.py")))
"""The newest revision of the present version."""

EXPAND, MIGRATE, CONTRACT = HEAD + 1, HEAD + 2, HEAD + 3


def next_schema() -> Schema:
    """What the next version knows, and what it cannot do without."""
    directories = (HERE, Path(__file__).with_name("next_revisions"))
    return replace(region.store.revisions.SCHEMA, directories=directories, knows=CONTRACT, needs=EXPAND)


def identifier(number: int) -> str:
    """How alembic calls a revision."""
    return f"{number:04d}"
