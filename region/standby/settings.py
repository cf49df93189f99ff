"""What the standby service needs: where this region's changes are offered, and whose it takes in."""

from typing import Final

from pydantic import BaseModel, Field

from infra import zones as legal
from infra.errors import SettingsError
from infra.settings import RegionalSettings
from region.media.settings import BlobSettings


class Origin(BaseModel, frozen=True, extra="forbid"):
    """A region whose store is copied here.

    Attributes:
        gate: Where its changes are offered, as reached from here: HOST:PORT.
        port: Where this region's PostgreSQL enters the way there, which begins in this process.
        bucket: In this region's blob store, for the bytes of its images and files; empty: `causeway-` and its name.
    """

    gate: str = Field(pattern=r"^[^:\s]+:\d{1,5}$")
    port: int = Field(ge=1, le=65535)
    bucket: str = Field(default="", pattern=r"^$|^[a-z0-9.-]{3,63}$")

    @property
    def address(self) -> tuple[str, int]:
        """Where its changes are offered."""
        host, _, port = self.gate.rpartition(":")
        return host, int(port)


class StandbySettings(RegionalSettings, BlobSettings):
    """What the standby service needs.

    Attributes:
        gate_host: The address at which this region's changes are offered to its standby.
        gate_port: The port of it.
        stands_by_for: Region to where its changes are offered, of each that this one stands by for.
        approach_host: Under which this region's PostgreSQL reaches this process.
        media_peers: Other region to the URL of its media service, as JSON, for the bytes of images and files.
    """

    gate_host: str = "127.0.0.1"
    gate_port: int = Field(default=0, ge=0, le=65535)
    stands_by_for: dict[str, Origin] = Field(default_factory=dict)
    approach_host: str = "127.0.0.1"
    media_peers: dict[str, str] = Field(default_factory=dict)

    def check(self) -> None:
        """Check that others are named, and that there is something to do.

        Raises:
            SettingsError: They are not, or there is not.
        """
        known = ", ".join(self.others) or "there is none"
        if self.standby and self.standby not in self.others:
            raise SettingsError(problems=f"CAUSEWAY_STANDBY: name one of the other regions ({known}), or nobody")
        if strange := sorted(set(self.stands_by_for) - set(self.others)):
            raise SettingsError(problems=f"CAUSEWAY_STANDS_BY_FOR: {', '.join(strange)}: no other region ({known})")
        regions = (self.region, *self.others)
        if wrong := legal.wrong(self.legal_zones, regions, dict.fromkeys(self.stands_by_for, self.region)):
            raise SettingsError(problems=f"CAUSEWAY_STANDS_BY_FOR: {wrong}")
        if not self.standby and not self.stands_by_for:
            raise SettingsError(problems=f"CAUSEWAY_STANDBY, CAUSEWAY_STANDS_BY_FOR: {NOTHING}")


NOTHING: Final = "nobody stands by, and nobody is stood by for; leave the service standby out"
