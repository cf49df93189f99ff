"""Settings of the gateway."""

from pathlib import Path

from pydantic import Field

from infra.settings import RegionalSettings


class GatewaySettings(RegionalSettings):
    """Settings of the gateway.

    Attributes:
        gateway_host: Address to listen on for other regions' edges.
        gateway_port: Port to listen on for them.
        gateway_url: Where they reach it.
        public_url: Where devices reach this region.
        peers: Other region to its gateway's URL, as JSON; asked which devices were logged out there.
        signing_key: Path to the region's Ed25519 private key, PKCS#8 PEM.
        store_connections: The most connections to the store.
        access_seconds: How long access tokens are good.
        refresh_seconds: How long refresh tokens are good.
        password_memory: KiB that Argon2id takes a password.
        password_passes: Its iterations.
        password_lanes: Its parallelism.
        passwords_at_once: How many passwords are hashed at a time.
        queue_frames: The most live frames that wait for one device.
        queue_characters: The most characters in them.
        queues_characters: The most characters that wait for all devices; beyond, the slowest are cut off.
        sends_under_way: How many sends of one user may lack an outcome at a time; 0 for any number.
    """

    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(ge=0, le=65535)
    gateway_url: str
    public_url: str
    peers: dict[str, str] = Field(default_factory=dict)
    signing_key: Path
    store_connections: int = Field(12, ge=2, le=200)
    access_seconds: int = Field(15 * 60, ge=10, le=24 * 3600)
    refresh_seconds: int = Field(90 * 24 * 3600, ge=60)
    password_memory: int = Field(19 * 1024, ge=8, le=4 * 1024 * 1024)
    password_passes: int = Field(2, ge=1, le=100)
    password_lanes: int = Field(1, ge=1, le=16)
    passwords_at_once: int = Field(2, ge=1, le=64)
    queue_frames: int = Field(2_000, ge=10)
    queue_characters: int = Field(4 * 1024 * 1024, ge=64 * 1024)
    queues_characters: int = Field(128 * 1024 * 1024, ge=1024 * 1024)
    sends_under_way: int = Field(1_000, ge=0)
