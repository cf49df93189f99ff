"""Kafka's jars as `maven.lock` names them."""

import re
from dataclasses import dataclass
from pathlib import Path

from infra.local.errors import LocalError

KAFKA = "4.3.1"
PINNED = re.compile(r"([^\s:]+:[^\s:]+:[^\s:]+) sha256:([0-9a-f]{64})")
LOCK = Path(__file__).parents[2] / "maven.lock"


class UnpinnedError(LocalError):
    """maven.lock does not pin what is to be fetched: '{line}'. Write it anew: python -m infra.local.maven."""

    code = "unpinned"


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked artifact.

    Attributes:
        coordinate: `group:artifact:version`.
        sha256: Of the jar, in hex.
    """

    coordinate: str
    sha256: str

    @property
    def filename(self) -> str:
        """The jar's usual file name."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def read_lock(text: str) -> tuple[Jar, ...]:
    """Read lock lines, `group:artifact:version sha256:…` each; `#` starts a comment.

    Raises:
        UnpinnedError: A line has no checksum.
    """
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return tuple(_jar(line) for line in lines if line)


def _jar(line: str) -> Jar:
    pinned = PINNED.fullmatch(line)
    if pinned is None:
        raise UnpinnedError(line=line[:200])
    return Jar(pinned[1], pinned[2])


def write_lock(jars: tuple[Jar, ...]) -> str:
    """Write what `read_lock` reads, sorted."""
    header = "# Made by `python -m infra.local.maven`; do not edit.\n"
    return header + "".join(
        f"{jar.coordinate} sha256:{jar.sha256}\n" for jar in sorted(jars, key=lambda jar: jar.coordinate)
    )
