"""Legal zones: which regions may hold each other's data. Where none are named all of them may. Pure."""

import re
from collections.abc import Collection, Mapping
from typing import Final

ENTRY: Final = re.compile(r"([a-z][a-z0-9]*)\s*=\s*([a-z0-9-]+)")


def read(text: str) -> dict[str, str]:
    """Read regions' zones, such as `us=americas,eu=europe`.

    Raises:
        ValueError: An entry, which is the error's words, does not name a region and a zone (a-z, 0-9, '-'), or names a region that was named before.
    """
    found: dict[str, str] = {}
    for entry in filter(None, (word.strip() for word in text.split(","))):
        named = ENTRY.fullmatch(entry)
        if named is None or named[1] in found:
            raise ValueError(entry)
        found[named[1]] = named[2]
    return found


def wrong(zones: Mapping[str, str], regions: Collection[str], standbys: Mapping[str, str]) -> str:
    """Return why a federation must not be run like that; empty if it may.

    Args:
        zones: Region to its zone; empty: one for all.
        regions: All that there are.
        standbys: Region to the one that may take its duties over, where one may.
    """
    if not zones:
        return ""
    if set(zones) != set(regions):
        return f"name the zone of each of {', '.join(regions)}, and of no other, or of none: then all are in one"
    for region, standby in standbys.items():
        if not are_one(zones, region, standby):
            return (
                f"{standby} ({zones.get(standby, 'no zone')}) may not stand by for {region} ({zones.get(region, 'no zone')}):"
                f" it would hold all that people of {region} write. Let another region of {region}'s zone do it, or nobody"
            )
    return ""


def are_one(zones: Mapping[str, str], one: str, other: str) -> bool:
    """Whether two regions are in one legal zone."""
    return zones.get(one) == zones.get(other)
