"""Kafka's jars as `maven.lock` names them."""

from dataclasses import dataclass
from pathlib import Path

KAFKA = "4.3.1"
LOCK = Path(__file__).parents[2] / "maven.lock"


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
    """Read lock lines, `group:artifact:version sha256:…` each; `#` starts a comment."""
    lines = (line.split("#")[0].split() for line in text.splitlines())
    return tuple(Jar(line[0], line[1].removeprefix("sha256:")) for line in lines if line)


def write_lock(jars: tuple[Jar, ...]) -> str:
    """Write what `read_lock` reads, sorted."""
    header = "# Made by `python -m infra.local.maven`; do not edit.\n"
    return header + "".join(
        f"{jar.coordinate} sha256:{jar.sha256}\n" for jar in sorted(jars, key=lambda jar: jar.coordinate)
    )
