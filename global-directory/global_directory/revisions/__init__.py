"""The revisions of the directory's store, one file each, numbered from 1; one that was released is never changed."""

from pathlib import Path
from typing import Final

from infra.schema.revisions import Schema

SCHEMA: Final = Schema("directory", (Path(__file__).parent,), knows=7, needs=7)
"""What this version's software knows, and needs."""
