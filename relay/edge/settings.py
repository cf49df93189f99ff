"""What an edge is configured with."""

from pydantic import Field, field_validator

from infra.deadlines import USUAL_SECONDS
from infra.settings import RegionalSettings
from relay.edge.proxies import networks


class EdgeSettings(RegionalSettings):
    """Settings of an edge.

    Attributes:
        public_port: Where devices connect.
        public_host: The address to bind it to.
        public_url: How devices reach it.
        gateway_url: The gateway of this region, for an edge that runs alone.
        peers: Other region to its gateway's URL, as JSON.
        request_seconds: After how long a request is answered without what it waits for.
        trunks: Connections to keep to each gateway in another process.
        trusted_proxies: Networks of what terminates TLS before the edge, comma-separated CIDRs; it is believed about devices' addresses.
        cors_origins: Origins whose web pages may call, comma-separated; `*` for all. Tokens travel in headers, never in cookies.
    """

    public_port: int = Field(ge=0, le=65535)
    public_host: str = "127.0.0.1"
    public_url: str
    gateway_url: str
    peers: dict[str, str] = Field(default_factory=dict)
    request_seconds: float = Field(USUAL_SECONDS, gt=0, le=300)
    trunks: int = Field(2, ge=1, le=16)
    trusted_proxies: str = ""
    cors_origins: str = "*"

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        networks(text)
        return text
