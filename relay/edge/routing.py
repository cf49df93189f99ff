"""Say by what the home of a request is found: by its token, a handle, a user id, or a region that it names.

Pure. What is not understood here goes to the local gateway, which says what is wrong with it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import parse_qs

import msgspec

from relay.edge.tokens import bearer_of, read_claims
from replication.ids import is_user_id

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
        user_id: The user, if the directory was asked for the home.
    """

    region: str
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class HandleHome:
    """The home of whoever has the handle serves it; the local gateway if nobody has.

    Attributes:
        handle: In any spelling.
        is_login: Whether somebody logs in, which is tried here while the directory is away.
    """

    handle: str
    is_login: bool


@dataclass(frozen=True, slots=True)
class UserHome:
    """The home of the user serves it.

    Attributes:
        user_id: The user.
    """

    user_id: str


@dataclass(frozen=True, slots=True)
class NoSuchRegion:
    """It asks for a region that does not exist.

    Attributes:
        region: As it is asked for.
    """

    region: str


Way: TypeAlias = Here | Home | HandleHome | UserHome | NoSuchRegion
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
    query: bytes,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    regions: Collection[str],
) -> Way:
    """Return the way of an HTTP request.

    Args:
        method: The method.
        path: The path.
        query: The query, without the question mark.
        headers: With names in lower case.
        body: The body, if `needs_body`.
        regions: All regions of the federation.
    """
    if needs_body(method, path):
        return _by_body(path, body, regions)
    token = bearer_of(headers)
    if token is None:
        return HERE  # who does not say who they are learns nothing, not even who exists
    if method == "GET" and path.startswith("/users/") and is_user_id(user_id := path.removeprefix("/users/")):
        return UserHome(user_id)
    if method == "GET" and path == "/users":
        handle = parse_qs(query.decode("latin-1")).get("handle", [""])[0]
        return HandleHome(handle, is_login=False) if handle else HERE
    return by_token(token, regions)


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
        return HandleHome(found.handle, is_login=True) if found.handle else HERE
    if found.home_region is None:
        return HERE
    return Home(found.home_region) if found.home_region in regions else NoSuchRegion(found.home_region)
