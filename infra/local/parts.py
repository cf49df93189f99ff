"""What a part is: one process of the federation, with all that is needed to start it, see whether it is well, and stop it."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Listens:
    """Well when something accepts TCP connections on the port."""

    port: int


@dataclass(frozen=True, slots=True)
class Answers:
    """Well when `GET path` on the port answers 200."""

    port: int
    path: str = "/health"


@dataclass(frozen=True, slots=True)
class Admits:
    """Well when PostgreSQL lets the user `causeway` in: it accepts connections well before it does that."""

    port: int


@dataclass(frozen=True, slots=True)
class Says:
    """Well once each pattern has been found in what the part has logged since its start."""

    patterns: tuple[str, ...]


Probe = Listens | Answers | Admits | Says


@dataclass(frozen=True, slots=True)
class Part:
    """One process.

    Attributes:
        name: `us/kafka` in a region, `directory` when global.
        kind: Which module prepares it: kafka, postgres, redis, blobs, mirror, service, links.
        argv: Its command line.
        directory: Its data and working directory.
        log: Where its output goes.
        probe: How to see that it is well.
        env: What its environment has beyond the supervisor's.
        ports: What it listens on, by purpose.
        needs: Parts that must be well before it starts.
        needs_one: Groups of parts that stand in for each other: one of each must be well before it starts.
        files: Written before each start, by path.
        topics: Kafka only: topic to number of partitions, made before it counts as well.
        readers: Kafka only: other regions, which are allowed to read what is meant for them before it counts as well.
        standbys: Kafka only: region to the one that may take its duties over; more is meant for whoever stands by.
        replication: Kafka only: how many brokers keep those topics.
        stop_signal: What asks it to end cleanly.
        discard_signal: What ends it at once when its data is thrown away next.
        unprivileged: It refuses to run as root.
        services: Which services it hosts, if it does.
    """

    name: str
    kind: str
    argv: tuple[str, ...]
    directory: Path
    log: Path
    probe: Probe
    env: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()
    needs_one: tuple[tuple[str, ...], ...] = ()
    files: Mapping[Path, str] = field(default_factory=dict)
    topics: Mapping[str, int] = field(default_factory=dict)
    readers: tuple[str, ...] = ()
    standbys: Mapping[str, str] = field(default_factory=dict)
    replication: int = 1
    stop_signal: signal.Signals = signal.SIGTERM
    discard_signal: signal.Signals = signal.SIGKILL
    unprivileged: bool = False
    services: tuple[str, ...] = ()

    @property
    def region(self) -> str | None:
        """The region that it belongs to; None when global."""
        return self.name.split("/")[0] if "/" in self.name else None

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Groups of parts of which one each must be well before it starts; those that nobody stands in for are alone in theirs."""
        return (*((name,) for name in sorted(self.needs)), *self.needs_one)
