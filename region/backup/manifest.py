"""What a backup says of itself, what stands against restoring it, and which are kept. Pure."""

import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from replication.turns.records import Phase, Turn

FORMAT: Final = 1
KEPT: Final = 7
"""Whole backups of a region that are kept, if no setting says otherwise."""
UNFINISHED_SECONDS: Final = 24 * 3600
"""After that what has no manifest is no backup that is just being made."""
_ID: Final = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")


class Piece(msgspec.Struct, frozen=True):
    """One object of a backup.

    Attributes:
        name: Its name in the backup.
        size: Bytes.
        sha256: Hexadecimal digits.
    """

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says of itself; it is written last, so what has one is whole.

    Attributes:
        format: Of this manifest.
        backup_id: When it was begun; see `new_id`.
        region: Whose store.
        site: At which site its duties were decided.
        made_at: When the store was as it is in it, microseconds since the epoch.
        made_by: The operator.
        incarnation: Of the store.
        epoch: In which the duties were.
        life: Of the store, as its standby knows it; empty if it has none.
        revision: Of its schema.
        contracted: By which revision that was contracted.
        partitions: Of the journal.
        offsets: Partition to where its journal is decided up to.
        rows: Table to rows.
        dump: The store, as `pg_restore` reads it.
        blobs: A line of JSON for each object of a blob that the store refers to and has.
        blob_count: Such objects.
    """

    format: int
    backup_id: str
    region: str
    site: str
    made_at: int
    made_by: str
    incarnation: int
    epoch: int
    life: str
    revision: int
    contracted: int
    partitions: int
    offsets: dict[int, int]
    rows: dict[str, int]
    dump: Piece
    blobs: Piece
    blob_count: int

    @property
    def turn(self) -> Turn:
        """What the store said of whose turn it was."""
        return Turn(self.region, self.incarnation, self.epoch, self.site)


class BlobLine(msgspec.Struct, frozen=True):
    """An object of a blob; `size` is -1 for a thumbnail, whose size nobody has noted."""

    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Situation:
    """What is found where a backup is to be restored.

    Attributes:
        region: Whose store is to be replaced.
        site: At which site.
        partitions: Of the journal there.
        ends: Partition to the end of its journal.
        holder: Who has the duties, as the directory says.
        epoch: In which.
        incarnation: Of the holder's store.
        laid_down: Whether its lease was given back.
        present: What the store says that is to be replaced; None if there is none.
        alive: Services that work on that store.
    """

    region: str
    site: str
    partitions: int
    ends: Mapping[int, int]
    holder: str
    epoch: int
    incarnation: int
    laid_down: bool
    present: Turn | None
    alive: Collection[str]


def objections(manifest: Manifest, found: Situation) -> list[str]:
    """Return what stands against restoring a backup; nothing if it may be.

    It may where nothing has gone beyond it: the region holds its duties in the same epoch and life, and its journal ends where the backup has
    decided it. Then what the other regions and devices have is all in it, and the region goes on as if nothing had been.
    """
    held = (found.holder, found.epoch, found.incarnation)
    beyond = {p: end - manifest.offsets.get(p, 0) for p, end in found.ends.items()}
    more = sum(left for left in beyond.values() if left > 0)
    lost = any(left < 0 for left in beyond.values()) or set(found.ends) != set(manifest.offsets)
    wrong = {
        f"it is a backup of {manifest.region}": manifest.region != found.region,
        f"it is of format {manifest.format}, and this version reads {FORMAT}": manifest.format != FORMAT,
        f"it was made at {manifest.site}, and this is {found.site}": manifest.site != found.site,
        f"it has {manifest.partitions} partitions, and the journal {found.partitions}": manifest.partitions
        != found.partitions,
        f"{found.holder} holds the duties in epoch {found.epoch}, incarnation {found.incarnation}, and it is of {manifest.site}, epoch {manifest.epoch}, incarnation {manifest.incarnation}": held
        != (manifest.site, manifest.epoch, manifest.incarnation),
        "the lease is laid down": found.laid_down,
        f"{more} records were accepted after it, which other regions and devices may know of": more > 0,
        "the journal ends before it, so the journal lost records": lost,
        f"services work on the store: {', '.join(sorted(found.alive))}": bool(found.alive),
        "the store is being handed over": found.present is not None and found.present.phase is not Phase.SERVING,
    }
    return [what for what, is_so in wrong.items() if is_so]


def new_id(now: int, digit: str) -> str:
    """Return the id of a backup that is begun now; of two the later one sorts behind.

    Args:
        now: Microseconds since the epoch.
        digit: A hexadecimal one, random.
    """
    seconds, left = divmod(now, 1_000_000)
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(seconds))}-{left:05x}{digit}"


def is_id(name: str) -> bool:
    """Whether that is the id of a backup."""
    return _ID.fullmatch(name) is not None


def too_old(whole: Sequence[str], unfinished: Mapping[str, float], *, keep: int, made: str = "") -> list[str]:
    """Return the backups that are to be removed, the oldest first: whole ones beyond so many, and what was never finished.

    Args:
        whole: Ids of those that have a manifest.
        unfinished: Id to seconds since it was begun, of those that have none.
        keep: How many whole ones are kept; the newest always is.
        made: The one that was just made, which stays whatever the clock says that named it.
    """
    kept = set(sorted(whole)[-max(1, keep) :])
    given_up = {name for name, age in unfinished.items() if age > UNFINISHED_SECONDS}
    return sorted(((set(whole) - kept) | given_up) - {made})
