"""Where certificates lie in a home: apart from what makes them, since most commands only name those places."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

AUTHORITY: Final = "authority"


@dataclass(frozen=True, slots=True)
class Files:
    """Where a region's, or the directory's, certificate lies.

    Attributes:
        directory: What it lies in.
    """

    directory: Path

    @classmethod
    def of(cls, home: Path, name: str) -> "Files":
        """Return those of a region, or of the directory, in a home."""
        return cls(home / name / "tls")

    @property
    def certificate(self) -> Path:
        """The certificate."""
        return self.directory / "certificate.pem"

    @property
    def key(self) -> Path:
        """Its private key."""
        return self.directory / "key.pem"

    @property
    def both(self) -> Path:
        """Key and certificate in one file, for Kafka."""
        return self.directory / "both.pem"

    @property
    def authorities(self) -> Path:
        """Whom to trust."""
        return self.directory / "authorities.pem"
