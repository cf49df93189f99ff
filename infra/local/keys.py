"""The keys that a region signs its tokens with, and the directory operators' sessions, and those by which it is known to its blob store."""

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infra.credentials import Credentials
from infra.local.seaweed import identities, identities_of


def make_signing_key(path: Path) -> None:
    """Make an Ed25519 key of a region, or of the deployment, unless there is one; only we may read it."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_secret(path, new_signing_key())


def make_blob_keys(path: Path, directory: Path) -> None:
    """Make the keys with which a region's services come to its blob store, unless there are some; only we may read them.

    Args:
        path: Where the services read them.
        directory: The blob store's.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_secret(path, Credentials(secrets.token_hex(10), secrets.token_hex(24)).encode())
    directory.mkdir(parents=True, exist_ok=True)
    found = Credentials.read(path)
    write_secret(identities_of(directory), identities(found.access_key, found.secret_key))


def new_signing_key() -> bytes:
    """Return a new Ed25519 private key, PKCS#8 PEM."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def write_secret(path: Path, content: bytes) -> None:
    """Replace a file as a whole, so that whoever reads it sees the one or the other; only we may read it."""
    fresh = path.with_suffix(".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123 — with its mode
        file.write(content)
    fresh.replace(path)
