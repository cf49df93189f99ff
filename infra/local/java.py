"""How Kafka's and MirrorMaker's classes are run: Java 25 from a wheel, jars from the lock, an AOT cache for a quick start."""

from dataclasses import dataclass
from pathlib import Path

# The serial collector and the first compiler tier: small, and quick to be warm.
OPTIONS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k", "-XX:-UsePerfData", "-Djava.awt.headless=true")


@dataclass(frozen=True, slots=True)
class Java:
    """A Java program with its class path.

    Attributes:
        program: The `java` executable.
        libraries: All jars, in the order of the class path; an AOT cache is valid for this order only.
        caches: Where AOT caches lie, as `NAME.aot`.
    """

    program: Path
    libraries: tuple[Path, ...]
    caches: Path

    def cache(self, name: str) -> Path:
        """Return where the AOT cache of that name lies."""
        return self.caches / f"{name}.aot"

    def command(
        self, main: str, *arguments: str, cache: str, log4j: Path, heap: str = "256m", hosts: Path | None = None
    ) -> tuple[str, ...]:
        """Return the command line that runs a class.

        Args:
            main: The class.
            arguments: Its arguments.
            cache: Name of the AOT cache to start from; a missing one only costs time.
            log4j: Its logging configuration.
            heap: The most memory that its heap may take.
            hosts: A hosts file by which it finds addresses, instead of asking the machine.
        """
        return (
            str(self.program),
            *OPTIONS,
            f"-XX:AOTCache={self.cache(cache)}",
            "-Xlog:disable",
            "-Xlog:all=error:stderr",
            "-Xms32m",
            f"-Xmx{heap}",
            f"-Dlog4j2.configurationFile={log4j}",
            *([] if hosts is None else [f"-Djdk.net.hosts.file={hosts}"]),
            "-cp",
            ":".join(map(str, self.libraries)),
            main,
            *arguments,
        )
