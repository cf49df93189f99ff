"""Where a region's duties are served in the local federation, for commands that work on its store and its journal."""

from collections.abc import Mapping

import psycopg

from infra.local import homes, toolchain
from infra.local.topology import lay_out
from replication.turns.records import may_serve
from replication.turns.repository import read_turn_at


def environment_of(region: str) -> Mapping[str, str] | None:
    """Return the settings of the region's services at the site that serves its duties now; None if there is no such federation, or no region.

    Where nobody may hold them elsewhere, or no store says that it is its turn, that is the region's own.
    """
    home = homes.home()
    if not (home / homes.DESCRIPTION).exists():
        return None
    found: dict[str, Mapping[str, str]] = {}
    for part in lay_out(homes.read_federation(home), toolchain.find()).parts.values():
        if part.env.get("CAUSEWAY_REGION") == region and part.region is not None:
            found.setdefault(part.region, part.env)
    if len(found) > 1:
        for site, env in found.items():
            if _serves(region, site, env["CAUSEWAY_STORE"]):
                return env
    return found.get(region)


def _serves(region: str, site: str, url: str) -> bool:
    try:
        turn = read_turn_at(url)
    except psycopg.Error:
        return False
    return turn is not None and may_serve(turn, region=region, site=site, accepting=False)
