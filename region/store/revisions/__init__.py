"""The revisions of the region's store, one file each, numbered from 1; one that was released is never changed.

`docs/operations/upgrade.md` tells when each kind is carried out.
"""

from pathlib import Path
from typing import Final

from infra.schema.revisions import Schema

SCHEMA: Final = Schema("region", (Path(__file__).parent,), knows=23, needs=22)
"""What this version's software knows, and needs."""
