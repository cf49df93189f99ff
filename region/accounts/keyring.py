"""The ring of a region's signing keys as a gateway has it: read from its file, and again whenever that changes."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from global_directory.schemas import PublicJwk, SigningKey
from infra.errors import SettingsError
from region.accounts.ring import Ring, read_ring
from region.accounts.tokens import AccessClaims, PublicKey, RefreshClaims

log = structlog.get_logger()

LOOK_SECONDS: Final = 2.0
"""How often the file is looked at."""


class Keyring:
    """Signs with the key whose turn it is."""

    def __init__(self, region: str, path: Path, *, lifetime: float, clock: Callable[[], float] = time.time) -> None:
        """Read the file.

        Args:
            region: Whose keys they are.
            path: Where they are.
            lifetime: Of the tokens that last longest, seconds.
            clock: Seconds since the epoch.

        Raises:
            SettingsError: The file cannot be read, or holds something else.
        """
        self._region = region
        self._path = path
        self._lifetime = lifetime
        self._clock = clock
        self._content = self._read()
        self._ring = read_ring(region, self._content)

    @property
    def secret(self) -> bytes:
        """For keyed hashes that only this region can make; the same whichever key signs."""
        return self._ring.secret

    @property
    def ring(self) -> Ring:
        """The ring as it was read last."""
        return self._ring

    def access(self, claims: AccessClaims) -> str:
        """Return a signed access token."""
        return self._ring.signing(self._clock()).signer.access(claims)

    def refresh(self, claims: RefreshClaims) -> str:
        """Return a signed refresh token."""
        return self._ring.signing(self._clock()).signer.refresh(claims)

    def public_keys(self) -> tuple[PublicKey, ...]:
        """Return the public halves of all keys of which tokens may be about, or are going to be."""
        return tuple(key.public() for key in self._ring.alive(self._clock(), self._lifetime))

    def announced(self) -> tuple[SigningKey, ...]:
        """Return the same as the directory is told them."""
        return tuple(
            SigningKey(key.signer.kid, PublicJwk(key.signer.public_x), key.signs_from, key.signs_until)
            for key in self._ring.alive(self._clock(), self._lifetime)
        )

    async def watch(self, changed: Callable[[], None]) -> None:
        """Look at the file now and then, until cancelled; one that cannot be read, or makes no sense, changes nothing.

        Args:
            changed: Called after the ring has become another.
        """
        unreadable = b""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            content = b""
            try:
                content = self._read()
                if content in {self._content, unreadable}:
                    continue
                ring = read_ring(self._region, content)
            except SettingsError as error:
                unreadable = content
                log.error("signing keys not read anew", problem=str(error))  # noqa: TRY400 — the message says it all
                continue
            self._ring, self._content = ring, content
            signing = ring.signing(self._clock())
            log.info("signing keys read anew", keys=len(ring.keys), signing=signing.signer.kid)
            changed()

    def _read(self) -> bytes:
        try:
            return self._path.read_bytes()
        except OSError as error:
            raise SettingsError(problems=f"CAUSEWAY_SIGNING_KEY: {error.strerror}: {self._path}") from error
