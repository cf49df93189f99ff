"""A region's Kafka: one KRaft node, with a listener of its own for each peer region, advertised at that peer's end of the link."""

import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

from infra.local.errors import PartFailedError, StaleHomeError
from infra.local.java import Java
from infra.local.parts import Listens, Part

BROKER = "kafka.Kafka"
FORMATTER = "kafka.tools.StorageTool"
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "inter.broker.listener.name": "INTERNAL",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "message.max.bytes": "4194304",
    # one node has nobody to replicate to
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # how far streams were taken in stands in commits: a federation that rests for a holiday finds them again (default 7 days)
    "offsets.retention.minutes": "525600",
    # small and quiet when idle
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "4",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "log.cleaner.dedupe.buffer.size": "8388608",
    "metadata.max.idle.interval.ms": "5000",
    "metric.reporters": "",
}
# What Kafka and MirrorMaker log above warnings: little, since they say most things once for every client that they have.
LOUD = (
    "kafka.server.KafkaRaftServer",
    "org.apache.kafka.connect.mirror.MirrorSourceConnector",
    "org.apache.kafka.connect.runtime.AbstractWorkerSourceTask",
)
LOG4J = """\
status = warn
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %-5p %m (%c{1})%n%ex
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
""" + "".join(f"logger.loud{i}.name = {name}\nlogger.loud{i}.level = info\n" for i, name in enumerate(LOUD))


def kafka_part(
    name: str,
    *,
    java: Java,
    directory: Path,
    log: Path,
    port: int,
    controller: int,
    peers: Mapping[str, tuple[int, int]],
    topics: Mapping[str, int],
) -> Part:
    """Describe one broker.

    Args:
        name: Of the part.
        java: How to run Kafka's classes.
        directory: Where its configuration and its log directory go.
        log: Where its output goes.
        port: Of the listener for its own region.
        controller: Port of the controller listener.
        peers: Peer region to (port of the listener for it, port of its end of the link, which is advertised).
        topics: Topic to number of partitions, made before it counts as well.
    """
    listeners = {"INTERNAL": (port, port)} | {peer.upper(): ports for peer, ports in peers.items()}
    bound = {name: f"{name}://127.0.0.1:{own}" for name, (own, _) in listeners.items()} | {
        "CONTROLLER": f"CONTROLLER://127.0.0.1:{controller}"
    }
    settings = SETTINGS | {
        "listeners": ",".join(bound.values()),
        "advertised.listeners": ",".join(f"{name}://127.0.0.1:{seen}" for name, (_, seen) in listeners.items()),
        "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in bound),
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "log.dirs": str(directory / "data"),
    }
    properties, log4j = directory / "server.properties", directory / "log4j2.properties"
    return Part(
        name,
        "kafka",
        java.command(BROKER, str(properties), cache="kafka", log4j=log4j),
        directory,
        log,
        Listens(port),
        ports={"kafka": port, "controller": controller} | {f"kafka-{peer}": own for peer, (own, _) in peers.items()},
        files={properties: properties_text(settings), log4j: LOG4J},
        topics=topics,
    )


def properties_text(settings: Mapping[str, str]) -> str:
    """Write a Java properties file."""
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def new_cluster_id() -> str:
    """Return a random cluster id; none that begins with a dash, which the formatter would take for an option."""
    while (text := urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text


def prepare(part: Part, java: Java) -> None:
    """Format the broker's log directory unless it is formatted.

    Raises:
        PartFailedError: The formatter refused.
        StaleHomeError: The directory was left half made.
    """
    data = part.directory / "data"
    if (data / "meta.properties").exists():
        return
    if data.exists() and any(data.iterdir()):
        raise StaleHomeError(home=data, reason="Kafka's log directory has no meta.properties")
    cluster = new_cluster_id()
    properties, log4j = part.directory / "server.properties", part.directory / "log4j2.properties"
    command = java.command(FORMATTER, "format", "-t", cluster, "-c", str(properties), cache="kafka", log4j=log4j)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        part.log.write_text(done.stdout + done.stderr)
        raise PartFailedError(part=part.name, reason="its storage could not be formatted", log=part.log)
