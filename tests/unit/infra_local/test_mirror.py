"""What a MirrorMaker is told."""

from infra.local import kafka, mirrormaker
from relay.forwarder.plan import LARGEST


def test_a_mirror_takes_whatever_a_forwarder_sends() -> None:
    """A record that it does not take ends its one task, again after each restart, and with it everything from everywhere."""
    settings = mirrormaker.settings("us", "here", {"eu": "there"}, {}, None)

    assert LARGEST < int(settings["us.producer.max.request.size"]) == int(kafka.SETTINGS["message.max.bytes"])
