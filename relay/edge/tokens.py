"""Read what a token claims, to find the way; nothing is verified here: the gateway that it leads to does that.

Pure. A forged claim only leads to a region that refuses the token.
"""

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qs

import msgspec

MOST_CHARACTERS: Final = 4096


class Claims(msgspec.Struct, frozen=True):
    """What the way depends on.

    Attributes:
        home: The user's home region.
    """

    home: str


_decoder = msgspec.json.Decoder(Claims)


def read_claims(token: str) -> Claims | None:
    """Return what a token claims; None if it is no token that names a home."""
    if len(token) > MOST_CHARACTERS:
        return None
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 — header, payload and signature
        return None
    try:
        return _decoder.decode(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (msgspec.DecodeError, binascii.Error, ValueError, RecursionError):
        return None


def bearer_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the bearer token of a request; None if it has none."""
    for name, value in headers:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].strip().decode("latin-1")
    return None


def token_of_socket(headers: Iterable[tuple[bytes, bytes]], query: bytes) -> str | None:
    """Return the token of a WebSocket: from its header, or from `access_token` in its query, which is all that browsers can set."""
    token = bearer_of(headers)
    if token is None and b"access_token" in query:
        token = parse_qs(query.decode("latin-1")).get("access_token", [None])[0]
    return token
