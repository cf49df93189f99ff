"""From a description of a federation to all of its parts and links: pure, so that drills and tests can reason about it."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from infra.identity import DIRECTORY, host_name
from infra.local import held, kafka, mirrormaker, postgres, seaweed, services, standby, valkey, webapp
from infra.local.certified import Files
from infra.local.errors import UnknownPartError
from infra.local.federation import REGIONS, Federation
from infra.local.linkproxy import Passage, Plan
from infra.local.numbering import Ports
from infra.local.parts import Answers, Part
from infra.local.tools import Tools

ONE_ADDRESS = {
    "CAUSEWAY_RATE_REGISTER": "100000/60",
    "CAUSEWAY_RATE_REGISTER_THROUGH": "100000/60",
    "CAUSEWAY_RATE_LOGIN_ADDRESS": "100000/60",
    "CAUSEWAY_RATE_LOGIN_THROUGH": "100000/60",
    "CAUSEWAY_RATE_LOGIN_HANDLE": "30/60",
    "CAUSEWAY_RATE_REJECTED": "100000/60",
}
"""Settings for a machine on which all users have one address, and benchmarks make hundreds of accounts."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Write the few names that are most like the one that a person wrote, sorted."""
    return (
        ", ".join(sorted(difflib.get_close_matches(name, list(known), n=6, cutoff=0.5)))
        or "those that `local list` shows"
    )


@dataclass(frozen=True, slots=True)
class Topology:
    """All parts, by name, and all passages through the link proxy.

    Attributes:
        federation: What was asked for.
        parts: In an order in which each comes after what it needs.
        passages: Every link between two regions, or a region and the directory.
        public_urls: Region to the URL that users connect to.
    """

    federation: Federation
    parts: Mapping[str, Part]
    passages: tuple[Passage, ...]
    public_urls: Mapping[str, str]

    def part(self, name: str) -> Part:
        """Return the part of that name.

        Raises:
            UnknownPartError: There is none.
        """
        if name not in self.parts:
            raise UnknownPartError(name=name, known=nearest(name, self.parts))
        return self.parts[name]

    def pair(self, name: str) -> tuple[str, str]:
        """Return the ends of the link of that name, such as `us-eu` or `us-directory`, in the order given.

        Raises:
            UnknownPartError: There is none.
        """
        ends = tuple(name.split("-"))
        pairs = {(passage.source, passage.target) for passage in self.passages}
        pairs |= {(target, source) for source, target in pairs}
        if ends not in pairs:
            known = ", ".join(sorted({self.link(*pair) for pair in pairs}))
            raise UnknownPartError(name=name, known=known)
        return ends[0], ends[1]

    @staticmethod
    def link(a: str, b: str) -> str:
        """Name the link between two ends, the same from both."""
        return "-".join(sorted((a, b), key=_place))


def lay_out(federation: Federation, tools: Tools) -> Topology:
    """Derive all parts and links."""
    home = Path(federation.home)
    passages = _passages(federation)
    parts = [_links(federation, tools, home, passages), *_directory(federation, tools, home)]
    for region in federation.regions:
        parts += _region(federation, tools, home, region)
    order = {"links": 0, "postgres": 1, "redis": 1, "kafka": 1, "blobs": 1, "mirror": 2, "service": 3}
    parts.sort(key=lambda part: order[part.kind])
    urls = {
        region: f"http://127.0.0.1:{Ports.of(federation.base_port, region).public}" for region in federation.regions
    }
    return Topology(federation, {part.name: part for part in parts}, passages, urls)


def log_of(home: Path, name: str) -> Path:
    """Return where a part's output goes."""
    return home / "logs" / f"{name.replace('/', '-')}.log"


def signing_key(home: Path, region: str) -> Path:
    """Return where a region's private key lies."""
    return home / region / "signing-key.pem"


def operator_key(home: Path) -> Path:
    """Return where the deployment's own key lies, by which operators' sessions are signed."""
    return home / DIRECTORY / "operator-signing-key.pem"


def blob_keys(home: Path, region: str) -> Path:
    """Return where a region's services read the keys to its blob store."""
    return home / region / "blob-keys.json"


def blobs_directory(home: Path, region: str) -> Path:
    """Return where a region's blob store has its data."""
    return home / region / "blobs"


def _place(end: str) -> int:
    return REGIONS.index(end) if end in REGIONS else len(REGIONS)


def _passages(federation: Federation) -> tuple[Passage, ...]:
    result = []
    for source in federation.regions:
        ports = Ports.of(federation.base_port, source)
        for target in federation.regions:
            if target != source:
                far = Ports.of(federation.base_port, target)
                result += [
                    Passage(
                        f"{source}-{target}/{name}",
                        source,
                        target,
                        ports.link_to_kafka(target, broker),
                        far.kafka_for(source, broker),
                    )
                    for broker, name in brokers(federation, target).items()
                ]
                result.append(
                    Passage(f"{source}-{target}/gateway", source, target, ports.link_to_gateway(target), far.gateway)
                )
                result.append(
                    Passage(f"{source}-{target}/media", source, target, ports.link_to_media(target), far.media)
                )
        result += standby.passages(federation, source)
        result += held.passages(federation, source)
        result.append(Passage(f"{source}-directory", source, DIRECTORY, ports.link_to_directory, federation.base_port))
    return tuple(result)


def brokers(federation: Federation, region: str) -> dict[int, str]:
    """Return a region's brokers, number to short name: a lone one is `kafka`, three are `kafka-1` to `kafka-3`."""
    several = federation.brokers.get(region, 1)
    return {1: "kafka"} if several == 1 else {broker: f"kafka-{broker}" for broker in range(1, several + 1)}


def _names(federation: Federation, region: str) -> tuple[str, ...]:
    return tuple(f"{region}/{name}" for name in brokers(federation, region).values())


def _kafka(federation: Federation, tools: Tools, home: Path, region: str, peers: list[str]) -> list[Part]:
    ports, names = Ports.of(federation.base_port, region), brokers(federation, region)
    return [
        kafka.kafka_part(
            f"{region}/{name}",
            java=tools.java,
            directory=home / region / name,
            log=log_of(home, f"{region}/{name}"),
            port=ports.kafka(broker),
            controller=ports.controller(broker),
            peers={
                peer: (
                    ports.kafka_for(peer, broker),
                    Ports.of(federation.base_port, peer).link_to_kafka(region, broker),
                )
                for peer in peers
            },
            topics={"journal": federation.partitions}
            | {f"relay.{peer}": federation.partitions for peer in peers}
            | held.topics(federation, region),
            node=broker,
            tls=_files(federation, home, region),
            standbys=federation.standbys,
            voters={one: ports.controller(one) for one in names},
        )
        for broker, name in names.items()
    ]


def _bootstrap(federation: Federation, region: str) -> str:
    """Return a region's own Kafka, as its services and its MirrorMaker are told of it."""
    ports = Ports.of(federation.base_port, region)
    return ",".join(f"127.0.0.1:{ports.kafka(broker)}" for broker in brokers(federation, region))


def _links(federation: Federation, tools: Tools, home: Path, passages: tuple[Passage, ...]) -> Part:
    directory, admin = home / "links", federation.base_port + 3
    plan = directory / "plan.json"
    return Part(
        "links",
        "links",
        (str(tools.python), "-m", "infra.local.linkproxy", str(plan), str(directory / "shapes.json")),
        directory,
        log_of(home, "links"),
        Answers(admin),
        ports={"admin": admin} | {passage.name: passage.listen for passage in passages},
        files={plan: msgspec.json.encode(Plan(admin, passages)).decode()},
    )


def _directory(federation: Federation, tools: Tools, home: Path) -> list[Part]:
    base = federation.base_port
    store = postgres.postgres_part(
        "directory-postgres",
        bin_directory=tools.postgres,
        data=tools.cluster(home, "directory-postgres"),
        log=log_of(home, "directory-postgres"),
        port=base + 1,
    )
    settings = {
        "CAUSEWAY_DIRECTORY_PORT": str(base),
        "CAUSEWAY_DIRECTORY_STORE": postgres.url(base + 1),
        "CAUSEWAY_REGIONS": ",".join(federation.regions),
        "CAUSEWAY_OPERATOR_KEY": str(operator_key(home)),
        "CAUSEWAY_TAKEOVER": federation.takeover,
        "CAUSEWAY_LOG_LEVEL": federation.log_level,
    } | _tls(federation, home, DIRECTORY)
    service = services.service_part(
        DIRECTORY,
        [DIRECTORY],
        python=tools.python,
        directory=home / DIRECTORY,
        log=log_of(home, DIRECTORY),
        admin=base + 2,
        env=settings,
        ports={"http": base},
        needs=frozenset({store.name}),
        build=federation.build,
    )
    return [store] if federation.processes == "none" else [store, service]


def _region(federation: Federation, tools: Tools, home: Path, region: str) -> list[Part]:
    ports = Ports.of(federation.base_port, region)
    peers = [peer for peer in federation.regions if peer != region]
    stateful = [
        *_kafka(federation, tools, home, region, peers),
        postgres.postgres_part(
            f"{region}/postgres",
            bin_directory=tools.postgres,
            data=tools.cluster(home, f"{region}/postgres"),
            log=log_of(home, f"{region}/postgres"),
            port=ports.postgres,
            publishes=region in federation.standbys,
            subscribes=bool(standby.stands_by_for(federation, region)),
        ),
        valkey.redis_part(
            f"{region}/redis",
            program=tools.valkey,
            directory=home / region / "redis",
            log=log_of(home, f"{region}/redis"),
            port=ports.redis,
        ),
        seaweed.blobs_part(
            f"{region}/blobs",
            program=tools.weed,
            directory=blobs_directory(home, region),
            log=log_of(home, f"{region}/blobs"),
            ports=ports.blobs,
        ),
    ]
    mirror = mirrormaker.mirror_part(
        f"{region}/mirror",
        java=tools.java,
        directory=home / region / "mirror",
        log=log_of(home, f"{region}/mirror"),
        target=region,
        bootstrap=_bootstrap(federation, region),
        sources={
            peer: ",".join(
                f"{host_name(peer) if federation.tls else '127.0.0.1'}:{ports.link_to_kafka(peer, broker)}"
                for broker in brokers(federation, peer)
            )
            for peer in peers
        },
        needs=frozenset({"links"}),
        needs_one=tuple(_names(federation, name) for name in federation.regions),
        brokers=federation.brokers,
        tls=_files(federation, home, region),
        standbys=federation.standbys,
    )
    needs = frozenset({"links", DIRECTORY, *(part.name for part in stateful if part.kind in {"postgres", "redis"})})
    env = _environment(federation, home, region, ports, peers)
    several = federation.projectors.get(region, 1) > 1 and federation.processes != "none"
    if several:
        env["CAUSEWAY_PROJECTOR_SHARED"] = "true"
    listens = {
        "edge": ("public", ports.public),
        "gateway": ("gateway", ports.gateway),
        "media": ("media", ports.media),
    }
    running = [
        services.service_part(
            f"{region}/{name}",
            names,
            python=tools.python,
            directory=home / region / name,
            log=log_of(home, f"{region}/{name}"),
            admin=ports.admin(place),
            env=env,
            ports=dict(listens[service] for service in names if service in listens),
            needs=needs,
            needs_one=(_names(federation, region),),
            build=federation.build,
        )
        for place, (name, names) in enumerate(services.PROCESSES[federation.processes].items())
    ]
    if several:
        running.append(
            services.service_part(
                f"{region}/projector-2",
                ["projector"],
                python=tools.python,
                directory=home / region / "projector-2",
                log=log_of(home, f"{region}/projector-2"),
                admin=ports.second_projector_admin,
                env=env,
                ports={},
                needs=needs,
                needs_one=(_names(federation, region),),
                build=federation.build,
            )
        )
    copying = standby.parts(federation, tools, home, region, env=env, needs=needs)
    standing_by = held.parts(
        federation,
        tools,
        home,
        region,
        env=env,
        needs=needs,
        needs_one=(_names(federation, region),),
    )
    return [*stateful, *([mirror] if peers else []), *running, *standing_by, *copying]


def _files(federation: Federation, home: Path, name: str) -> Files | None:
    return Files.of(home, name) if federation.tls else None


def _tls(federation: Federation, home: Path, name: str) -> dict[str, str]:
    files = _files(federation, home, name)
    if files is None:
        return {}
    return {
        "CAUSEWAY_TLS_CERTIFICATE": str(files.certificate),
        "CAUSEWAY_TLS_KEY": str(files.key),
        "CAUSEWAY_TLS_AUTHORITIES": str(files.authorities),
    }


def _environment(federation: Federation, home: Path, region: str, ports: Ports, peers: list[str]) -> dict[str, str]:
    scheme = "https" if federation.tls else "http"
    return _tls(federation, home, region) | {
        "CAUSEWAY_REGION": region,
        "CAUSEWAY_REGIONS": ",".join(federation.regions),
        "CAUSEWAY_PARTITIONS": str(federation.partitions),
        "CAUSEWAY_KAFKA": _bootstrap(federation, region),
        "CAUSEWAY_KAFKA_REPLICATION": str(federation.brokers.get(region, 1)),
        "CAUSEWAY_STORE": postgres.url(ports.postgres),
        "CAUSEWAY_REDIS": f"redis://127.0.0.1:{ports.redis}/0",
        "CAUSEWAY_DIRECTORY": f"{scheme}://127.0.0.1:{ports.link_to_directory}",
        "CAUSEWAY_STANDBY": federation.standbys.get(region, ""),
        "CAUSEWAY_STANDBYS": held.standbys_text(federation),
        "CAUSEWAY_ZONES": ",".join(f"{one}={zone}" for one, zone in federation.zones.items()),
        **({} if region in federation.standbys else {"CAUSEWAY_ACKNOWLEDGEMENT": "local"}),
        "CAUSEWAY_PUBLIC_PORT": str(ports.public),
        "CAUSEWAY_PUBLIC_URL": f"http://127.0.0.1:{ports.public}",
        "CAUSEWAY_GATEWAY_PORT": str(ports.gateway),
        "CAUSEWAY_GATEWAY_URL": f"{scheme}://127.0.0.1:{ports.gateway}",
        "CAUSEWAY_PEERS": msgspec.json.encode(
            {peer: f"{scheme}://127.0.0.1:{ports.link_to_gateway(peer)}" for peer in peers}
            | held.addresses(federation, region)
        ).decode(),
        "CAUSEWAY_MEDIA_PORT": str(ports.media),
        "CAUSEWAY_MEDIA_PEERS": msgspec.json.encode(
            {peer: f"{scheme}://127.0.0.1:{ports.link_to_media(peer)}" for peer in peers}
            | held.addresses(federation, region, media=True)
        ).decode(),
        "CAUSEWAY_S3_URL": f"http://127.0.0.1:{ports.blobs['s3']}",
        "CAUSEWAY_S3_BUCKET": f"causeway-{region}",
        "CAUSEWAY_S3_CREDENTIALS": str(blob_keys(home, region)),
        "CAUSEWAY_REPAIR_PATIENCE": "10",  # drills are short
        "CAUSEWAY_SIGNING_KEY": str(signing_key(home, region)),
        "CAUSEWAY_WEB": str(webapp.BUILT),
        **ONE_ADDRESS,
        "CAUSEWAY_LOG_LEVEL": federation.log_level,
    }
