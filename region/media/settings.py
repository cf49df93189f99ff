"""Settings of the blob store, for whoever uses it, and of the media service."""

from pathlib import Path

from pydantic import Field

from infra.blobs import Place
from infra.settings import RegionalSettings, ServiceSettings


class BlobSettings(ServiceSettings):
    """Where the blob store is: SeaweedFS, or any S3 elsewhere.

    Attributes:
        s3_url: As services reach it; empty: this region has none, and takes no images or files.
        s3_public_url: As devices reach it; the same if it is empty.
        s3_bucket: In which this region's blobs are; made at the start if it is not there.
        s3_area: What the store calls its own region.
        s3_credentials: File with `{"access_key": …, "secret_key": …}`; without it, what the machine has, such as its role.
    """

    s3_url: str = ""
    s3_public_url: str = ""
    s3_bucket: str = Field("causeway", min_length=3, max_length=63)
    s3_area: str = "us-east-1"
    s3_credentials: Path | None = None

    @property
    def place(self) -> Place | None:
        """Where blobs are; None if this region has no blob store."""
        if not self.s3_url:
            return None
        return Place(self.s3_url, self.s3_public_url or self.s3_url, self.s3_bucket, self.s3_area, self.s3_credentials)


class MediaSettings(RegionalSettings, BlobSettings):
    """Settings of the media service.

    Attributes:
        media_host: Address to listen on for other regions.
        media_port: Port to listen on for them.
        media_peers: Other region to the URL of its media service, as JSON.
        media_workers: How many blobs are checked or fetched at a time.
        media_orphan_seconds: After which an upload that was not completed is removed, and a blob to which no message ever referred and that is nobody's picture; a copy of another region's likewise.
        media_pinned_seconds: After which a blob is removed that a message was to refer to, which came to nothing, or that was a picture and is none any more.
        media_collect_seconds: Between two looks for those.
    """

    media_host: str = "127.0.0.1"
    media_port: int = Field(ge=0, le=65535)
    media_peers: dict[str, str] = Field(default_factory=dict)
    media_workers: int = Field(3, ge=1, le=32)
    media_orphan_seconds: int = Field(24 * 3600, ge=1)
    media_pinned_seconds: int = Field(30 * 24 * 3600, ge=1)
    media_collect_seconds: float = Field(60.0, gt=0)
