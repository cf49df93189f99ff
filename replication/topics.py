"""Names of Kafka topics; `infra.topics` has the rules."""

from infra.topics import JOURNAL, incoming_topic, journal_topic, relay_topic

__all__ = ["JOURNAL", "incoming_topic", "journal_topic", "mirrored_topic", "relay_topic"]


def mirrored_topic(origin: str, destination: str) -> str:
    """Return the name that MirrorMaker's DefaultReplicationPolicy gives the origin's relay topic at its destination."""
    return incoming_topic(origin, destination, held_at=origin, site=destination)
