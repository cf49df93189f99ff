"""Images and files: which messages refer to them, and what this region has of them."""

from infra.schema.operations import execute
from infra.schema.revisions import Kind

revision = "0006"
down_revision = "0005"
KIND = Kind.EXPAND

STATEMENTS = (
    # Which entries refer to a blob; what they say of it stands in their bodies. Written with the entry, by the projector.
    """
    CREATE TABLE IF NOT EXISTS attachments (
        blob_id TEXT NOT NULL,
        conversation_id TEXT NOT NULL,
        seq BIGINT NOT NULL,
        PRIMARY KEY (blob_id, conversation_id, seq)
    )
    """,
    # What the blob store of this region has or is to have. owner: who brought it; empty if it was fetched from another region.
    # state: uploading, checking, fetching, ready, refused, removing. upload_id: of a multipart upload, the store's.
    # received: bytes that were fetched. claimed_until: somebody works on it until then. pinned_at: a message referred to it then.
    """
    CREATE TABLE IF NOT EXISTS blobs (
        blob_id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        size BIGINT NOT NULL,
        content_type TEXT NOT NULL,
        checksum TEXT NOT NULL,
        width INT NOT NULL DEFAULT 0,
        height INT NOT NULL DEFAULT 0,
        blur TEXT NOT NULL DEFAULT '',
        state TEXT NOT NULL,
        problem TEXT NOT NULL DEFAULT '',
        upload_id TEXT NOT NULL DEFAULT '',
        received BIGINT NOT NULL DEFAULT 0,
        claimed_by TEXT NOT NULL DEFAULT '',
        claimed_until BIGINT NOT NULL DEFAULT 0,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        pinned_at BIGINT NOT NULL DEFAULT 0
    )
    """,
    "CREATE INDEX IF NOT EXISTS blobs_by_owner ON blobs (owner)",
    "CREATE INDEX IF NOT EXISTS blobs_by_state ON blobs (state, claimed_until)",
)


def upgrade() -> None:
    """Add the tables."""
    execute(*STATEMENTS)
