"""What a device is shown: whose answer a queued message waits for."""

import pytest

from region.gateway.views import pending_view, rfc3339
from replication.ids import direct_conversation_id
from replication.records import MessageSent, Submission

US, EU = "u" + "a" * 24 + "-us", "u" + "b" * 24 + "-eu"


def queued(author: str, recipient: str) -> Submission:
    """A message that is accepted and not numbered yet."""
    return Submission(
        id="m1",
        author=author,
        home=author[-2:],
        home_epoch=1,
        body=MessageSent(recipient, "c1", "hi"),
        submitted_at=0,
        conversation_id=direct_conversation_id(author, recipient),
    )


@pytest.mark.parametrize(("author", "recipient", "awaited"), [(US, EU, "eu"), (EU, US, "us")])
def test_a_message_waits_for_the_other_region_whoever_owns_the_conversation(
    author: str, recipient: str, awaited: str
) -> None:
    """Where the author's home is the owner, it is the recipient's home that has to say something first."""
    assert pending_view(queued(author, recipient)).queued_for == awaited


def test_what_the_store_says_counts() -> None:
    """It knows which region was asked."""
    assert pending_view(queued(US, EU), waits_for="ap").queued_for == "ap"


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (1_764_115_200_123_456, "2025-11-26T00:00:00.123Z"),
        (-(2**63), "1970-01-01T00:00:00.000Z"),
        (10**18, "9999-12-31T23:59:59.000Z"),
        (2**63 - 1, "9999-12-31T23:59:59.000Z"),
    ],
)
def test_a_time_that_cannot_be_is_shown_all_the_same(at: int, shown: str) -> None:
    """Another region says when a message was sent; whatever it says, the page that holds it can be read."""
    assert rfc3339(at) == shown
