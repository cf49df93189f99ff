"""Tables of the directory as this version uses them; `revisions` make them, and `localities` says where their rows rest."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, Table, Text

METADATA: Final = MetaData()

HANDLES: Final = Table(
    "handles",
    METADATA,
    # Folded: this is what makes a handle unique, whoever races for it.
    Column("folded", Text, primary_key=True),
    Column("handle", Text, nullable=False),
    Column("user_id", Text, nullable=False, unique=True),
    Column("home", Text, nullable=False),
    Column("home_epoch", Integer, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("token", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("reserved_until", BigInteger, nullable=False),
)

REGIONS: Final = Table(
    "regions",
    METADATA,
    Column("region", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("incarnation", Integer, nullable=False),
    Column("public_url", Text, nullable=False),
    Column("gateway_url", Text, nullable=False),
    Column("announced_at", BigInteger, nullable=False),
    Column("blobs_url", Text, nullable=False),
)

# The key keeps a region's rows together, so that they can rest there. That an id is no other region's spans rows: it is judged
# in the transaction, which only SERIALIZABLE makes safe.
SIGNING_KEYS: Final = Table(
    "signing_keys",
    METADATA,
    Column("region", Text, primary_key=True),
    Column("kid", Text, primary_key=True),
    Column("public_jwk", Text, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("not_after", BigInteger),
)

# Of the epoch that it names; holder and incarnation stand in the registry above.
DUTIES: Final = Table(
    "duties",
    METADATA,
    Column("region", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("standby", Text, nullable=False),
    Column("keepers", Text, nullable=False),
    Column("promised_until", BigInteger, nullable=False),
    Column("laid_down", Boolean, nullable=False),
)

# Begun by a claim, or ended by one. standby: who was named as it began; laid_down: that it ended by its holder's own will.
EPOCHS: Final = Table(
    "epochs",
    METADATA,
    Column("region", Text, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("incarnation", Integer, nullable=False),
    Column("standby", Text, nullable=False),
    Column("laid_down", Boolean, nullable=False),
)

# What a region's processes see of others, as JSON; told_at: by the directory's clock.
SIGHTINGS: Final = Table(
    "sightings",
    METADATA,
    Column("region", Text, primary_key=True),
    Column("teller", Text, primary_key=True),
    Column("told_at", BigInteger, nullable=False),
    Column("report", Text, nullable=False),
)

# Regions that are taken for down. doubted: since when something speaks against it; -1 if nothing does.
PROPOSALS: Final = Table(
    "proposals",
    METADATA,
    Column("region", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("witnesses", Text, nullable=False),
    Column("doubted", BigInteger, nullable=False),
)

EXPULSIONS: Final = Table(
    "expulsions",
    METADATA,
    Column("region", Text, primary_key=True),
    Column("expelled_at", BigInteger, nullable=False),
)

# Of people who run the deployment; no users.
OPERATORS: Final = Table(
    "operators",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("tried_at", BigInteger, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("added_by", Text, nullable=False),
)

# What they did, and were refused; nothing is taken out of it.
OPERATIONS: Final = Table(
    "operations",
    METADATA,
    Column("operation_id", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("came_by", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
)
