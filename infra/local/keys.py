"""The keys that a region signs its tokens with."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def make_signing_key(path: Path) -> None:
    """Make a region's Ed25519 key unless it has one; only we may read it."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_secret(path, new_signing_key())


def new_signing_key() -> bytes:
    """Return a new Ed25519 private key, PKCS#8 PEM."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def write_secret(path: Path, content: bytes) -> None:
    """Replace a file as a whole, so that whoever reads it sees the one or the other; only we may read it."""
    fresh = path.with_suffix(".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123 — with its mode
        file.write(content)
    fresh.replace(path)
