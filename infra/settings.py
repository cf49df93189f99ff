"""Typed settings, read once from the environment (`CAUSEWAY_*`) or a file, and checked at start."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra import zones as legal
from infra.errors import SettingsError

REGION_PATTERN = r"^[a-z][a-z0-9]{1,7}$"


class ServiceSettings(BaseSettings):
    """What every service needs; a component's settings inherit from this.

    Attributes:
        instance: Name of this process, unique in its region, such as `us/front`.
        admin_port: Where `/health` and `/metrics` are served, on loopback or the pod's address.
        admin_host: The address to bind it to.
        log_level: One of debug, info, warning, error.
        tls_certificate: Path of the certificate (PEM, with what leads to the authority) with which this process calls and is called.
        tls_key: Path of its private key (PEM), readable by this process alone.
        tls_authorities: Path of the certificates (PEM) of the authorities that others are judged by. All three, or none: plain text.
    """

    model_config = SettingsConfigDict(env_prefix="CAUSEWAY_", env_file=".env", extra="ignore", frozen=True)

    instance: str = Field(min_length=1)
    admin_port: int = Field(ge=0, le=65535)
    admin_host: str = "127.0.0.1"
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$")
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tls_authorities: Path | None = None


class RegionalSettings(ServiceSettings):
    """What every service of a region needs.

    Attributes:
        region: This region's name.
        site: At whose site this process runs, if not at the region's own: then it serves duties that are held elsewhere than at home.
        regions: All regions of the federation, this one among them, comma-separated in the environment.
        partitions: How many partitions the journal and each relay topic has; fixed for an incarnation.
        kafka: Bootstrap servers, comma-separated.
        kafka_replication: How often Kafka keeps each record of a topic that is made; 0: on as many brokers as there are then, at most 3.
        store: URL of the region's PostgreSQL (or CockroachDB).
        redis: URL of the region's Redis.
        standby: The region that may take this one's duties over, named alike for all of its services; empty for nobody.
        standbys: Which regions may take over whose duties in all of the federation, such as `us=eu,ap=us`, named alike everywhere; empty for none.
        zones: In which legal zone each region of the federation is, such as `us=americas,eu=europe`, named alike everywhere; empty: one for all.
        directory: URL of the directory service, as reached from here.
        aside_records: How many records of one topic may be kept aside that nothing takes in by itself, and how many above gaps; of further ones it is told.
        aside_bytes: How many bytes they may have.
    """

    region: str = Field(pattern=REGION_PATTERN)
    site: str = Field(default="", pattern=rf"^$|{REGION_PATTERN}")
    regions: str
    partitions: int = Field(ge=1, le=4096)
    kafka: str
    kafka_replication: int = Field(default=0, ge=0, le=9)
    store: str
    redis: str
    directory: str
    standby: str = Field(default="", pattern=rf"^$|{REGION_PATTERN}")
    standbys: str = Field(default="", pattern=r"^$|^[a-z0-9]+=[a-z0-9]+(,[a-z0-9]+=[a-z0-9]+)*$")
    zones: str = ""
    aside_records: int = Field(default=10_000, ge=1, le=1_000_000)
    aside_bytes: int = Field(default=64 * 1024 * 1024, ge=1_000_000)

    @property
    def here(self) -> str:
        """The region at whose site this process runs: who holds the duties, if it is they that hold."""
        return self.site or self.region

    @property
    def sites(self) -> dict[str, str]:
        """Region to the other one at whose site its duties may be held, where there is one."""
        return read_pairs(self.standbys)

    @property
    def legal_zones(self) -> dict[str, str]:
        """Region to its legal zone; empty where there is one for all."""
        return legal.read(self.zones)

    @field_validator("zones")
    @classmethod
    def _no_standby_elsewhere(cls, value: str, info: ValidationInfo) -> str:
        """Refuse a standby in another legal zone than its region; the settings that it is about were read before."""
        known = info.data
        regions = [name.strip() for name in known.get("regions", "").split(",") if name.strip()]
        own = {known.get("region", ""): known["standby"]} if known.get("standby") else {}
        try:
            named = legal.read(value)
        except ValueError as error:
            problem = f"'{error}' does not say in which zone a region is, or says it twice: write such as us=americas"
        else:
            problem = legal.wrong(named, regions, read_pairs(known.get("standbys", ""))) or legal.wrong(
                named, regions, own
            )
        if problem:
            raise ValueError(problem)
        return value

    @property
    def others(self) -> tuple[str, ...]:
        """The other regions, sorted."""
        return tuple(sorted({name.strip() for name in self.regions.split(",")} - {self.region}))


def read_pairs(text: str) -> dict[str, str]:
    """Read what is given of regions, such as `us=eu,ap=us`."""
    pairs = (pair.partition("=") for pair in text.split(",") if pair)
    return {region: given for region, _, given in pairs}


S = TypeVar("S", bound=ServiceSettings)


def read(kind: type[S]) -> S:
    """Read settings of that kind from the environment.

    Raises:
        SettingsError: One or more are missing or wrong; the message names each.
    """
    from_environment: Callable[[], S] = kind
    try:
        return from_environment()
    except ValidationError as error:
        problems = "; ".join(
            f"CAUSEWAY_{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg'].lower()}"
            for item in error.errors()
        )
        raise SettingsError(problems=problems) from error
