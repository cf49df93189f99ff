"""Where a region's duties can be: its store, its Kafka and its blobs at a site, as the services there are told."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.blobs import Place
from infra.errors import CausewayError
from infra.local import homes, toolchain
from infra.local.errors import NotRunningError
from infra.local.parts import Part
from infra.local.topology import lay_out
from infra.topics import incoming_topic, journal_topic
from infra.zones import read as read_zones


class NoOtherSiteError(CausewayError):
    """No other region may take the duties of {region} over. Bring the federation up with one: `causeway up --standby {region}=eu`."""

    code = "no-other-site"
    status = 409
    definite = True


class NoSuchRegionError(CausewayError):
    """There is no region {region} in this federation."""

    code = "no-region"
    status = 404
    definite = True


@dataclass(frozen=True, slots=True)
class Seat:
    """What a region's duties have at a site.

    Attributes:
        region: Whose duties.
        site: At which region's site.
        store: URL of the store.
        kafka: Bootstrap servers.
        partitions: Of the journal.
        others: The other regions.
        blobs: The blob store; None if there is none.
        services: The services that are to serve there.
        health: URLs at which their processes tell how they are.
        zones: Region to its legal zone; empty where there is one for all.
    """

    region: str
    site: str
    store: str
    kafka: str
    partitions: int
    others: tuple[str, ...]
    blobs: Place | None
    services: frozenset[str]
    health: tuple[str, ...]
    zones: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def is_home(self) -> bool:
        """Whether this is the region's own site: elsewhere its store is a copy that follows, until it is begun with."""
        return self.site == self.region

    @property
    def journal(self) -> str:
        """The topic of the journal."""
        return journal_topic(self.region, self.site)

    def incoming(self, origin: str) -> str:
        """Return the topic by which another region's records come, if that one is at home."""
        return incoming_topic(origin, self.region, held_at=origin, site=self.site)


def find(region: str) -> dict[str, Seat]:
    """Return the seats of a region's duties in the local federation, by site: its own first.

    Raises:
        NotRunningError: There is no local federation.
        NoOtherSiteError: Nobody else may hold them.
    """
    seats = _seats(region)
    if len(seats) < 2:  # noqa: PLR2004 — home, and the other one
        raise NoOtherSiteError(region=region)
    return seats


def home_of(region: str) -> Seat:
    """Return the seat of a region's duties at its own site, whether or not somebody else may hold them.

    Raises:
        NotRunningError: There is no local federation.
        NoSuchRegionError: It has no such region.
    """
    seats = _seats(region)
    if region not in seats:
        raise NoSuchRegionError(region=region)
    return seats[region]


def _seats(region: str) -> dict[str, Seat]:
    home = homes.home()
    if not (home / homes.DESCRIPTION).exists():
        raise NotRunningError(home=home)
    federation = homes.read_federation(home)
    parts = [part for part in lay_out(federation, toolchain.find()).parts.values() if part.services]
    seats: dict[str, Seat] = {}
    for site in (region, federation.standbys.get(region, "")):
        mine = [part for part in parts if part.region == site and part.env.get("CAUSEWAY_REGION") == region]
        if mine:
            admins = [part.ports["admin"] for part in mine if services_of([part])]
            seats[site] = _seat(region, site, mine[0].env, services_of(mine), admins)
    return seats


def services_of(parts: Sequence[Part]) -> frozenset[str]:
    """Return the services of those parts that work on the store; the standby's only lets it be copied, or looks after copies, all the while."""
    others = {"edge", "standby", "takeover"}
    return frozenset(service for part in parts for service in part.services if service not in others)


def tools() -> Path:
    """Return where PostgreSQL's programs are."""
    named = os.environ.get("CAUSEWAY_POSTGRES_BIN")
    return Path(named) if named else toolchain.find().postgres


def _seat(region: str, site: str, env: Mapping[str, str], services: frozenset[str], admins: list[int]) -> Seat:
    place = None
    if url := env.get("CAUSEWAY_S3_URL"):
        place = Place(url, url, env["CAUSEWAY_S3_BUCKET"], credentials=Path(env["CAUSEWAY_S3_CREDENTIALS"]))
    return Seat(
        region=region,
        site=site,
        store=env["CAUSEWAY_STORE"],
        kafka=env["CAUSEWAY_KAFKA"],
        partitions=int(env["CAUSEWAY_PARTITIONS"]),
        others=tuple(name for name in env["CAUSEWAY_REGIONS"].split(",") if name != region),
        blobs=place,
        services=services,
        health=tuple(f"http://127.0.0.1:{port}/health" for port in admins),
        zones=read_zones(env.get("CAUSEWAY_ZONES", "")),
    )
