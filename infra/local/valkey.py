"""A region's Redis: Valkey on loopback, without persistence, since all that it holds can be lost."""

from pathlib import Path

from infra.local.parts import Listens, Part


def redis_part(name: str, *, program: Path, directory: Path, log: Path, port: int) -> Part:
    """Describe one Valkey server."""
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(directory),
        "save": "",
        "appendonly": "no",
        "maxmemory": "128mb",
        "maxmemory-policy": "noeviction",
        "hz": "5",
    }
    argv = (str(program), *(word for key, value in options.items() for word in (f"--{key}", value)))
    return Part(name, "redis", argv, directory, log, Listens(port), ports={"redis": port})
