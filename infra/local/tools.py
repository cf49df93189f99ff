"""Where everything is that a part needs to run."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from infra.local.java import Java


@dataclass(frozen=True, slots=True)
class Tools:
    """Where everything is that a part needs to run.

    Attributes:
        python: The interpreter of the Python services.
        java: Java with Kafka's jars.
        postgres: PostgreSQL's `bin` directory, where the user that runs it can read it.
        template: The cluster that new ones are copied from.
        stage: Where clusters lie when we are root; None when they lie in the federation's home.
        valkey: The Valkey server.
        weed: SeaweedFS.
    """

    python: Path
    java: Java
    postgres: Path
    template: Path
    stage: Path | None
    valkey: Path
    weed: Path

    def cluster(self, home: Path, name: str) -> Path:
        """Return where a PostgreSQL part of a home has its data.

        PostgreSQL refuses to run as root, and the user it then runs as may not be able to reach the home: so as root all
        clusters lie on the stage, in a directory named after the home.
        """
        return home / name / "data" if self.stage is None else stage_of(self.stage, home) / name.replace("/", "-")


def stage_of(stage: Path, home: Path) -> Path:
    """Return the directory on the stage that belongs to a home."""
    return stage / "homes" / hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:16]
