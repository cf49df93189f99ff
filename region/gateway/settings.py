"""Settings of the gateway."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from infra.deadlines import USUAL_SECONDS
from infra.errors import SettingsError
from infra.settings import RegionalSettings
from region.gateway.acknowledging import Late, Mode
from region.gateway.guards import Allowances
from region.gateway.rates import Rate
from region.media.settings import BlobSettings


def _read(value: object) -> object:
    return Rate.read(value) if isinstance(value, str) else value


Often = Annotated[Rate, NoDecode, BeforeValidator(_read)]
"""Such as `10/300`: ten in 300 seconds, all at once if need be."""


class GatewaySettings(RegionalSettings, BlobSettings):
    """Settings of the gateway.

    Attributes:
        gateway_host: Address to listen on for other regions' edges.
        gateway_port: Port to listen on for them.
        gateway_url: Where they reach it.
        public_url: Where devices reach this region.
        peers: Other region to its gateway's URL, as JSON; asked which devices were logged out there, and who stands by for the lease.
        web: Directory of the built web app; nothing is served of one where there is none.
        signing_key: Path to the region's Ed25519 private key, PKCS#8 PEM.
        store_connections: The most connections to the store.
        acknowledgement: What `accepted` promises where a conversation says nothing: `local`, this region has it; `replicated`, its standby, too.
        replicated_wait: How long the standby may take with what is to be `replicated`, seconds.
        replicated_late: What is answered after that: `unknown`, or `local`.
        request_seconds: After how long a request is answered without what it waits for.
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
        most_arriving: How many devices may be on their way in, connected and not welcomed.
        most_sockets: How many devices may be connected.
        rate_register: Accounts made, by address; each of these such as `30/3600`.
        rate_register_through: Accounts made, by the other region that carries them.
        rate_login_address: Logins tried, by address.
        rate_login_handle: Logins tried, by handle and address; passwords tried when one is changed, by user.
        rate_login_anywhere: Logins tried, by handle from everywhere.
        rate_login_through: Logins tried, by the other region that carries them.
        rate_connect: WebSockets opened, and tokens refreshed, by device.
        rate_connect_user: WebSockets opened, by user.
        rate_find: Searches for users, and in one's own history, each by who searches.
        rate_look: What is read for which another region is asked, by user.
        rate_presence: Questions how friends are there, by user and gateway.
        rate_profile: Changes of one's profile, by user; as often blocks, and reports.
        rate_send_device: Messages sent, and marks raised over HTTP, by device.
        rate_send_user: The same, by user.
        rate_rejected: Tokens shown that no region has signed, to refresh or to connect, by address.
        rate_frames: Frames of any kind, by connection.
        rate_upload: Uploads begun, by user.
        blob_quota: Bytes of images and files that one user may have.
        blob_uploads: Uploads that one user may have begun and not completed.
        blob_address_seconds: How long addresses of the blob store are good.
    """

    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(ge=0, le=65535)
    gateway_url: str
    public_url: str
    peers: dict[str, str] = Field(default_factory=dict)
    web: Path = Path("/nonexistent")
    signing_key: Path
    store_connections: int = Field(12, ge=2, le=200)
    acknowledgement: Mode = Mode.LOCAL
    replicated_wait: float = Field(3.0, gt=0, le=10)
    replicated_late: Late = Late.UNKNOWN
    request_seconds: float = Field(USUAL_SECONDS, gt=0, le=300)
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
    most_arriving: int = Field(1_000, ge=1)
    most_sockets: int = Field(20_000, ge=1)
    rate_register: Often = Rate(30, 3600)
    rate_register_through: Often = Rate(1_000, 3600)
    rate_login_address: Often = Rate(60, 60)
    rate_login_handle: Often = Rate(10, 300)
    rate_login_anywhere: Often = Rate(50, 600)
    rate_login_through: Often = Rate(2_000, 60)
    rate_connect: Often = Rate(30, 60)
    rate_connect_user: Often = Rate(120, 60)
    rate_send_device: Often = Rate(1_000, 10)
    rate_send_user: Often = Rate(2_000, 10)
    rate_find: Often = Rate(60, 60)
    rate_look: Often = Rate(600, 60)
    rate_presence: Often = Rate(120, 60)
    rate_profile: Often = Rate(20, 60)
    rate_rejected: Often = Rate(60, 60)
    rate_frames: Often = Rate(5_000, 5)
    rate_upload: Often = Rate(120, 60)
    blob_quota: int = Field(10 * 1024**3, ge=0)
    blob_uploads: int = Field(30, ge=1)
    blob_address_seconds: int = Field(900, ge=10, le=24 * 3600)

    def check(self) -> None:
        """Check that what is promised can be kept.

        Raises:
            SettingsError: It cannot.
        """
        if self.acknowledgement is Mode.REPLICATED and not self.standby:
            problem = "CAUSEWAY_ACKNOWLEDGEMENT: with replicated somebody has to stand by; name it with CAUSEWAY_STANDBY, or use local"
            raise SettingsError(problems=problem)

    @property
    def allowances(self) -> Allowances:
        """How often what may be done, for the guards."""
        return Allowances(
            register=self.rate_register,
            register_through=self.rate_register_through,
            login_address=self.rate_login_address,
            login_handle=self.rate_login_handle,
            login_anywhere=self.rate_login_anywhere,
            login_through=self.rate_login_through,
            connect=self.rate_connect,
            connect_user=self.rate_connect_user,
            send_device=self.rate_send_device,
            send_user=self.rate_send_user,
            upload=self.rate_upload,
            find=self.rate_find,
            look=self.rate_look,
            profile=self.rate_profile,
            rejected=self.rate_rejected,
        )
