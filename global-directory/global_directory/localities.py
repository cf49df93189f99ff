"""Where rows rest, and what the database survives: what only CockroachDB understands; run there alone, and not yet run anywhere.

Written from the manual, since no CockroachDB can be installed where this was made; the `live` tests run it on a real one.

- regions: https://www.cockroachlabs.com/docs/stable/multiregion-overview, https://www.cockroachlabs.com/docs/stable/alter-database
- GLOBAL, REGIONAL BY ROW AS: https://www.cockroachlabs.com/docs/stable/table-localities,
  https://www.cockroachlabs.com/docs/stable/alter-table#set-locality
- survival: https://www.cockroachlabs.com/docs/stable/multiregion-survival-goals (a region's failure needs three regions)
"""

from collections.abc import Mapping
from typing import Final

from global_directory.schema import DUTIES, EPOCHS, HANDLES, PROPOSALS, REGIONS, SIGHTINGS, SIGNING_KEYS

SURVIVES_A_REGION: Final = 3
"""Regions that a database must have before it can survive the failure of one."""


def statements(database: str, clusters: Mapping[str, str]) -> list[str]:
    """Return the statements that place the directory's tables; they may be run again.

    Homes and the region registry are GLOBAL: read in every region without a trip over the sea, written slowly. Signing keys
    and duties follow their region: REGIONAL BY ROW, written fast at home and read elsewhere now and then. A region that joins
    later has these in the primary region, until the computed column is made anew.

    Args:
        database: Name of the database.
        clusters: Region of the federation to region of the cluster; the first is the database's primary region.
    """
    if not clusters:
        return []
    name, (primary, *others) = _identifier(database), dict.fromkeys(clusters.values())
    cases = " ".join(f"WHEN {_text(region)} THEN {_text(cluster)}" for region, cluster in clusters.items())
    placed = [f"ALTER DATABASE {name} SET PRIMARY REGION {_identifier(primary)}"]
    placed += [f"ALTER DATABASE {name} ADD REGION IF NOT EXISTS {_identifier(other)}" for other in others]
    if len(others) + 1 >= SURVIVES_A_REGION:
        placed.append(f"ALTER DATABASE {name} SURVIVE REGION FAILURE")
    placed += [f"ALTER TABLE {table.name} SET LOCALITY GLOBAL" for table in (HANDLES, REGIONS)]
    computed = f"CASE region {cases} ELSE {_text(primary)} END"
    column = f"cluster_region crdb_internal_region NOT NULL AS ({computed}) STORED"
    for table in (DUTIES, EPOCHS, SIGHTINGS, PROPOSALS, SIGNING_KEYS):
        placed.append(f"ALTER TABLE {table.name} ADD COLUMN IF NOT EXISTS {column}")
        placed.append(f"ALTER TABLE {table.name} SET LOCALITY REGIONAL BY ROW AS cluster_region")
    return placed


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
