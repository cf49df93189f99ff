"""Say by what the home of a request is found: by its token, the handle that logs in, or a region that it names.

Pure. What is not understood here goes to the local gateway, which says what is wrong with it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from relay.edge.tokens import bearer_of, read_claims

BY_BODY: Final = frozenset({"/register", "/login", "/token"})
"""Paths whose home stands in the body of a POST."""


@dataclass(frozen=True, slots=True)
class Here:
    """The local gateway serves it."""


@dataclass(frozen=True, slots=True)
class Home:
    """A region serves it.

    Attributes:
        region: The user's home.
        user_id: Who logs in, if the directory was asked for the home.
    """

    region: str
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class HandleHome:
    """Somebody logs in, at the home of whoever has the handle; at the local gateway if nobody has, or while the directory is away.

    Attributes:
        handle: In any spelling.
    """

    handle: str


@dataclass(frozen=True, slots=True)
class NoSuchRegion:
    """It asks for a region that does not exist.

    Attributes:
        region: As it is asked for.
    """

    region: str


Way: TypeAlias = Here | Home | HandleHome | NoSuchRegion
HERE = Here()


class _Body(msgspec.Struct):
    home_region: str | None = None
    handle: str = ""
    refresh_token: str = ""


_body = msgspec.json.Decoder(_Body)


def needs_body(method: str, path: str) -> bool:
    """Whether the way of such a request depends on its body."""
    return method == "POST" and path in BY_BODY


def route(
    method: str,
    path: str,
    *,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    regions: Collection[str],
) -> Way:
    """Return the way of an HTTP request.

    Args:
        method: The method.
        path: The path.
        headers: With names in lower case.
        body: The body, if `needs_body`.
        regions: All regions of the federation.
    """
    if needs_body(method, path):
        return _by_body(path, body, regions)
    if path != "/users/me" and (path == "/users" or path.startswith("/users/")):
        return HERE  # any gateway can verify the token; who has shown a good one is sent on by a 421 to where the user lives
    return by_token(bearer_of(headers), regions)


def by_token(token: str | None, regions: Collection[str]) -> Way:
    """Return the home that a token claims; the local gateway if there is no such region, or no token."""
    claims = None if token is None else read_claims(token)
    if claims is None or claims.home not in regions:
        return HERE
    return Home(claims.home)


def _by_body(path: str, body: bytes, regions: Collection[str]) -> Way:
    try:
        found = _body.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return HERE
    if path == "/token":
        return by_token(found.refresh_token, regions)
    if path == "/login":
        return HandleHome(found.handle) if found.handle else HERE
    if found.home_region is None:
        return HERE
    return Home(found.home_region) if found.home_region in regions else NoSuchRegion(found.home_region)
