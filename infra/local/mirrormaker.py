"""The MirrorMaker 2 into a region: it reads `relay.<region>` of every other region's Kafka through the link, beside its target."""

import socket
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from infra.identity import host_name
from infra.local.certified import Files
from infra.local.java import Java
from infra.local.kafka import LOG4J, properties_text, ssl_settings
from infra.local.parts import Part, Says
from infra.topics import carried_topics

MAIN = "org.apache.kafka.connect.mirror.MirrorMaker"
# design.md, "Between regions" and "The local federation"; measured there.
GLOBAL = {
    "tasks.max": "1",
    "plugin.discovery": "service_load",  # instead of scanning every jar, for each worker anew
    "refresh.topics.interval.seconds": "5",
    "refresh.groups.interval.seconds": "60",
    "emit.checkpoints.interval.seconds": "60",
    "emit.heartbeats.interval.seconds": "5",
    "sync.topic.acls.enabled": "false",
    "offset.storage.partitions": "4",
    "status.storage.partitions": "2",
}
KEPT = ("replication.factor", "checkpoints.topic.replication.factor", "heartbeats.topic.replication.factor")
"""How often what it makes in its target is kept there."""
KEPT_BY_CONNECT = tuple(f"{what}.storage.replication.factor" for what in ("config", "offset", "status"))
TARGET = {
    "producer.linger.ms": "0",
    "producer.enable.idempotence": "true",  # Connect turns it off
    "producer.max.request.size": "4194304",  # as brokers take (`infra.local.kafka`); default 1 MiB, and a larger record ends its task for good
    "producer.max.in.flight.requests.per.connection": "5",
    "offset.flush.interval.ms": "1000",  # default 60 s
    "scheduled.rebalance.max.delay.ms": "0",  # default 5 min
    "session.timeout.ms": "6000",
    "heartbeat.interval.ms": "2000",
}
SOURCE = {
    "consumer.request.timeout.ms": "10000",
    "consumer.reconnect.backoff.max.ms": "500",
    "consumer.fetch.max.wait.ms": "1000",  # idle polls; a fetch returns at the first byte anyway
}


def mirror_part(
    name: str,
    *,
    java: Java,
    directory: Path,
    log: Path,
    target: str,
    bootstrap: str,
    sources: Mapping[str, str],
    needs: frozenset[str],
    needs_one: tuple[tuple[str, ...], ...] = (),
    brokers: Mapping[str, int] | None = None,
    tls: Files | None = None,
    standbys: Mapping[str, str] | None = None,
) -> Part:
    """Describe the MirrorMaker into a region.

    Args:
        name: Of the part.
        java: How to run its classes.
        directory: Where its configuration goes; it keeps nothing else.
        log: Where its output goes.
        target: The region that it mirrors into.
        bootstrap: The target's Kafka.
        sources: Other region to its Kafka, as reached through the link from the target; with `tls`, by the region's name.
        needs: Parts that must be well before it starts.
        needs_one: Groups of which one part each must be.
        brokers: Region to how many brokers its Kafka has, where it has more than one.
        tls: The target's certificate, with which it meets the sources; None: in plain text.
        standbys: Region to the one that may take its duties over, where one may.
    """
    properties, log4j = directory / "mirror.properties", directory / "log4j2.properties"
    hosts = directory / "hosts" if tls else None
    files = {
        properties: properties_text(settings(target, bootstrap, sources, brokers or {}, tls, standbys=standbys or {})),
        log4j: LOG4J,
    }
    if hosts is not None:
        names = [*map(host_name, sources), "localhost", socket.gethostname()]
        files[hosts] = "".join(f"127.0.0.1 {name}\n" for name in names)
    return Part(
        name,
        "mirror",
        java.command(MAIN, str(properties), "--clusters", target, cache="mirror", log4j=log4j, hosts=hosts),
        directory,
        log,
        Says(
            (
                rf"(?s)(?:id=MirrorSourceConnector-0\}} Source task finished initialization and start.*){{{len(sources)}}}",
            )
        ),
        needs=needs,
        needs_one=needs_one,
        files=files,
    )


def settings(
    target: str,
    bootstrap: str,
    sources: Mapping[str, str],
    brokers: Mapping[str, int],
    tls: Files | None,
    *,
    standbys: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Return MirrorMaker's properties; only topics that are meant for the target are mirrored, so nothing circles."""
    result = GLOBAL | {"clusters": ", ".join([target, *sources]), f"{target}.bootstrap.servers": bootstrap}
    result |= {f"{target}.{key}": value for key, value in TARGET.items()}
    result |= dict.fromkeys((*KEPT, *KEPT_BY_CONNECT), str(brokers.get(target, 1)))
    for source, servers in sources.items():
        result |= {
            f"{source}.bootstrap.servers": servers,
            f"{source}->{target}.enabled": "true",
            f"{source}->{target}.topics": ", ".join(map(_pattern, carried_topics(source, target, standbys))),
            f"{target}->{source}.enabled": "false",
            # the translation of its offsets stands beside us: in the source we only read
            f"{source}->{target}.offset-syncs.topic.location": "target",
            f"{source}->{target}.offset-syncs.topic.replication.factor": str(brokers.get(target, 1)),
        }
        if tls is not None:
            result[f"{source}.security.protocol"] = "SSL"
            result[f"{source}.ssl.enabled.protocols"] = "TLSv1.3"
            result |= ssl_settings(tls, f"{source}.")
        result |= {f"{source}.{key}": value for key, value in SOURCE.items()}
    return result


def _pattern(topic: str) -> str:
    """Return a topic's name as a pattern; in a properties file a backslash is written twice."""
    return topic.replace(".", r"\\.")
