"""What is asked for when a federation is to be brought up: which regions, where, how many brokers and processes, who stands by."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from infra import zones as legal
from infra.local.errors import LocalError

REGIONS = ("us", "eu", "ap")
BASE_PORT = 7000
BROKERS = (1, 3)
PROJECTORS = (1, 2)
FORMAT = 1
Takeover = Literal["propose", "automatic"]
Processes = Literal["default", "separate", "paired", "together", "none"]


class UnknownRegionError(LocalError):
    """There is no region '{region}'; name one or more of {known}, separated by commas."""

    code = "unknown-region"


class CountsError(LocalError):
    """'{text}' does not say how many {what} a region is to have; write such as us={most}, or us={most},eu={most}: {known} are possible."""

    code = "counts"


def read_brokers(text: str) -> dict[str, int]:
    """Read how many brokers regions are to have, such as `us=3`; those that are not named have one, and are left out.

    Raises:
        CountsError: It cannot be read, or is none of the possible numbers.
    """
    return _read_counts(text, BROKERS, "brokers")


def read_projectors(text: str) -> dict[str, int]:
    """Read how many projectors regions are to have, such as `us=2`; as `read_brokers`."""
    return _read_counts(text, PROJECTORS, "projectors")


def _read_counts(text: str, possible: tuple[int, ...], what: str) -> dict[str, int]:
    found = {}
    for entry in filter(None, (word.strip() for word in text.split(","))):
        region, _, number = entry.partition("=")
        if region not in REGIONS or not number.isdecimal() or int(number) not in possible:
            raise CountsError(text=entry, what=what, most=max(possible), known=" and ".join(map(str, possible)))
        found[region] = int(number)
    return {region: found[region] for region in REGIONS if found.get(region, 1) > 1}


class StandbysError(LocalError):
    """'{text}' does not say who is to stand by for whom; write such as us=eu, or us=eu,eu=ap: another of the regions that are brought up."""

    code = "standbys"


class ZonesError(LocalError):
    """It cannot be brought up with these legal zones: {why}. Write such as --zones us=americas,eu=europe,ap=asia."""

    code = "zones"


def read_zones(text: str, regions: tuple[str, ...]) -> dict[str, str]:
    """Read in which legal zone each region is, such as `us=americas,eu=europe`; all are in one where nothing is said.

    Raises:
        ZonesError: It cannot be read, or does not name each region that is brought up, and no other.
    """
    try:
        found = legal.read(text)
    except ValueError as error:
        raise ZonesError(why=f"'{error}' does not say in which zone a region is, or says it twice") from None
    if why := legal.wrong(found, regions, {}):
        raise ZonesError(why=why)
    return {region: found[region] for region in regions if region in found}


def read_standbys(
    text: str, regions: tuple[str, ...], zones: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """Read which regions are to stand by for which, such as `us=eu`; nobody does for those that are not named.

    Args:
        text: Who for whom.
        regions: Those that are brought up.
        zones: Their legal zones; none: one for all.

    Raises:
        StandbysError: It cannot be read, or names a region that is not brought up.
        ZonesError: A standby is in another legal zone than its region.
    """
    found = {}
    for entry in filter(None, (word.strip() for word in text.split(","))):
        region, _, standby = entry.partition("=")
        if not {region, standby} <= set(regions) or region == standby:
            raise StandbysError(text=entry)
        found[region] = standby
    if why := legal.wrong(zones, regions, found):
        raise ZonesError(why=why)
    return {region: found[region] for region in regions if region in found}


class TakeoverError(LocalError):
    """'{text}' does not say what follows when a region is taken for down: {why}."""

    code = "takeover"


def read_takeover(text: str, standbys: Mapping[str, str]) -> Takeover:
    """Read what is to follow when a region is taken for down.

    Raises:
        TakeoverError: It is neither, or nobody could take over.
    """
    if text == "propose":
        return "propose"
    if text != "automatic":
        raise TakeoverError(text=text, why="write propose, or automatic")
    if not standbys:
        raise TakeoverError(text=text, why="nobody stands by for anybody; say who with --standby")
    return "automatic"


def read_regions(text: str) -> tuple[str, ...]:
    """Read regions that a person wrote, such as `us, eu`, into their own order, each once.

    Raises:
        UnknownRegionError: One is not known, or none is named.
    """
    named = {name.strip() for name in text.split(",")} - {""}
    for name in sorted(named - set(REGIONS)) or ([] if named else [text]):
        raise UnknownRegionError(region=name, known=", ".join(REGIONS))
    return tuple(region for region in REGIONS if region in named)


class Federation(msgspec.Struct, frozen=True):
    """What is to be brought up.

    Attributes:
        home: Where all of its data lives.
        regions: Which regions.
        base_port: The first of its ports.
        partitions: Of each journal and relay topic; fixed once there is data.
        processes: `default` runs edge and gateway as one process, `separate` each service as its own, `together` a region's
            services as one, `none` leaves the Python services out, for whoever runs them by hand.
        log_level: Of the Python services.
        build: For tests only: a Python file that runs the services instead of `infra.serve`, with the same arguments.
        format: Of the home's layout.
        brokers: Region to how many brokers its Kafka has, where it has more than one; fixed once there is data.
        projectors: Region to how many projectors share its journal's partitions, where it has more than one.
        standbys: Region to the one that may take its duties over, where one may.
        zones: Region to its legal zone, beyond which nobody stands by; none: one for all.
        takeover: What follows when regions take another one for down: `propose`, or `automatic`, which its standby then does.
        tls: Whether regions meet each other, and the directory, over mutual TLS, and Kafka lets them do no more than they must.
    """

    home: str
    regions: tuple[str, ...] = REGIONS
    base_port: int = BASE_PORT
    partitions: int = 4
    processes: Processes = "default"
    log_level: str = "info"
    build: str = ""
    format: int = FORMAT
    brokers: dict[str, int] = {}
    projectors: dict[str, int] = {}
    standbys: dict[str, str] = {}
    zones: dict[str, str] = {}
    takeover: Takeover = "propose"
    tls: bool = True

    def __post_init__(self) -> None:
        """Check the regions.

        Raises:
            UnknownRegionError: One is not known.
        """
        for region in self.regions:
            if region not in REGIONS:
                raise UnknownRegionError(region=region, known=", ".join(REGIONS))
