"""The tables of a region's store, as they were when revisions began.

For PostgreSQL and CockroachDB alike, so no sequences, domains, LISTEN or advisory locks; every statement may be run again. What only
PostgreSQL understands stands in `POSTGRES_ONLY`.
"""

from infra.schema.operations import execute, execute_on_postgresql
from infra.schema.revisions import Kind

revision = "0001"
down_revision = None
KIND = Kind.EXPAND

TABLES = (
    # One row: which incarnation of which region this store belongs to.
    """
    CREATE TABLE IF NOT EXISTS region_state (
        region TEXT PRIMARY KEY,
        incarnation INT NOT NULL,
        epoch INT NOT NULL,
        partitions INT NOT NULL
    )
    """,
    # The projector's offset row, compared and set in its transaction: that fences a zombie.
    """
    CREATE TABLE IF NOT EXISTS journal_partitions (
        partition INT PRIMARY KEY,
        next_offset BIGINT NOT NULL,
        position BIGINT NOT NULL,
        updated_at BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS users (
        user_id TEXT PRIMARY KEY,
        handle TEXT NOT NULL,
        folded_handle TEXT NOT NULL,
        display_name TEXT NOT NULL,
        password_hash TEXT NOT NULL,
        reservation TEXT NOT NULL,
        home_epoch INT NOT NULL,
        confirmed BOOLEAN NOT NULL,
        created_at BIGINT NOT NULL
    )
    """,
    "CREATE INDEX IF NOT EXISTS users_folded_handle ON users (folded_handle)",
    """
    CREATE TABLE IF NOT EXISTS devices (
        user_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        name TEXT NOT NULL,
        family TEXT NOT NULL,
        generation INT NOT NULL,
        created_at BIGINT NOT NULL,
        revoked_at BIGINT,
        PRIMARY KEY (user_id, device_id)
    )
    """,
    # head: the last seq up to which nothing is missing; message_count: the running count there; position: of its newest change.
    """
    CREATE TABLE IF NOT EXISTS conversations (
        conversation_id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        head BIGINT NOT NULL,
        epoch INT NOT NULL,
        message_count BIGINT NOT NULL,
        opened BOOLEAN NOT NULL,
        held INT NOT NULL,
        position BIGINT NOT NULL,
        updated_at BIGINT NOT NULL
    )
    """,
    # sent: messages of the member up to head; read_count and read_sent: the conversation's and the member's counts at read.
    """
    CREATE TABLE IF NOT EXISTS members (
        conversation_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        home TEXT NOT NULL,
        received BIGINT NOT NULL,
        read BIGINT NOT NULL,
        sent BIGINT NOT NULL,
        read_count BIGINT NOT NULL,
        read_sent BIGINT NOT NULL,
        position BIGINT NOT NULL,
        PRIMARY KEY (conversation_id, user_id)
    )
    """,
    "CREATE INDEX IF NOT EXISTS members_by_user ON members (user_id, conversation_id)",
    # Clustered by seq within a conversation; entries above the head are held until what is missing has come.
    """
    CREATE TABLE IF NOT EXISTS entries (
        conversation_id TEXT NOT NULL,
        seq BIGINT NOT NULL,
        epoch INT NOT NULL,
        incarnation INT NOT NULL,
        message_count BIGINT NOT NULL,
        kind TEXT NOT NULL,
        message_id TEXT NOT NULL,
        author TEXT NOT NULL,
        recipient TEXT NOT NULL,
        author_home TEXT NOT NULL,
        client_message_id TEXT NOT NULL,
        content_hash BYTEA NOT NULL,
        text TEXT NOT NULL,
        sent_at BIGINT NOT NULL,
        position BIGINT NOT NULL,
        PRIMARY KEY (conversation_id, seq)
    )
    """,
    "CREATE INDEX IF NOT EXISTS entries_by_message ON entries (message_id)",
    # Submissions that the author's home (or the owner, before the conversation is opened) keeps until they are decided.
    """
    CREATE TABLE IF NOT EXISTS pendings (
        message_id TEXT PRIMARY KEY,
        conversation_id TEXT NOT NULL,
        author TEXT NOT NULL,
        waits_for TEXT NOT NULL,
        position BIGINT NOT NULL,
        ordinal BIGINT NOT NULL,
        submitted_at BIGINT NOT NULL,
        record BYTEA NOT NULL
    )
    """,
    "CREATE INDEX IF NOT EXISTS pendings_by_conversation ON pendings (conversation_id, ordinal)",
    """
    CREATE TABLE IF NOT EXISTS refusals (
        message_id TEXT PRIMARY KEY,
        conversation_id TEXT NOT NULL,
        author TEXT NOT NULL,
        client_message_id TEXT NOT NULL,
        code TEXT NOT NULL,
        detail TEXT NOT NULL,
        content_hash BYTEA NOT NULL,
        epoch INT NOT NULL,
        position BIGINT NOT NULL,
        refused_at BIGINT NOT NULL
    )
    """,
    "CREATE INDEX IF NOT EXISTS refusals_by_author ON refusals (author, position)",
    # Poison: records that could not be read or applied, kept aside.
    """
    CREATE TABLE IF NOT EXISTS poison (
        partition INT NOT NULL,
        journal_offset BIGINT NOT NULL,
        reason TEXT NOT NULL,
        value BYTEA,
        found_at BIGINT NOT NULL,
        PRIMARY KEY (partition, journal_offset)
    )
    """,
    # What fan-out and the forwarder follow.
    """
    CREATE TABLE IF NOT EXISTS outputs (
        partition INT NOT NULL,
        first BIGINT NOT NULL,
        last BIGINT NOT NULL,
        committed_at BIGINT NOT NULL,
        payload BYTEA NOT NULL,
        PRIMARY KEY (partition, first)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS relay_rows (
        destination TEXT NOT NULL,
        partition INT NOT NULL,
        incarnation INT NOT NULL,
        epoch INT NOT NULL,
        first BIGINT NOT NULL,
        last BIGINT NOT NULL,
        positions BIGINT[] NOT NULL,
        batch_first BIGINT NOT NULL,
        PRIMARY KEY (destination, partition, incarnation, epoch, first)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS followers (
        name TEXT NOT NULL,
        partition INT NOT NULL,
        position BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        PRIMARY KEY (name, partition)
    )
    """,
)

POSTGRES_ONLY = (
    # Batches and texts are near the size at which PostgreSQL tries to compress; that costs more than it saves here.
    "ALTER TABLE outputs ALTER COLUMN payload SET STORAGE EXTERNAL",
    "ALTER TABLE entries ALTER COLUMN text SET STORAGE EXTERNAL",
    "ALTER TABLE entries SET (toast_tuple_target = 8160)",
)


def upgrade() -> None:
    """Make what is missing."""
    execute(*TABLES)
    execute_on_postgresql(*POSTGRES_ONLY)
