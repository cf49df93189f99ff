"""What an ingester is configured with."""

from pydantic import Field

from infra.settings import RegionalSettings


class IngesterSettings(RegionalSettings):
    """Settings of an ingester.

    Attributes:
        peers: Other region to the URL of its internal port, as JSON; asked for what the mirror skipped.
        repair_patience: How long a stream stays parked at a gap while its origin does not answer, seconds.
        repair_retry: Until a hole is asked for again at first, seconds; the pause doubles while nothing comes.
        ingester_silence: After how many seconds in which nothing came from an origin, not even a heartbeat, its condition no longer holds.
    """

    peers: dict[str, str] = Field(default_factory=dict)
    repair_patience: float = Field(30, gt=0, le=3600)
    repair_retry: float = Field(10, gt=0, le=3600)
    ingester_silence: float = Field(30, gt=5, le=3600)
