"""A region's signing keys, one after another: which of them signs now, which are announced, and the file that holds them all.

Pure. A new key is announced before it signs, so that every region knows it by then; an old one stays until the last token that
it has signed is over. The file is PEM, and text between the keys says since when each signs (RFC 7468 allows explanatory text):

    signs from: 1795590000
    -----BEGIN PRIVATE KEY-----
    …

A file with one key and no text is a ring of one that always signed.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from infra.errors import CausewayError, SettingsError
from region.accounts.tokens import PublicKey, Signer, public_key

MOST_KEYS: Final = 16
"""How many a region announces at most: what the directory takes."""
LONGEST_FILE: Final = 64 * 1024

_BLOCK = re.compile(rb"(?P<text>[^-]*)(?P<pem>-----BEGIN [A-Z ]+-----\n[^-]*-----END [A-Z ]+-----)")
_SIGNS_FROM = re.compile(rb"^signs from: (\d{1,15})$", re.MULTILINE)
_SECRET = re.compile(rb"^secret: ([0-9a-f]{64})$", re.MULTILINE)


class TooManyKeysError(CausewayError):
    """The region has {count} keys whose tokens may still be about, and no more are announced. Rotate again after {after}."""

    code = "too-many-keys"
    definite = True


@dataclass(frozen=True, slots=True)
class RingKey:
    """One key.

    Attributes:
        pem: Its private half, PKCS#8 PEM.
        signer: What signs with it.
        signs_from: Since when, seconds since the epoch; 0 for always.
        signs_until: When the next one takes over; None for the last.
    """

    pem: bytes
    signer: Signer
    signs_from: int
    signs_until: int | None

    def public(self) -> PublicKey:
        """Return the public half, good for what it signed in its time."""
        return public_key(
            self.signer.region,
            self.signer.kid,
            self.signer.public_x,
            not_before=self.signs_from,
            not_after=self.signs_until,
        )


@dataclass(frozen=True, slots=True)
class Ring:
    """All keys of a region, the oldest first.

    Attributes:
        keys: One at least.
        secret: For keyed hashes that only this region can make; it outlives the key that it was first derived from.
    """

    keys: tuple[RingKey, ...]
    secret: bytes

    def signing(self, now: float) -> RingKey:
        """Return the key that signs at that second; the first, if none does yet."""
        return next((key for key in reversed(self.keys) if key.signs_from <= now), self.keys[0])

    def alive(self, now: float, lifetime: float) -> tuple[RingKey, ...]:
        """Return the keys of which a token may be about or is going to be.

        Args:
            now: Seconds since the epoch.
            lifetime: Of the tokens that last longest, seconds.
        """
        return tuple(key for key in self.keys if key.signs_until is None or key.signs_until + lifetime > now)


def read_ring(region: str, data: bytes) -> Ring:
    """Read a ring's file.

    Raises:
        SettingsError: It holds no key, or one that is none of ours, or keys that do not follow one another.
    """
    found = (
        [(block["text"], block["pem"] + b"\n") for block in _BLOCK.finditer(data)] if len(data) <= LONGEST_FILE else []
    )
    if not found or len(found) != data.count(b"-----BEGIN"):
        raise SettingsError(
            problems="CAUSEWAY_SIGNING_KEY: it does not hold private keys in PEM, each with its beginning and its end"
        )
    starts = [int(match[1]) if (match := _SIGNS_FROM.search(text)) else 0 for text, _ in found]
    if any(one >= later for one, later in itertools.pairwise(starts)):
        raise SettingsError(
            problems="CAUSEWAY_SIGNING_KEY: each key must sign from a later second than the one above it"
        )
    signers = [Signer(region, pem) for _, pem in found]
    keys = tuple(
        RingKey(pem, signer, start, until)
        for (_, pem), signer, start, until in zip(found, signers, starts, [*starts[1:], None], strict=True)
    )
    secret = _SECRET.search(data)
    return Ring(keys, bytes.fromhex(secret[1].decode()) if secret else signers[0].secret)


def write_ring(ring: Ring) -> bytes:
    """Return the file's content."""
    parts = [f"secret: {ring.secret.hex()}\n\n".encode()]
    for key in ring.keys:
        parts += [f"signs from: {key.signs_from}\n".encode(), key.pem, b"\n"]
    return b"".join(parts)


def rotated(ring: Ring, pem: bytes, *, now: int, lead: int, lifetime: int) -> Ring:
    """Return the ring with a new key, and without those whose last token is over.

    Args:
        ring: As it is.
        pem: The new key.
        now: Seconds since the epoch.
        lead: In how many seconds it is going to sign; it is announced at once.
        lifetime: Of the tokens that last longest, seconds.

    Raises:
        TooManyKeysError: Tokens of too many keys may still be about.
    """
    region = ring.keys[0].signer.region
    start = max(now + lead, ring.keys[-1].signs_from + 1)
    kept: Sequence[RingKey] = ring.alive(now, lifetime)
    if len(kept) >= MOST_KEYS:
        raise TooManyKeysError(count=len(kept), after=int((kept[0].signs_until or now) + lifetime))
    fresh = RingKey(pem, Signer(region, pem), start, None)
    ended = RingKey(kept[-1].pem, kept[-1].signer, kept[-1].signs_from, start)
    return Ring((*kept[:-1], ended, fresh), ring.secret)
