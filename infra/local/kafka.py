"""A region's Kafka: one KRaft node or three, each with a listener for each peer region, advertised at that peer's end of the link."""

import contextlib
import os
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

from infra.identity import DOMAIN, host_name
from infra.local.certified import Files
from infra.local.errors import PartFailedError, StaleHomeError
from infra.local.java import Java
from infra.local.parts import Listens, Part

BROKER = "kafka.Kafka"
FORMATTER = "kafka.tools.StorageTool"
SETTINGS = {
    "process.roles": "broker,controller",
    "inter.broker.listener.name": "INTERNAL",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "message.max.bytes": "4194304",
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
    # A broker that was killed may not come back before the session of the one that it was has ended (default 9 s).
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "400",
}
SEVERAL = {
    # A node that is gone, or stands still, is left out after that long, and another leads what it led; until then nothing that
    # it keeps a copy of is acknowledged.
    "broker.session.timeout.ms": "1200",
    "broker.heartbeat.interval.ms": "300",
    # The same for the node that leads the controllers (defaults 2 s, 1 s and 1 s), whose successor gives every broker a session anew.
    "controller.quorum.fetch.timeout.ms": "800",
    "controller.quorum.election.timeout.ms": "400",
    "controller.quorum.election.backoff.max.ms": "300",
}
"""What only brokers that stand in for each other need."""
GUARDED = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",  # who comes by the region's own listeners; a peer's cannot be entered without a certificate
    "ssl.client.auth": "required",
    "ssl.enabled.protocols": "TLSv1.3",
    "ssl.principal.mapping.rules": f"RULE:^CN=([a-z0-9]+)[.]{DOMAIN.replace('.', '[.]')}$/$1/,DEFAULT",
}
"""What keeps peers from all but what access lists allow them (`infra.acls`)."""
CLUSTER_ID = "kafka-cluster-id"
FEATURES = "bootstrap.checkpoint"
"""What the formatter writes in every cluster alike; kept beside the jars, whose version it is of."""
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
    node: int = 1,
    voters: Mapping[int, int] | None = None,
    tls: Files | None = None,
    standbys: Mapping[str, str] | None = None,
) -> Part:
    """Describe one broker; its listeners are made here, and nowhere else, also those of a broker of several.

    Args:
        name: Of the part.
        java: How to run Kafka's classes.
        directory: Where its configuration and its log directory go.
        log: Where its output goes.
        port: Of the listener for its own region.
        controller: Port of the controller listener.
        peers: Peer region to (port of the listener for it, port of its end of the link, which is advertised).
        topics: Topic to number of partitions, made before it counts as well.
        node: Its number among the brokers of its region.
        voters: Number to controller port of all of the region's brokers; this one alone by default.
        tls: The region's certificate, with which it meets peers; None: in plain text.
        standbys: Region to the one that may take its duties over, where one may.
    """
    nodes = voters or {node: controller}
    listeners = {"INTERNAL": (port, port)} | {peer.upper(): ports for peer, ports in peers.items()}
    bound = {name: f"{name}://127.0.0.1:{own}" for name, (own, _) in listeners.items()} | {
        "CONTROLLER": f"CONTROLLER://127.0.0.1:{controller}"
    }
    settings = SETTINGS | replicated(len(nodes)) | (SEVERAL if len(nodes) > 1 else {})
    settings |= ssl_settings(tls) | GUARDED if tls else {}
    own = {"INTERNAL", "CONTROLLER"}
    # A peer verifies the name by which it reaches us, so that is not an address: every region's certificate has that one.
    seen_at = host_name(name.split("/", maxsplit=1)[0]) if tls else "127.0.0.1"
    settings |= {
        "node.id": str(node),
        "listeners": ",".join(bound.values()),
        "advertised.listeners": ",".join(
            f"{name}://{'127.0.0.1' if name in own else seen_at}:{seen}" for name, (_, seen) in listeners.items()
        ),
        "listener.security.protocol.map": ",".join(
            f"{name}:{'SSL' if tls and name not in own else 'PLAINTEXT'}" for name in bound
        ),
        "controller.quorum.voters": ",".join(f"{one}@127.0.0.1:{at}" for one, at in nodes.items()),
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
        replication=len(nodes),
        readers=tuple(peers) if tls else (),
        standbys=standbys or {},
    )


def ssl_settings(tls: Files, prefix: str = "") -> dict[str, str]:
    """Return with what a broker, or a client, meets others over TLS."""
    return {
        f"{prefix}ssl.keystore.type": "PEM",
        f"{prefix}ssl.keystore.location": str(tls.both),
        f"{prefix}ssl.truststore.type": "PEM",
        f"{prefix}ssl.truststore.location": str(tls.authorities),
    }


def replicated(brokers: int) -> dict[str, str]:
    """Return how often so many brokers keep what they keep for themselves, and how many must have it before it counts as written."""
    copies, enough = str(brokers), str(brokers // 2 + 1)
    return {
        "default.replication.factor": copies,
        "min.insync.replicas": enough,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": enough,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": enough,
    }


def properties_text(settings: Mapping[str, str]) -> str:
    """Write a Java properties file."""
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def new_cluster_id() -> str:
    """Return a random cluster id; none that begins with a dash, which the formatter would take for an option."""
    while (text := urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text


def cluster_id(file: Path) -> str:
    """Return the id that the file holds; whoever of several brokers comes first makes it up for all."""
    if not file.exists():
        draft = file.with_name(f"{file.name}.{uuid.uuid4().hex}")
        draft.write_text(new_cluster_id())
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
    return file.read_text()


def prepare(part: Part, java: Java) -> None:
    """Format the broker's log directory unless it is formatted: by Kafka's own formatter, and later as that has done it once, since each of its runs costs two seconds of a core.

    Raises:
        PartFailedError: The formatter refused.
        StaleHomeError: The directory was left half made.
    """
    data = part.directory / "data"
    if (data / "meta.properties").exists():
        return
    if data.exists() and any(data.iterdir()):
        raise StaleHomeError(home=data, reason="Kafka's log directory has no meta.properties")
    cluster = cluster_id(part.directory.parent / CLUSTER_ID)
    features = java.libraries[0].parent / FEATURES
    if features.exists():
        _format(data, cluster, properties_of(part)["node.id"], features)
        return
    properties, log4j = part.directory / "server.properties", part.directory / "log4j2.properties"
    command = java.command(FORMATTER, "format", "-t", cluster, "-c", str(properties), cache="kafka", log4j=log4j)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        part.log.write_text(done.stdout + done.stderr)
        raise PartFailedError(part=part.name, reason="its storage could not be formatted", log=part.log)
    draft = features.with_name(f"{features.name}.{uuid.uuid4().hex}")  # brokers are formatted side by side
    with contextlib.suppress(OSError):  # who may not write there runs the formatter each time
        draft.write_bytes((data / FEATURES).read_bytes())
        draft.replace(features)


def properties_of(part: Part) -> dict[str, str]:
    """Return a broker's settings."""
    lines = part.files[part.directory / "server.properties"].splitlines()
    return dict(line.split("=", 1) for line in lines)


def _format(data: Path, cluster: str, node: str, features: Path) -> None:
    """Write what the formatter writes: who this is, last; and the features of a new cluster, which are those of the version of Kafka."""
    data.mkdir(parents=True, exist_ok=True)
    (data / FEATURES).write_bytes(features.read_bytes())
    who = {"version": "1", "cluster.id": cluster, "node.id": node, "directory.id": new_cluster_id()}
    draft = data.with_name("meta.properties.new")
    draft.write_text(properties_text(who))
    draft.replace(data / "meta.properties")
