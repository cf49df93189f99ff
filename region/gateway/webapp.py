"""Serves the web app: files that were built once, from memory, with headers that keep a page to its own scripts.

`/` leads to `/web/`; there, whatever is no file is the app's own address, and gets the app. Nothing else of the gateway changes,
and the app uses nothing but what every device may.
"""

import hashlib
import mimetypes
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from global_directory.schemas import Region
from infra.blobs import Place

ROOT: Final = "/web/"
INDEX: Final = "index.html"
HASHED: Final = "assets/"
"""What is below it has its content's hash in its name."""
ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
"""Content encoding to the suffix of what was made beside each file when the app was built, the best first."""
READING: Final = frozenset({"GET", "HEAD"})
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class File:
    """A file of the app.

    Attributes:
        media_type: With its charset.
        bodies: Content encoding to bytes; the plain ones under an empty name.
        tag: Of the plain bytes, for `If-None-Match`.
    """

    media_type: str
    bodies: Mapping[str, bytes]
    tag: bytes


def read_files(directory: Path) -> dict[str, File]:
    """Read a built app; empty if there is none.

    Args:
        directory: Where it was built.
    """
    found = {}
    suffixes = tuple(ENCODINGS.values())
    for path in sorted(directory.rglob("*")) if (directory / INDEX).is_file() else ():
        if path.is_file() and path.suffix not in suffixes:
            plain = path.read_bytes()
            bodies = {"": plain}
            for encoding, suffix in ENCODINGS.items():
                beside = path.with_name(path.name + suffix)
                if beside.is_file():
                    bodies[encoding] = beside.read_bytes()
            tag = b'"%s"' % hashlib.sha256(plain).hexdigest()[:32].encode()
            found[path.relative_to(directory).as_posix()] = File(_media_type(path.name), bodies, tag)
    return found


def _media_type(name: str) -> str:
    if name.endswith(".webmanifest"):
        return "application/manifest+json"
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    guessed = "text/javascript" if guessed == "application/javascript" else guessed
    return f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed


def policy(origins: Iterable[str]) -> bytes:
    """Return the Content-Security-Policy of a page: its own scripts and styles alone, and connections to regions alone.

    Args:
        origins: URLs at which devices reach regions, and their images and files.
    """
    split = [urlsplit(origin) for origin in origins]
    listed = sorted({f"{each.scheme}://{each.netloc}" for each in split})
    sockets = [f"ws{origin.removeprefix('http')}" for origin in listed]
    media = " ".join(["'self'", "blob:", *listed])
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "font-src": "'self'",
        "img-src": f"{media} data:",
        "media-src": media,
        "manifest-src": "'self'",
        "worker-src": "'self'",
        "connect-src": " ".join(["'self'", *listed, *sockets]),
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items()).encode()


class WebApp:
    """An ASGI app before another one: what is below `/web/` is served here, everything else there."""

    def __init__(
        self,
        directory: Path,
        inner: ASGIApp,
        *,
        places: Callable[[], Awaitable[Iterable[Region]]],
        is_whole: Callable[[], bool],
        blobs: Place | None,
    ) -> None:
        """Serve an app.

        Args:
            directory: Where it was built; if it was not, all is passed on.
            inner: Serves everything else.
            places: Returns the regions to which pages may connect.
            is_whole: Whether these are all that there are; a page that lacks some is kept by nobody.
            blobs: Where this region's images and files are, likewise; those of others are at the regions' word.
        """
        self._files = read_files(directory)
        self._inner = inner
        self._places = places
        self._is_whole = is_whole
        self._blobs = blobs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if not self._files or scope["type"] != "http" or scope["method"] not in READING:
            await self._inner(scope, receive, send)
        elif scope["path"] in {"/", ROOT.rstrip("/")}:
            await _answer(send, 307, [(b"location", ROOT.encode())], b"")
        elif scope["path"].startswith(ROOT) and (name := self._name_of(scope["path"].removeprefix(ROOT))):
            await self._serve(name, scope, send)
        else:
            await self._inner(scope, receive, send)

    def _name_of(self, place: str) -> str | None:
        """Return the file for a place; None if a file is meant that is not there."""
        if place in self._files:
            return place
        return None if "." in place.rpartition("/")[2] or place.startswith(HASHED) else INDEX

    async def _policy(self) -> bytes:
        places = await self._places()
        blobs = {self._blobs.public_url if self._blobs else "", *(place.blobs_url for place in places)} - {""}
        return policy([*blobs, *(place.public_url for place in places)])

    async def _serve(self, name: str, scope: Scope, send: Send) -> None:
        file = self._files[name]
        asked = {key: value for key, value in scope["headers"] if key in {b"accept-encoding", b"if-none-match"}}
        headers = [
            (b"cache-control", b"public, max-age=31536000, immutable" if name.startswith(HASHED) else b"no-cache"),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"vary", b"accept-encoding"),
        ]
        if name == INDEX:
            headers += [
                (b"content-security-policy", await self._policy()),
                (b"cross-origin-opener-policy", b"same-origin"),
                (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
            ]
        if name != INDEX or self._is_whole():
            headers.append((b"etag", file.tag))
            if file.tag in asked.get(b"if-none-match", b""):
                await _answer(send, 304, headers, None)
                return
        encoding = _best(asked.get(b"accept-encoding", b"").decode("latin-1"), file)
        if encoding:
            headers.append((b"content-encoding", encoding.encode()))
        body = file.bodies[encoding]
        headers.append((b"content-type", file.media_type.encode()))
        await _answer(send, 200, headers, body, leave_out=scope["method"] == "HEAD")


def _best(accepted: str, file: File) -> str:
    names = {
        name.strip().lower()
        for name, _, quality in (part.partition(";") for part in accepted.split(","))
        if quality.replace(" ", "") not in {"q=0", "q=0.0"}
    }
    return next((encoding for encoding in ENCODINGS if encoding in names and encoding in file.bodies), "")


async def _answer(send: Send, status: int, headers: Headers, body: bytes | None, *, leave_out: bool = False) -> None:
    length = [] if body is None else [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": b"" if leave_out or body is None else body})
