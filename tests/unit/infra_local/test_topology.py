"""What a federation consists of follows from its description."""

import json
from pathlib import Path

import pytest

from infra.local.errors import UnknownPartError
from infra.local.federation import (
    REGIONS,
    CountsError,
    Federation,
    StandbysError,
    TakeoverError,
    UnknownRegionError,
    ZonesError,
    read_brokers,
    read_regions,
    read_standbys,
    read_takeover,
    read_zones,
)
from infra.local.java import Java
from infra.local.parts import Part
from infra.local.services import PROCESSES
from infra.local.tools import Tools
from infra.local.topology import Topology, lay_out

TOOLS = Tools(
    python=Path("/bin/python"),
    java=Java(Path("/bin/java"), (Path("/jars/kafka.jar"),), Path("/caches")),
    postgres=Path("/pg/bin"),
    template=Path("/pg/template"),
    stage=None,
    valkey=Path("/bin/valkey-server"),
    weed=Path("/bin/weed"),
)


def laid_out(**settings: object) -> Topology:
    """Lay out a federation that differs from the default in the settings."""
    return lay_out(Federation("/home/f", **settings), TOOLS)  # type: ignore[arg-type]


def server_properties(part: Part) -> dict[str, str]:
    """Read a part's main properties file."""
    [text] = [text for path, text in part.files.items() if path.name in {"server.properties", "mirror.properties"}]
    return dict(line.split("=", 1) for line in text.splitlines())


def test_three_regions_have_all_their_parts() -> None:
    """Each region has its servers, its mirror and its services; the directory and the links are there once."""
    names = set(laid_out().parts)
    own = {"kafka", "postgres", "redis", "blobs", "mirror"}
    own |= {"front", "projector", "fanout", "forwarder", "ingester", "media"}

    assert names == {f"{region}/{name}" for region in REGIONS for name in own} | {
        "directory",
        "directory-postgres",
        "links",
    }


def test_a_test_build_runs_every_service_in_the_place_of_the_real_one() -> None:
    """With the same arguments; servers are what they are."""
    real, built = laid_out().parts, laid_out(build="/tests/build.py").parts

    for name, part in real.items():
        if part.kind == "service":
            services = part.argv[3:]
            assert part.argv == ("/bin/python", "-m", "infra.serve", *services)
            assert built[name].argv == ("/bin/python", "/tests/build.py", *services)
        else:
            assert built[name].argv == part.argv


@pytest.mark.parametrize("text", ["us,eu", "eu,us", " us , eu ", "us,eu,", "us,us,eu"])
def test_regions_are_read_as_people_write_them(text: str) -> None:
    """In any order, with spaces, and each once."""
    assert read_regions(text) == ("us", "eu")


@pytest.mark.parametrize(
    ("text", "named"), [("", "''"), (",", "','"), ("us,mars", "'mars'"), ("us eu", "'us eu'"), ("US", "'US'")]
)
def test_other_regions_are_refused_with_those_that_there_are(text: str, named: str) -> None:
    """And nothing is brought up that was not asked for."""
    with pytest.raises(UnknownRegionError, match=f"no region {named}; .*us, eu, ap"):
        read_regions(text)


@pytest.mark.parametrize("processes", [name for name in PROCESSES if name != "none"])
def test_every_service_runs_once_in_each_region_however_they_share_processes(processes: str) -> None:
    """Each has one process, that process has its own health, and the public and the gateway's ports have one owner."""
    for region in REGIONS:
        parts = [part for part in laid_out(processes=processes).parts.values() if part.region == region]
        running = [part for part in parts if part.kind == "service"]
        hosted = sorted(name for part in running for name in part.argv[part.argv.index("infra.serve") + 1 :])

        assert hosted == ["edge", "fanout", "forwarder", "gateway", "ingester", "media", "projector"]
        assert len({part.ports["admin"] for part in running}) == len(running)
        assert sorted(name for part in running for name in part.ports if name != "admin") == [
            "gateway",
            "media",
            "public",
        ]


@pytest.mark.parametrize("processes", ["default", "separate", "paired", "together", "none"])
@pytest.mark.parametrize("regions", [REGIONS, ("us", "eu"), ("ap",)])
def test_no_two_parts_want_one_port(processes: str, regions: tuple[str, ...]) -> None:
    """Whatever is brought up, every port has one owner."""
    ports = [
        port for part in laid_out(processes=processes, regions=regions).parts.values() for port in part.ports.values()
    ]

    assert len(ports) == len(set(ports))


def test_ports_do_not_depend_on_which_regions_are_up() -> None:
    """A region keeps its ports when others are left out."""
    assert laid_out(regions=("eu",)).public_urls["eu"] == laid_out().public_urls["eu"] == "http://127.0.0.1:7200"


def test_each_part_comes_after_what_it_needs() -> None:
    """The parts' order is one that they can be started in, and all that is needed exists."""
    parts = laid_out().parts
    order = list(parts)
    stateful = {"kafka", "postgres", "redis", "blobs", "links"}

    for part in parts.values():
        assert part.needs <= set(order)
        if part.kind in stateful:
            assert not part.needs
        elif part.name != "directory":
            assert all(
                order.index(need) < order.index(part.name) for need in part.needs if parts[need].kind in stateful
            )


def test_between_regions_everything_goes_through_the_links() -> None:
    """No part is told a port of another region's part: only its own region's ends of the links."""
    topology = laid_out()
    bound = {port: part for part in topology.parts.values() for port in part.ports.values()}
    for part in topology.parts.values():
        if part.kind not in {"service", "mirror"} or part.region is None:
            continue
        settings = dict(part.env) | (server_properties(part) if part.kind == "mirror" else {})
        told = {
            int(word)
            for value in settings.values()
            for word in value.replace("/", ":").replace('"', ":").replace("}", ":").split(":")
            if word.isdigit()
        }
        owners = [bound[port] for port in told if port in bound]

        assert {owner.region for owner in owners if owner.name != "links"} <= {part.region}
        assert any(owner.name == "links" for owner in owners)


def test_kafka_advertises_to_a_peer_that_peers_end_of_the_link() -> None:
    """What eu's mirror is told by us's Kafka leads back through eu's end of the link, which leads to us's listener for eu."""
    topology = laid_out()
    properties = server_properties(topology.parts["us/kafka"])
    advertised = dict(entry.split("://") for entry in properties["advertised.listeners"].split(","))
    listeners = dict(entry.split("://") for entry in properties["listeners"].split(","))
    [passage] = [passage for passage in topology.passages if passage.name == "eu-us/kafka"]

    assert advertised["EU"] == f"us.causeway.internal:{passage.listen}"
    assert listeners["EU"] == f"127.0.0.1:{passage.port}"
    assert advertised["INTERNAL"] == listeners["INTERNAL"]


def test_three_brokers_are_parts_of_their_own_and_know_each_other() -> None:
    """Each has its number, its ports and its data; the region that has one broker is as it was."""
    parts = laid_out(brokers={"us": 3}).parts
    settings = [server_properties(parts[f"us/kafka-{number}"]) for number in (1, 2, 3)]

    assert "us/kafka" not in parts
    assert "eu/kafka" in parts
    assert [one["node.id"] for one in settings] == ["1", "2", "3"]
    assert len({one["controller.quorum.voters"] for one in settings}) == 1
    assert len({one["log.dirs"] for one in settings}) == 3
    for one in settings:
        controller = one["listeners"].rpartition("CONTROLLER://")[2]
        assert f"{one['node.id']}@{controller}" in one["controller.quorum.voters"].split(",")
        assert one["min.insync.replicas"] == "2"
    assert server_properties(parts["eu/kafka"])["min.insync.replicas"] == "1"
    ports = [port for part in parts.values() for port in part.ports.values()]
    assert len(ports) == len(set(ports))


def test_every_broker_of_three_is_told_of_and_one_is_enough_to_start_with() -> None:
    """Services and mirrors are told all of them, each advertises its own way to a peer, and a lost one keeps nobody from starting."""
    topology = laid_out(brokers={"us": 3})
    three = ("us/kafka-1", "us/kafka-2", "us/kafka-3")
    own = [topology.parts[name].ports["kafka"] for name in three]
    links = {passage.name: passage for passage in topology.passages}

    assert topology.parts["us/front"].env["CAUSEWAY_KAFKA"] == ",".join(f"127.0.0.1:{port}" for port in own)
    mirror = server_properties(topology.parts["eu/mirror"])
    ways = [links[f"eu-us/kafka-{number}"] for number in (1, 2, 3)]
    assert mirror["us.bootstrap.servers"] == ",".join(f"us.causeway.internal:{way.listen}" for way in ways)
    for name, way in zip(three, ways, strict=True):
        advertised = server_properties(topology.parts[name])["advertised.listeners"]
        assert f"EU://us.causeway.internal:{way.listen}" in advertised
        assert topology.parts[name].ports["kafka-eu"] == way.port
    assert three in topology.parts["us/front"].groups
    assert three in topology.parts["eu/mirror"].groups
    assert not {*three} & topology.parts["us/front"].needs


@pytest.mark.parametrize(
    ("text", "brokers"), [("", {}), ("us=3", {"us": 3}), ("ap=3, us=3", {"us": 3, "ap": 3}), ("us=1", {})]
)
def test_brokers_are_read_as_people_write_them(text: str, brokers: dict[str, int]) -> None:
    """Only those regions are named that have more than one."""
    assert read_brokers(text) == brokers


@pytest.mark.parametrize("text", ["us=2", "us", "mars=3", "3", "us=three"])
def test_other_numbers_of_brokers_are_refused(text: str) -> None:
    """Two would be worse than one: with either of them lost, nothing is accepted."""
    with pytest.raises(CountsError, match="1 and 3"):
        read_brokers(text)


def test_a_second_projector_is_a_part_of_its_own() -> None:
    """Both share; where there is one it does not, nor does who holds another region's duties."""
    parts = laid_out(projectors={"us": 2}, standbys={"us": "eu"}, processes="paired").parts

    assert parts["us/projector-2"].services == ("projector",)
    assert {name for name, part in parts.items() if part.env.get("CAUSEWAY_PROJECTOR_SHARED")} >= {
        "us/back",
        "us/projector-2",
    }
    assert "CAUSEWAY_PROJECTOR_SHARED" not in parts["eu/back"].env
    ports = [port for part in parts.values() for port in part.ports.values()]
    assert len(ports) == len(set(ports))


def test_a_peer_reaches_kafka_by_the_name_in_its_certificate() -> None:
    """Which leads to the link: the mirror verifies whose Kafka that is, not only that it is some region's."""
    mirror = laid_out().parts["eu/mirror"]
    properties = server_properties(mirror)
    [hosts] = [text for path, text in mirror.files.items() if path.name == "hosts"]

    assert properties["us.bootstrap.servers"].startswith("us.causeway.internal:")
    assert properties["us.security.protocol"] == "SSL"
    assert "eu.security.protocol" not in properties
    assert "127.0.0.1 us.causeway.internal\n" in hosts


def test_only_peers_meet_kafka_over_tls() -> None:
    """With its own region it goes on in plain text, as what may do everything."""
    properties = server_properties(laid_out().parts["us/kafka"])
    protocols = dict(entry.split(":") for entry in properties["listener.security.protocol.map"].split(","))

    assert protocols == {"INTERNAL": "PLAINTEXT", "CONTROLLER": "PLAINTEXT", "EU": "SSL", "AP": "SSL"}
    assert properties["ssl.client.auth"] == "required"
    assert properties["authorizer.class.name"].endswith("StandardAuthorizer")


def test_without_tls_everything_is_plain() -> None:
    """No certificate is named anywhere, and nobody is refused."""
    topology = laid_out(tls=False)
    written = [text for part in topology.parts.values() for text in (*part.files.values(), *part.env.values())]

    assert not [
        text for text in written if "https" in text or "ssl." in text or "pem" in text.replace("signing-key.pem", "")
    ]
    assert not topology.parts["us/kafka"].readers
    assert not any(name.startswith("CAUSEWAY_TLS") for part in topology.parts.values() for name in part.env)


def test_a_mirror_takes_only_what_is_meant_for_its_region() -> None:
    """So nothing circles: relay topics for others, and what was mirrored before, stay where they are."""
    properties = server_properties(laid_out().parts["eu/mirror"])

    assert properties["us->eu.topics"] == r"relay\\.eu"
    assert properties["eu->us.enabled"] == "false"
    assert properties["clusters"] == "eu, us, ap"


def test_relay_topics_are_for_every_other_region() -> None:
    """A region has its journal, and a relay topic for each peer."""
    assert laid_out(partitions=8).parts["us/kafka"].topics == {"journal": 8, "relay.eu": 8, "relay.ap": 8}


def test_services_reach_peers_by_url() -> None:
    """The peers' gateways are told as JSON, as seen through the links."""
    topology = laid_out()
    peers = json.loads(topology.parts["us/front"].env["CAUSEWAY_PEERS"])
    listens = {passage.name: passage.listen for passage in topology.passages}

    assert peers == {peer: f"https://127.0.0.1:{listens[f'us-{peer}/gateway']}" for peer in ("eu", "ap")}


def test_one_region_alone_needs_no_mirror() -> None:
    """There is nobody to mirror from."""
    assert "us/mirror" not in laid_out(regions=("us",)).parts


@pytest.mark.parametrize(
    ("name", "ends"), [("us-eu", ("us", "eu")), ("eu-us", ("eu", "us")), ("directory-ap", ("directory", "ap"))]
)
def test_links_are_named_by_their_ends(name: str, ends: tuple[str, str]) -> None:
    """In either order, which matters for one-way cuts."""
    assert laid_out().pair(name) == ends


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    """A typing error is easily mended."""
    with pytest.raises(UnknownPartError, match="us-eu"):
        laid_out().pair("us-mars")
    with pytest.raises(UnknownPartError, match="us/kafka"):
        laid_out().part("us/kafak")
    with pytest.raises(UnknownRegionError, match="us, eu, ap"):
        laid_out(regions=("mars",))


def test_all_services_of_a_region_are_told_who_stands_by() -> None:
    """One that did not know would believe itself safe; nobody does for those that are not named."""
    assert read_standbys("us=eu, ap=us", REGIONS) == {"us": "eu", "ap": "us"}
    assert read_standbys("", REGIONS) == {}
    parts = laid_out(standbys={"us": "eu"}).parts

    told = {name: part.env["CAUSEWAY_STANDBY"] for name, part in parts.items() if "CAUSEWAY_REGION" in part.env}
    assert {name for name, standby in told.items() if standby == "eu"} == {
        name for name in told if name.startswith("us/")
    }
    assert {name for name, standby in told.items() if standby == "us"} == {
        name for name in told if name.startswith("eu/us-")
    }, "where eu holds them, us itself may take them over"
    assert set(told.values()) == {"eu", "us", ""}


def test_a_store_that_is_copied_publishes_and_its_standby_subscribes() -> None:
    """And nobody else does: to keep changes costs, and so does somebody who waits for them."""
    laid = laid_out(standbys={"us": "eu"})
    parts = laid.parts

    def says(region: str, setting: str) -> bool:
        return setting in parts[f"{region}/postgres"].argv

    assert [says(region, "wal_level=logical") for region in REGIONS] == [True, False, False]
    assert [says(region, "wal_level=minimal") for region in REGIONS] == [False, True, True]
    assert [says(region, "max_logical_replication_workers=0") for region in REGIONS] == [True, False, True]
    assert says("us", "max_slot_wal_keep_size=2GB")
    assert {name for name in parts if name.endswith("/standby")} == {"us/standby", "eu/standby"}
    assert not any(name.endswith("/standby") for name in laid_out().parts)
    assert not any(name.endswith("/standby") for name in laid_out(standbys={"us": "eu"}, processes="none").parts)


def test_what_stands_by_takes_over_by_itself_only_where_that_is_wanted() -> None:
    """It is told what of its site that is; the directory, what follows when a region is taken for down."""
    parts = laid_out(standbys={"us": "eu"}).parts
    assert parts["eu/standby"].services == ("standby",)
    assert parts["directory"].env["CAUSEWAY_TAKEOVER"] == "propose"

    parts = laid_out(standbys={"us": "eu"}, takeover="automatic").parts
    assert parts["directory"].env["CAUSEWAY_TAKEOVER"] == "automatic"
    assert (parts["us/standby"].services, parts["eu/standby"].services) == (("standby",), ("standby", "takeover"))
    told = json.loads(parts["eu/standby"].env["CAUSEWAY_TAKES_OVER"])
    assert parts["eu/standby"].env["CAUSEWAY_HOME"] == "/home/f", "where it is written down"
    serving = [part for name, part in parts.items() if name.startswith("eu/us-")]
    assert set(told) == {"us"}
    assert told["us"]["partitions"] == int(parts["us/projector"].env["CAUSEWAY_PARTITIONS"])
    assert set(told["us"]["services"]) == {service for part in serving for service in part.services}
    assert set(told["us"]["health"]) == {f"http://127.0.0.1:{part.ports['admin']}/health" for part in serving}


def test_what_follows_when_a_region_is_taken_for_down_is_one_of_two() -> None:
    """Where nobody stands by, nobody could."""
    assert read_takeover("propose", {}) == "propose"
    assert read_takeover("automatic", {"us": "eu"}) == "automatic"
    with pytest.raises(TakeoverError, match="nobody stands by"):
        read_takeover("automatic", {})
    with pytest.raises(TakeoverError, match="propose, or automatic"):
        read_takeover("always", {"us": "eu"})


def test_a_copy_goes_over_a_link_of_its_own() -> None:
    """From the standby to the store, so that a cut or a slow sea hits it like everything else."""
    laid = laid_out(standbys={"us": "eu"})
    [passage] = [one for one in laid.passages if one.name.endswith("/store")]
    us, eu = laid.parts["us/standby"], laid.parts["eu/standby"]

    assert (passage.source, passage.target) == ("eu", "us")
    assert passage.port == us.ports["gate"] == int(us.env["CAUSEWAY_GATE_PORT"])
    told = json.loads(eu.env["CAUSEWAY_STANDS_BY_FOR"])
    assert told == {"us": {"gate": f"127.0.0.1:{passage.listen}", "port": eu.ports["way-us"]}}
    assert json.loads(us.env["CAUSEWAY_STANDS_BY_FOR"]) == {}


@pytest.mark.parametrize("text", ["us", "us=us", "us=mars", "mars=us", "eu=ap"])
def test_only_another_region_that_is_there_stands_by(text: str) -> None:
    """Of us and eu, which are brought up."""
    with pytest.raises(StandbysError, match="us=eu"):
        read_standbys(text, ("us", "eu"))


def test_nobody_stands_by_beyond_a_legal_zone() -> None:
    """All of it is told to all services, which look at it as well; nothing is said where there is one zone for all."""
    assert read_zones("", REGIONS) == {}
    zones = read_zones("ap=asia, us=americas,eu=americas", REGIONS)
    assert read_standbys("us=eu", REGIONS, zones) == {"us": "eu"}
    with pytest.raises(ZonesError, match=r"ap \(asia\) may not stand by for us"):
        read_standbys("us=ap", REGIONS, zones)
    for text in ("us", "us=North America", "us=a", "us=a,eu=b,ap=c,mars=d", "us=a,us=b,eu=a,ap=a"):
        with pytest.raises(ZonesError, match="us=americas"):
            read_zones(text, REGIONS)

    told = {
        part.env["CAUSEWAY_ZONES"]
        for part in laid_out(standbys={"us": "eu"}, zones=zones).parts.values()
        if "CAUSEWAY_REGION" in part.env
    }
    assert told == {"us=americas,eu=americas,ap=asia"}
    assert laid_out().part("us/projector").env["CAUSEWAY_ZONES"] == ""


def held(topology: Topology, name: str) -> dict[str, str]:
    """Return the environment of a part of what eu may hold of us."""
    return dict(topology.part(f"eu/us-{name}").env)


def test_whoever_stands_by_has_the_other_ones_services_with_what_is_its_own() -> None:
    """They serve us at eu: with eu's Kafka, PostgreSQL, Redis and blob store, and names of their own in each; and speak as us."""
    topology = laid_out(standbys={"us": "eu"})

    names = {name for name in topology.parts if name.startswith("eu/us-")}
    assert names == {f"eu/us-{name}" for name in ("gateway", "projector", "fanout", "forwarder", "ingester", "media")}
    assert not {name for name in topology.parts if name.startswith(("us/eu-", "ap/us-"))}
    mine, theirs, home = held(topology, "gateway"), topology.part("eu/front").env, topology.part("us/front").env
    assert (mine["CAUSEWAY_REGION"], mine["CAUSEWAY_SITE"], mine["CAUSEWAY_STANDBY"]) == ("us", "eu", "us")
    assert mine["CAUSEWAY_KAFKA"] == theirs["CAUSEWAY_KAFKA"]
    assert mine["CAUSEWAY_DIRECTORY"] == theirs["CAUSEWAY_DIRECTORY"]
    assert mine["CAUSEWAY_STORE"] == theirs["CAUSEWAY_STORE"].removesuffix("/causeway") + "/held_us"
    assert mine["CAUSEWAY_REDIS"] == theirs["CAUSEWAY_REDIS"].removesuffix("/0") + "/1"
    assert (mine["CAUSEWAY_S3_URL"], mine["CAUSEWAY_S3_BUCKET"]) == (theirs["CAUSEWAY_S3_URL"], "causeway-us")
    assert mine["CAUSEWAY_PARTITIONS"] == home["CAUSEWAY_PARTITIONS"]
    assert mine["CAUSEWAY_SIGNING_KEY"] not in {theirs["CAUSEWAY_SIGNING_KEY"], home["CAUSEWAY_SIGNING_KEY"]}
    assert mine["CAUSEWAY_TLS_CERTIFICATE"] == "/home/f/eu/held/us/tls/certificate.pem"
    assert mine["CAUSEWAY_PUBLIC_URL"] == theirs["CAUSEWAY_PUBLIC_URL"], "users come in by eu's edge"
    assert {part.env["CAUSEWAY_STANDBYS"] for part in topology.parts.values() if "CAUSEWAY_REGION" in part.env} == {
        "us=eu"
    }


def test_everybody_knows_the_way_to_what_is_held_elsewhere() -> None:
    """Over the link between the sites, so that it can be cut; at the site itself, directly."""
    topology = laid_out(standbys={"us": "eu"})
    gateway, media = topology.part("eu/us-gateway").ports["gateway"], topology.part("eu/us-media").ports["media"]
    links = {passage.listen: passage for passage in topology.passages}

    for region in REGIONS:
        env = topology.part(f"{region}/front").env
        for setting, port in (("CAUSEWAY_PEERS", gateway), ("CAUSEWAY_MEDIA_PEERS", media)):
            found = json.loads(env[setting])
            assert set(found) == {*REGIONS} - {region} | {"us@eu"}
            there = int(found["us@eu"].rpartition(":")[2])
            if region == "eu":
                assert there == port
            else:
                assert (links[there].source, links[there].target, links[there].port) == (region, "eu", port)
    assert set(json.loads(held(topology, "gateway")["CAUSEWAY_PEERS"])) == {"eu", "ap", "us@eu"}


def test_topics_of_what_may_be_held_are_there_before_they_are_needed_and_are_mirrored() -> None:
    """MirrorMaker takes long to notice a new one."""
    topology = laid_out(standbys={"us": "eu"})

    assert {"held.us.journal", "held.us.relay.ap", "held.us.relay.eu"} <= set(topology.part("eu/kafka").topics)
    assert not [name for name in topology.part("us/kafka").topics if name.startswith("held")]
    into_ap = server_properties(topology.part("ap/mirror"))
    assert into_ap["eu->ap.topics"] == r"relay\\.ap, held\\.us\\.relay\\.ap"
    assert into_ap["us->ap.topics"] == r"relay\\.ap"
    assert server_properties(topology.part("eu/mirror"))["ap->eu.topics"] == r"relay\\.eu, relay\\.us"


def test_no_two_parts_have_a_port_in_common_whoever_stands_by() -> None:
    """Also where each region does for another one, or one does for both, and each service runs alone."""
    for standbys in ({"us": "eu", "eu": "ap", "ap": "us"}, {"us": "ap", "eu": "ap"}):
        topology = laid_out(standbys=standbys, processes="separate", brokers=dict.fromkeys(REGIONS, 3))
        ports = [port for part in topology.parts.values() for port in part.ports.values()]
        assert len(ports) == len(set(ports))


def test_where_nobody_stands_by_nothing_is_there_for_it() -> None:
    """No process, no topic, no way, no port."""
    topology = laid_out()

    assert not [name for name in topology.parts if name.split("/")[-1].startswith(tuple(f"{one}-" for one in REGIONS))]
    for region in REGIONS:
        env = topology.part(f"{region}/front").env
        assert env["CAUSEWAY_STANDBYS"] == ""
        assert set(json.loads(env["CAUSEWAY_PEERS"])) == {*REGIONS} - {region}
        assert set(topology.part(f"{region}/kafka").topics) == {
            "journal",
            *(f"relay.{x}" for x in REGIONS if x != region),
        }
