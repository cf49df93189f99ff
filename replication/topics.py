"""Names of Kafka topics."""

JOURNAL = "journal"
"""Every region's journal. Its name is the same everywhere: MirrorMaker never mirrors it."""


def relay_topic(destination: str) -> str:
    """Return the topic in which a region puts what goes to that destination."""
    return f"relay.{destination}"


def mirrored_topic(origin: str, destination: str) -> str:
    """Return the name that MirrorMaker's DefaultReplicationPolicy gives the origin's relay topic at its destination."""
    return f"{origin}.relay.{destination}"
