"""Names of Kafka topics, by whose duties they serve and at whose site those are held.

A region holds its own duties at its own site, in its own Kafka. Where another holds them, that one's Kafka has them under names of their own,
beside its own topics: MirrorMaker carries what lies there for others from the Kafka in which it lies, as it does everything else.
"""

from collections.abc import Mapping

JOURNAL = "journal"
"""A region's journal, where it holds its own duties; also what a store calls its journal, wherever that lies. MirrorMaker never mirrors one."""


def journal_topic(region: str, site: str) -> str:
    """Return the journal of a region whose duties are held at that site."""
    return f"{_prefix(region, site)}{JOURNAL}"


def relay_topic(destination: str, *, origin: str = "", site: str = "") -> str:
    """Return the topic in which a region puts what goes to that destination.

    Args:
        destination: Where it goes.
        origin: Whose duties are held elsewhere; not to be named by a region at its own site.
        site: Where they are held.
    """
    return f"{_prefix(origin, site)}relay.{destination}"


def incoming_topic(origin: str, destination: str, *, held_at: str, site: str) -> str:
    """Return the topic in which a destination finds what an origin sends, in the Kafka of the site where it reads.

    Args:
        origin: Whose duties send it.
        destination: Whose duties take it in.
        held_at: Where the origin's duties are held, or were when it was sent.
        site: Where the destination's are.
    """
    topic = relay_topic(destination, origin=origin, site=held_at)
    return topic if held_at == site else f"{held_at}.{topic}"  # as MirrorMaker's DefaultReplicationPolicy names it


def kept_at(site: str, standbys: Mapping[str, str]) -> list[str]:
    """Return the regions whose duties may be held at a site: its own first, then those by which it stands.

    Args:
        site: The site.
        standbys: Region to the one that may take its duties over, where one may.
    """
    return [site, *sorted(region for region, standby in standbys.items() if standby == site)]


def carried_topics(source: str, target: str, standbys: Mapping[str, str]) -> list[str]:
    """Return the topics of one site's Kafka that are meant for another site: for its own duties, and for those that may be held there.

    Args:
        source: The site in whose Kafka they lie.
        target: The site that reads them.
        standbys: Region to the one that may take its duties over, where one may.
    """
    return [
        relay_topic(destination, origin=origin, site=source)
        for origin in kept_at(source, standbys)
        for destination in kept_at(target, standbys)
        if origin != destination
    ]


def _prefix(region: str, site: str) -> str:
    return "" if region == site else f"held.{region}."
