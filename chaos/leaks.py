"""Where secrets have no business: logs, command lines, environments, metrics and what is written down; searched for marked ones, in every spelling."""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import httpx
import psutil

from chaos.federation import Status

SHORTEST: Final = 8
"""What is shorter would be found by chance."""

READABLE: Final = frozenset({".json", ".jsonl", ".html", ".properties", ".conf", ".md", ".txt", ".pid"})
"""Files of a home that are read as text besides logs; keys and stores (also Kafka's, which are called .log) are where secrets and texts belong."""

STORE_SETTINGS: Final = re.compile(r"^CAUSEWAY_(STORE|REDIS|DIRECTORY_STORE)=")
"""Settings that may hold a password, since they name a store by URL; nothing else in an environment may be secret, and nothing in arguments."""


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere that was read.

    Attributes:
        kind: `log`, `arguments`, `environment`, `metrics`, `file` or `answer`.
        name: Which.
        content: What stands there.
    """

    kind: str
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret where it must not be; the secret itself is not repeated."""

    secret: str
    kind: str
    name: str


def search(secrets: Mapping[str, str], places: Iterable[Place]) -> list[Leak]:
    """Return which of the secrets stand in which of the places, in any spelling that software gives them.

    Args:
        secrets: What to call it, to the secret.
        places: Where to look.

    Raises:
        ValueError: A secret is so short that it would be found by chance.
    """
    spelled = {name: _spellings(secret) for name, secret in secrets.items()}
    return [
        Leak(name, place.kind, place.name)
        for place in places
        for name, spellings in spelled.items()
        if any(spelling in place.content for spelling in spellings)
    ]


def places_of(status: Status) -> Iterator[Place]:
    """Read logs, metrics, arguments, environments and plain files of a federation that is up."""
    home = Path(status.home)
    yield from (Place("log", path.name, path.read_bytes()) for path in sorted((home / "logs").glob("*.log*")))
    for name, part in sorted(status.parts().items()):
        if part.pid is not None:
            yield from _process(name, part.pid)
        if "admin" in part.ports:
            metrics = httpx.get(f"http://127.0.0.1:{part.ports['admin']}/metrics", timeout=30, trust_env=False)
            yield Place("metrics", name, metrics.content)
    for path in sorted(home.rglob("*")):
        if path.suffix in READABLE and path.is_file() and "logs" not in path.parts:
            yield Place("file", str(path.relative_to(home)), path.read_bytes())


def _process(name: str, pid: int) -> Iterator[Place]:
    """Read a part's processes: itself, and those that it started."""
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        try:
            arguments, environment = process.cmdline(), process.environ()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # ended just now
        yield Place("arguments", name, "\0".join(arguments).encode())
        lines = (f"{key}={value}" for key, value in sorted(environment.items()))
        yield Place("environment", name, "\n".join(line for line in lines if not STORE_SETTINGS.match(line)).encode())


def _spellings(secret: str) -> frozenset[bytes]:
    if len(secret) < SHORTEST:
        message = f"a secret of {len(secret)} characters would be found by chance"
        raise ValueError(message)
    raw = secret.encode()
    shifted = (base64.b64encode(b"\0" * shift + raw)[4 * bool(shift) :] for shift in range(3))
    inner = (
        part[: len(part) // 4 * 4].rstrip(b"=")[:-2] for part in shifted
    )  # the ends depend on what stands beside it
    escaped = {
        json.dumps(secret)[1:-1].encode(),
        repr(secret)[1:-1].encode(),
        quote(secret, safe="").encode(),
        raw.hex().encode(),
    }
    return frozenset({raw, *escaped, *(part for part in inner if len(part) >= SHORTEST)})
