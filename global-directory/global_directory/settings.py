"""Settings of the directory's process."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from infra.errors import SettingsError
from infra.settings import ServiceSettings
from replication.holding.acting import Policy
from replication.holding.lease import MILLION


class DirectorySettings(ServiceSettings):
    """What the directory needs.

    Attributes:
        directory_store: URL of its CockroachDB, or of the PostgreSQL that stands in for one.
        directory_port: Where its HTTP API is served.
        directory_host: The address to bind it to.
        directory_connections: The most connections to its store.
        lease_seconds: How long a lease lasts that is granted to a region's holder.
        directory_localities: Region of the federation to region of the CockroachDB cluster, JSON; the first is the primary.
        regions: All regions of the federation, comma-separated: who may call, over TLS.
        operator_key: Path of the Ed25519 private key (PEM) by which operators' sessions are signed; without it no operator can act.
        operator_session_seconds: How long an operator's session is good.
        takeover: What follows when regions take another one for down: `propose` tells operators; with `automatic` its standby takes over by itself.
        takeover_pause: For how long after operators had moved a region's duties nothing takes them over by itself, seconds.
        reservation_ttl: How long a handle stays reserved without being confirmed, seconds.
    """

    directory_store: str = Field(pattern=r"^(postgres|postgresql|cockroachdb)(\+psycopg)?://")
    directory_port: int = Field(ge=0, le=65535)
    directory_host: str = "127.0.0.1"
    directory_connections: int = Field(8, ge=1, le=256)
    directory_localities: dict[str, str] = Field(default_factory=dict)
    regions: str = ""
    reservation_ttl: float = Field(120.0, gt=0, le=86400)
    lease_seconds: float = Field(6.0, ge=1, le=300)
    operator_key: Path | None = None
    operator_session_seconds: int = Field(3600, ge=60, le=12 * 3600)
    takeover: Literal["propose", "automatic"] = "propose"
    takeover_pause: float = Field(600.0, ge=0, le=30 * 86400)

    def check(self) -> None:
        """Check that what is wanted can be done.

        Raises:
            SettingsError: It cannot.
        """
        if self.takeover == "automatic" and self.operator_key is None:
            problem = (
                "CAUSEWAY_TAKEOVER: automatic needs CAUSEWAY_OPERATOR_KEY, by which the passes of takeovers are signed"
            )
            raise SettingsError(problems=problem)

    @property
    def policy(self) -> Policy:
        """What follows when a region is taken for down."""
        return Policy(automatic=self.takeover == "automatic", pause=int(self.takeover_pause * MILLION))
