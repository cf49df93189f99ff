"""What requests and answers of the directory's HTTP API look like; its app and its client share these.

Times of reservations are microseconds since the epoch; validity of keys is in seconds since the epoch, as in JWT.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import ConfigDict


@dataclass(frozen=True, slots=True)
class ReserveRequest:
    """Asks for a handle.

    Attributes:
        handle: As its owner spells it.
        home_region: Where the user is to live.
        idempotency_key: Repeated with a retry; 1 to 128 characters, hard to guess.
    """

    handle: str
    home_region: str
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """Names a reservation.

    Attributes:
        handle: The reserved handle, in any spelling.
        token: As the reservation gave it.
    """

    handle: str
    token: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """A handle that is kept for somebody.

    Attributes:
        handle: As it is spelled.
        user_id: Fixed by the reservation.
        home: The user's home region.
        home_epoch: Rises with each move.
        token: What confirms or releases it. It is no credential of the user's.
        confirmed: Whether it is permanent.
        reserved_until: Until when nobody else may take it; it can be confirmed later too, unless somebody has.
    """

    handle: str
    user_id: str
    home: str
    home_epoch: int
    token: str
    confirmed: bool
    reserved_until: int


@dataclass(frozen=True, slots=True)
class User:
    """Where a user lives.

    Attributes:
        user_id: The user.
        handle: As its owner spells it.
        home: The home region.
        home_epoch: Rises with each move.
    """

    user_id: str
    handle: str
    home: str
    home_epoch: int


@dataclass(frozen=True, slots=True)
class PublicJwk:
    """The public half of an Ed25519 key (RFC 8037); any other member, such as the private half, is refused.

    Attributes:
        x: The public key, base64url without padding.
        crv: The curve.
        kty: The key type.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    x: str
    crv: Literal["Ed25519"] = "Ed25519"
    kty: Literal["OKP"] = "OKP"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key with which a region signs tokens.

    Attributes:
        kid: Its id, which names this key alone in the whole federation.
        jwk: Its public half.
        not_before: Tokens signed before that are refused, seconds since the epoch.
        not_after: Tokens signed after that are refused, seconds since the epoch; None while the key is in use.
    """

    kid: str
    jwk: PublicJwk
    not_before: int = 0
    not_after: int | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a region's holder says of itself.

    Attributes:
        holder: Who holds the region's duties.
        epoch: Since when; epochs only rise.
        incarnation: Of the region's Kafka and store.
        public_url: Where devices connect.
        gateway_url: Where other regions connect.
        keys: Its signing keys; those it announced earlier stay until their `not_after`.
        standby: Who may take over, as its operator says; it is named for good in the epoch that the first announcement begins. Empty for nobody.
        blobs_url: Where devices reach the holder's images and files; empty if it has none.
    """

    holder: str
    epoch: int
    incarnation: int
    public_url: str
    gateway_url: str
    keys: tuple[SigningKey, ...] = ()
    standby: str = ""
    blobs_url: str = ""


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the federation, as it was last announced.

    Attributes:
        region: Its name.
        holder: The region that holds its duties; normally itself.
        epoch: In which it does.
        incarnation: Of the region's Kafka and store.
        public_url: Where devices connect.
        gateway_url: Where other regions connect.
        announced_at: When it was last announced, microseconds since the epoch.
        keys: Its signing keys.
        blobs_url: Where devices reach its holder's images and files; empty if it has none.
    """

    region: str
    holder: str
    epoch: int
    incarnation: int
    public_url: str
    gateway_url: str
    announced_at: int
    keys: tuple[SigningKey, ...] = ()
    blobs_url: str = ""


@dataclass(frozen=True, slots=True)
class Expulsions:
    """Regions that were expelled from trust, sorted by name."""

    expelled: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Regions:
    """All regions that have announced themselves and are trusted, sorted by name."""

    regions: tuple[Region, ...]
