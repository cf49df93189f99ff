"""Access and refresh tokens: Ed25519-signed JWTs that any region can verify with the public key of the one that issued them.

An access token is issued by its user's home, names it (`home`, which must equal `iss`) and lives for minutes. Until users can move,
home is where a user was born, which the user id names: so no region's key is good for users of another. A refresh token
carries (family, generation) of its device, so that whoever holds the home's duties can judge it.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from infra.errors import InvalidTokenError, SettingsError
from replication.ids import is_user_id, region_of

ALGORITHM: Final = "Ed25519"  # RFC 9864's name for EdDSA with this curve
ACCESS: Final = "at+jwt"
REFRESH: Final = "rt+jwt"
LEEWAY: Final = 30
"""How many seconds the clocks of two regions may differ."""
LONGEST: Final = 4096
LONGEST_ACCESS: Final = 24 * 3600
"""No access token is good for more seconds: so what a key that was given up can still forge ends soon."""


class AccessClaims(msgspec.Struct, frozen=True, kw_only=True):
    """What an access token says; times are seconds since the epoch.

    Attributes:
        sub: The user.
        home: The user's home region.
        epoch: The user's home epoch.
        device: The device.
        iss: The region that issued it.
        iat: When.
        exp: Until when it is good.
    """

    sub: str
    home: str
    epoch: int
    device: str
    iss: str
    iat: int
    exp: int


class RefreshClaims(msgspec.Struct, frozen=True, kw_only=True):
    """What a refresh token says; times are seconds since the epoch.

    Attributes:
        sub: The user.
        home: The user's home region.
        device: The device.
        family: Of the device's refresh tokens; new with each login.
        generation: Which of the family it is; each is good once.
        iss: The region that issued it.
        iat: When.
        exp: Until when it is good.
    """

    sub: str
    home: str
    device: str
    family: str
    generation: int
    iss: str
    iat: int
    exp: int


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key with which tokens of one region are verified.

    Attributes:
        kid: Its id.
        region: Whose tokens it signs.
        key: Its public half.
        not_before: Tokens issued before are not good, seconds since the epoch.
        not_after: Tokens issued after are not good, seconds since the epoch; None while it is in use.
    """

    kid: str
    region: str
    key: OKPKey
    not_before: int = 0
    not_after: int | None = None


class Keys(Protocol):
    """Where public keys are had."""

    async def find(self, kid: str) -> PublicKey | None:
        """Return the key of that id; None if no region has announced it."""
        ...


class Signs(Protocol):
    """What signs tokens: one key, or whichever of a ring it is the turn of."""

    def access(self, claims: AccessClaims) -> str:
        """Return a signed access token."""
        ...

    def refresh(self, claims: RefreshClaims) -> str:
        """Return a signed refresh token."""
        ...


class Signer:
    """Signs tokens with a region's private key."""

    def __init__(self, region: str, pem: bytes) -> None:
        """Read the key.

        Raises:
            SettingsError: It is not an Ed25519 key in PKCS#8 PEM.
        """
        try:
            self._key = OKPKey.import_key(pem)
        except (ValueError, JoseError) as error:
            raise SettingsError(problems=f"CAUSEWAY_SIGNING_KEY: not a private key in PEM ({error})") from error
        if self._key.curve_name != ALGORITHM or not self._key.is_private:
            raise SettingsError(problems="CAUSEWAY_SIGNING_KEY: an Ed25519 private key is needed")
        self.region = region
        self.public_x = str(self._key.as_dict(private=False)["x"])
        """The public half, base64url without padding, as in RFC 8037."""
        self.kid = f"{region}.{self._key.thumbprint()[:16]}"
        self.secret = hashlib.blake2b(pem, digest_size=32, person=b"causeway-derive").digest()
        """Derived from the private key, for keyed hashes that only this region can make."""

    def access(self, claims: AccessClaims) -> str:
        """Return a signed access token."""
        return self._sign(ACCESS, claims)

    def refresh(self, claims: RefreshClaims) -> str:
        """Return a signed refresh token."""
        return self._sign(REFRESH, claims)

    def public_key(self) -> PublicKey:
        """Return the public half."""
        return public_key(self.region, self.kid, self.public_x)

    def _sign(self, kind: str, claims: AccessClaims | RefreshClaims) -> str:
        header = {"alg": ALGORITHM, "kid": self.kid, "typ": kind}
        return jws.serialize_compact(header, msgspec.json.encode(claims), self._key, algorithms=[ALGORITHM])


def public_key(region: str, kid: str, x: str, *, not_before: int = 0, not_after: int | None = None) -> PublicKey:
    """Return a region's public key from its announcement; `x` is base64url without padding."""
    key = OKPKey.import_key({"kty": "OKP", "crv": ALGORITHM, "x": x})
    return PublicKey(kid, region, key, not_before, not_after)


def refused(problem: str, reason: str) -> InvalidTokenError:
    """Return the error for a token that is not good.

    Args:
        problem: missing, malformed, unknown-key, forged, foreign, expired or revoked; stable, for programs.
        reason: For people.
    """
    return InvalidTokenError(token_problem=problem, reason=reason)


class Verifier:
    """Verifies access tokens of any region without asking it, and remembers those that were good by their hash."""

    def __init__(self, keys: Keys, clock: Callable[[], float], *, remembered: int = 20_000) -> None:
        """Prepare.

        Args:
            keys: Public keys of all regions.
            clock: Seconds since the epoch.
            remembered: How many good tokens are remembered.
        """
        self._keys = keys
        self._clock = clock
        self._most = remembered
        self._good: OrderedDict[bytes, AccessClaims] = OrderedDict()

    async def access(self, token: str) -> AccessClaims:
        """Return what a good access token says.

        Raises:
            InvalidTokenError: It is not good; the detail `token_problem` says how.
            UnavailableError: Its key is not known here, and the directory cannot be reached.
        """
        digest = hashlib.blake2b(token.encode(errors="surrogatepass"), digest_size=16).digest()
        claims = self._good.get(digest)
        if claims is None:
            claims = await self._verify(token, ACCESS, AccessClaims)
            self._good[digest] = claims
            if len(self._good) > self._most:
                self._good.popitem(last=False)
        if claims.exp <= self._clock():
            del self._good[digest]
            raise refused("expired", "it has expired")
        return claims

    def forget(self, regions: frozenset[str]) -> None:
        """Verify tokens of these regions anew when they are next shown: their keys may not be good any more."""
        for digest in [digest for digest, claims in self._good.items() if claims.iss in regions]:
            del self._good[digest]

    async def refresh(self, token: str) -> RefreshClaims:
        """Return what a good refresh token says; whether its generation is still good is the projector's to judge.

        Raises:
            InvalidTokenError: It is not good.
            UnavailableError: Its key is not known here, and the directory cannot be reached.
        """
        claims = await self._verify(token, REFRESH, RefreshClaims)
        if claims.exp <= self._clock():
            raise refused("expired", "it has expired")
        return claims

    async def _verify(self, token: str, kind: str, claims_type: "type[C]") -> "C":
        kid = _kid_of(token, kind)
        key = await self._keys.find(kid)
        if key is None:
            raise refused("unknown-key", "no region of this federation has signed it")
        try:
            payload = jws.deserialize_compact(token, key.key, algorithms=[ALGORITHM]).payload
            claims = msgspec.json.decode(payload, type=claims_type)
        except (JoseError, ValueError) as error:
            raise refused("forged", "its signature is wrong") from error
        _check(claims, key, self._clock())
        return claims


C = TypeVar("C", AccessClaims, RefreshClaims)


def _kid_of(token: str, kind: str) -> str:
    if len(token) > LONGEST or not token.isascii():
        raise refused("malformed", "it is no token of ours")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError) as error:
        raise refused("malformed", "it is no token of ours") from error
    kid = header.get("kid")
    if header.get("typ") != kind:
        raise refused("malformed", f"a token of type {kind} is needed here")
    if not isinstance(kid, str):
        raise refused("malformed", "it names no key")
    return kid


def _check(claims: AccessClaims | RefreshClaims, key: PublicKey, now: float) -> None:
    if claims.iss != key.region or claims.iss != claims.home:
        raise refused("foreign", "another region than its user's home has issued it")
    if not is_user_id(claims.sub):
        raise refused("malformed", "it names no user")
    if region_of(claims.sub) != claims.home:
        raise refused("foreign", "its user was born in another region than it says")
    if isinstance(claims, AccessClaims) and claims.exp - claims.iat > LONGEST_ACCESS:
        raise refused("forged", "no access token lives that long")
    outlived = key.not_after is not None and claims.iat > key.not_after
    if claims.iat < key.not_before or outlived or claims.iat > now + LEEWAY:
        raise refused("forged", "its key was not in use when it was issued")
