"""Where a region's duties are reached, and which topics serve them, whosever site has them."""

import pytest

from infra.acls import allowances
from infra.topics import carried_topics, incoming_topic, journal_topic, relay_topic
from infra.ways import Ways, ends, way

STANDBYS = {"us": "eu"}


def test_a_way_is_named_after_both_ends_where_they_differ() -> None:
    """At home by the region alone."""
    assert (way("us", "us"), way("us", "eu")) == ("us", "us@eu")
    assert (ends("us"), ends("us@eu")) == (("us", "us"), ("us", "eu"))


def test_a_region_is_reached_where_its_duties_are() -> None:
    """Whoever asks need not know; where no way leads, there is none."""
    sites = {"us": "us"}
    ways = Ways({"us": "https://us/", "us@eu": "https://held", "ap": "https://ap"}, where=lambda of: sites.get(of, of))
    assert ways.names == ["ap", "us"]
    assert (ways.url("us"), ways.url("ap"), ways.url("mars")) == ("https://us", "https://ap", "")

    sites["us"] = "eu"
    assert (ways.name("us"), ways.url("us")) == ("us@eu", "https://held")
    sites["us"] = "ap"
    assert ways.url("us") == ""


def test_at_home_topics_have_the_names_that_they_always_had() -> None:
    """Whatever may be held elsewhere."""
    assert journal_topic("us", "us") == "journal"
    assert relay_topic("eu", origin="us", site="us") == relay_topic("eu") == "relay.eu"
    assert incoming_topic("us", "eu", held_at="us", site="eu") == "us.relay.eu"
    for source, target in (("us", "eu"), ("eu", "ap"), ("ap", "us")):
        assert carried_topics(source, target, {}) == [f"relay.{target}"]


@pytest.mark.parametrize(
    ("origin", "destination", "held_at", "site", "topic"),
    [
        ("us", "ap", "eu", "ap", "eu.held.us.relay.ap"),  # eu holds us's duties: MirrorMaker carries it from eu's Kafka
        ("us", "eu", "eu", "eu", "held.us.relay.eu"),  # and eu finds it in its own
        ("eu", "us", "eu", "eu", "relay.us"),  # as us, at eu, finds what eu sends
        ("ap", "us", "ap", "eu", "ap.relay.us"),
    ],
)
def test_what_goes_to_and_comes_from_duties_held_elsewhere(
    origin: str, destination: str, held_at: str, site: str, topic: str
) -> None:
    """Each in the Kafka of the site where it is read."""
    assert incoming_topic(origin, destination, held_at=held_at, site=site) == topic


@pytest.mark.parametrize(
    ("source", "target", "topics"),
    [
        ("eu", "ap", {"relay.ap", "held.us.relay.ap"}),
        ("ap", "eu", {"relay.eu", "relay.us"}),
        ("us", "eu", {"relay.eu"}),
        ("eu", "us", {"relay.us"}),
        ("us", "ap", {"relay.ap"}),
        ("ap", "us", {"relay.us"}),
    ],
)
def test_whoever_stands_by_is_brought_what_is_meant_for_the_other_one(
    source: str, target: str, topics: set[str]
) -> None:
    """And others what it may come to send in its name; nobody is brought what is nobody's business there."""
    assert set(carried_topics(source, target, STANDBYS)) == topics


def test_what_each_reads_from_each_other_is_what_is_carried() -> None:
    """So no way of any region's duties to any other's lacks its topic, wherever both are held, and MirrorMaker may read it."""
    regions, standbys = ("us", "eu", "ap"), {"us": "eu", "eu": "ap", "ap": "us"}
    for origin in regions:
        for destination in (region for region in regions if region != origin):
            for held_at in (origin, standbys[origin]):
                for site in (destination, standbys[destination]):
                    topic = incoming_topic(origin, destination, held_at=held_at, site=site)
                    if held_at != site:
                        carried = carried_topics(held_at, site, standbys)
                        assert topic in {f"{held_at}.{name}" for name in carried}
                        allowed = allowances([site], site=held_at, standbys=standbys)
                        assert {rule.name for rule in allowed if rule.operation == "read"} >= set(carried)
