"""Where a region's store, its journal, its blobs and its backups are: in the local federation, or as the settings of its services say."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.blobs import Place
from infra.errors import CausewayError, SettingsError
from infra.topics import journal_topic
from region.backup.manifest import KEPT
from replication.turns.places import environment_of


class NoRegionError(CausewayError):
    """There is no region {region} here: no local federation has it, and CAUSEWAY_REGION does not name it."""

    code = "no-region"
    definite = True


class NowhereError(CausewayError):
    """There is no blob store for backups of {region}: set CAUSEWAY_BACKUP_S3_URL and CAUSEWAY_BACKUP_S3_BUCKET, or give the region one (CAUSEWAY_S3_URL)."""

    code = "no-place-for-backups"
    definite = True


@dataclass(frozen=True, slots=True)
class Site:
    """What a region's duties stand on.

    Attributes:
        region: Whose duties.
        site: At which region's site.
        store: URL of the store.
        kafka: Bootstrap servers.
        partitions: Of the journal.
        standby: Who has a copy of the store; empty for nobody.
        blobs: Where its blobs are; None if it has none.
        backups: Where its backups are.
        keep: How many are kept.
    """

    region: str
    site: str
    store: str
    kafka: str
    partitions: int
    standby: str
    blobs: Place | None
    backups: Place
    keep: int

    @property
    def journal(self) -> str:
        """The topic of the journal."""
        return journal_topic(self.region, self.site)


def find(region: str) -> Site:
    """Return where a region's duties are served now.

    Raises:
        NoRegionError: There is no such region here.
        NowhereError: There is no place for backups.
        SettingsError: A setting is no number.
    """
    named = os.environ.get("CAUSEWAY_REGION") == region and "CAUSEWAY_STORE" in os.environ
    env = os.environ if named else environment_of(region)
    if env is None:
        raise NoRegionError(region=region)
    blobs = _place(env, "CAUSEWAY_S3_")
    backups = _place(os.environ, "CAUSEWAY_BACKUP_S3_") or blobs
    if backups is None:
        raise NowhereError(region=region)
    return Site(
        region=region,
        site=env.get("CAUSEWAY_SITE") or region,
        store=env["CAUSEWAY_STORE"],
        kafka=env["CAUSEWAY_KAFKA"],
        partitions=int(env["CAUSEWAY_PARTITIONS"]),
        standby=env.get("CAUSEWAY_STANDBY", ""),
        blobs=blobs,
        backups=backups,
        keep=_kept(),
    )


def _place(env: Mapping[str, str], prefix: str) -> Place | None:
    url, bucket = env.get(f"{prefix}URL"), env.get(f"{prefix}BUCKET")
    if not url or not bucket:
        return None
    keys = env.get(f"{prefix}CREDENTIALS")
    area = env.get(f"{prefix}AREA") or "us-east-1"
    return Place(url, url, bucket, area=area, credentials=Path(keys) if keys else None)


def _kept() -> int:
    text = os.environ.get("CAUSEWAY_BACKUPS_KEPT") or str(KEPT)
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(problems=f"CAUSEWAY_BACKUPS_KEPT: '{text}' must be a number from 1")
    return int(text)
