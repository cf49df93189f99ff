"""Duties that may be held at another region's site: which, where they are reached, and the processes that stand by for them there.

They are the region's own services with that site's Kafka, PostgreSQL, Redis and blob store: topics, database, Redis database and bucket of their own.
Until the store there says that it is their turn they only look at it (`replication.turns`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from infra.local import postgres, services
from infra.local.certified import Files
from infra.local.federation import REGIONS, Federation
from infra.local.linkproxy import Passage
from infra.local.numbering import Ports
from infra.local.parts import Part
from infra.local.tools import Tools
from infra.topics import journal_topic, kept_at, relay_topic


def held_at(federation: Federation, site: str) -> list[str]:
    """Return the other regions whose duties may be held at a site."""
    return [region for region in kept_at(site, federation.standbys) if region != site]


def database(region: str) -> str:
    """Return the database of a region's duties in the PostgreSQL of another site."""
    return f"held_{region}"


def files(home: Path, site: str, region: str) -> Files:
    """Return where the certificate lies with which a site speaks for a region whose duties may be held there."""
    return Files(home / site / "held" / region / "tls")


def signing_key(home: Path, site: str, region: str) -> Path:
    """Return where the key lies with which tokens are signed there."""
    return home / site / "held" / region / "signing-key.pem"


def topics(federation: Federation, site: str) -> dict[str, int]:
    """Return the topics of what may be held at a site, and how many partitions each has: MirrorMakers elsewhere are to know them early."""
    return {
        topic: federation.partitions
        for region in held_at(federation, site)
        for topic in (
            journal_topic(region, site),
            *(relay_topic(peer, origin=region, site=site) for peer in federation.regions if peer != region),
        )
    }


def standbys_text(federation: Federation) -> str:
    """Return who may take over whose duties, as services are told."""
    return ",".join(f"{region}={site}" for region, site in federation.standbys.items())


def passages(federation: Federation, source: str) -> list[Passage]:
    """Return a site's links to what may be held at others."""
    ports = Ports.of(federation.base_port, source)
    found = []
    for region, site in federation.standbys.items():
        if site == source:
            continue
        gateway, media = ports.link_to_held(_place(source, site, region))
        held = _first(federation, site, region)
        found += [
            Passage(f"{source}-{site}/{region}-gateway", source, site, gateway, held),
            Passage(f"{source}-{site}/{region}-media", source, site, media, held + 1),
        ]
    return found


def addresses(federation: Federation, source: str, *, media: bool = False) -> dict[str, str]:
    """Return where a site reaches what may be held elsewhere, or at itself, by `region@site`."""
    ports, scheme = Ports.of(federation.base_port, source), "https" if federation.tls else "http"
    found = {}
    for region, site in federation.standbys.items():
        here = (_first(federation, site, region), _first(federation, site, region) + 1)
        port = (here if site == source else ports.link_to_held(_place(source, site, region)))[media]
        found[f"{region}@{site}"] = f"{scheme}://127.0.0.1:{port}"
    return found


def parts(
    federation: Federation,
    tools: Tools,
    home: Path,
    site: str,
    *,
    env: Mapping[str, str],
    needs: frozenset[str],
    needs_one: tuple[tuple[str, ...], ...],
) -> list[Part]:
    """Return the processes of all that may be held at a site.

    Args:
        federation: Which.
        tools: What they are made of.
        home: Of the federation.
        site: At which.
        env: The environment of the site's own services.
        needs: What those need.
        needs_one: Likewise.
    """
    found = []
    for region in held_at(federation, site):
        first = _first(federation, site, region)
        listens = {"gateway": ("gateway", first), "media": ("media", first + 1)}
        for place, (name, names) in enumerate(_processes(federation).items()):
            found.append(
                services.service_part(
                    f"{site}/{region}-{name}",
                    names,
                    python=tools.python,
                    directory=home / site / f"{region}-{name}",
                    log=home / "logs" / f"{site}-{region}-{name}.log",
                    admin=first + 2 + place,
                    env=dict(env) | _environment(federation, home, site, region, first),
                    ports=dict(listens[service] for service in names if service in listens),
                    needs=needs,
                    needs_one=needs_one,
                    build=federation.build,
                )
            )
    return found


def standing_by(federation: Federation, site: str) -> dict[str, tuple[list[str], list[str]]]:
    """Return what stands by at a site, by region: which services, and the URLs at which their processes tell how they are."""
    processes = _processes(federation)
    names = sorted(service for served in processes.values() for service in served)
    return {
        region: (
            names,
            [
                f"http://127.0.0.1:{_first(federation, site, region) + 2 + place}/health"
                for place in range(len(processes))
            ],
        )
        for region in held_at(federation, site)
    }


def _processes(federation: Federation) -> Mapping[str, Sequence[str]]:
    """Return which services share a process there: no edge, since the site has one."""
    found = {}
    for name, names in services.PROCESSES[federation.processes].items():
        served = [service for service in names if service != "edge"]
        if served:
            found["gateway" if served == ["gateway"] else name] = served
    return found


def _environment(federation: Federation, home: Path, site: str, region: str, first: int) -> dict[str, str]:
    scheme, ports = "https" if federation.tls else "http", Ports.of(federation.base_port, site)
    others = [other for other in federation.regions if other != region]
    place = held_at(federation, site).index(region) + 1

    def reach(own: int, link: Mapping[str, int]) -> dict[str, str]:
        return {other: f"{scheme}://127.0.0.1:{own if other == site else link[other]}" for other in others}

    gateways = {other: ports.link_to_gateway(other) for other in others if other != site}
    medias = {other: ports.link_to_media(other) for other in others if other != site}
    settings = {
        "CAUSEWAY_REGION": region,
        "CAUSEWAY_SITE": site,
        "CAUSEWAY_STANDBY": region,
        "CAUSEWAY_STORE": postgres.url(ports.postgres, database(region)),
        "CAUSEWAY_REDIS": f"redis://127.0.0.1:{ports.redis}/{place}",
        "CAUSEWAY_GATEWAY_PORT": str(first),
        "CAUSEWAY_GATEWAY_URL": f"{scheme}://127.0.0.1:{first}",
        "CAUSEWAY_MEDIA_PORT": str(first + 1),
        "CAUSEWAY_PEERS": msgspec.json.encode(reach(ports.gateway, gateways) | addresses(federation, site)).decode(),
        "CAUSEWAY_MEDIA_PEERS": msgspec.json.encode(
            reach(ports.media, medias) | addresses(federation, site, media=True)
        ).decode(),
        "CAUSEWAY_S3_BUCKET": f"causeway-{region}",
        "CAUSEWAY_SIGNING_KEY": str(signing_key(home, site, region)),
    }
    if federation.tls:
        mine = files(home, site, region)
        settings |= {
            "CAUSEWAY_TLS_CERTIFICATE": str(mine.certificate),
            "CAUSEWAY_TLS_KEY": str(mine.key),
            "CAUSEWAY_TLS_AUTHORITIES": str(mine.authorities),
        }
    return settings


def _first(federation: Federation, site: str, region: str) -> int:
    return Ports.of(federation.base_port, site).held(held_at(federation, site).index(region))


def _place(source: str, site: str, region: str) -> int:
    """Return the place of a link among those of a site to what may be held at others."""
    pairs = [(other, whose) for other in REGIONS if other != source for whose in REGIONS if whose != other]
    return pairs.index((site, region))
