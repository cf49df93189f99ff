"""What is told of a record that was put aside: what it is made of, never what people wrote, nor a secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication.accounts import AccountCreated, DeviceAdded
from replication.codec import NEWEST, encode, encode_record
from replication.poison.outline import MOST_LINES, outline
from replication.poison.records import Kind, NoSuchPoisonError, Poison, place_of
from replication.records import Journaled, MessageSent, Relayed, Stream, Submission, Via

SECRETS = ("what ada wrote", "$argon2id$hash", "token-of-a-reservation", "family-of-tokens", "Ada Lovelace", "ada")


def submission(body: MessageSent | AccountCreated | DeviceAdded) -> Submission:
    """Return a submission with that body."""
    return Submission(id="m1-us", author="u1-us", home="us", home_epoch=1, body=body, submitted_at=5)


@pytest.mark.parametrize(
    "body",
    [
        MessageSent("u2-eu", "c1", SECRETS[0]),
        AccountCreated(SECRETS[5], SECRETS[4], SECRETS[1], SECRETS[2]),
        DeviceAdded("v1", SECRETS[4], SECRETS[3]),
    ],
)
def test_it_identifies_and_tells_nothing(body: MessageSent | AccountCreated | DeviceAdded) -> None:
    """Ids, kinds and sizes; of a newer version, too."""
    journaled = encode(Journaled(record=submission(body)))
    newer = bytes((NEWEST + 1,)) + journaled[1:]
    via = Via(Stream("us", 1, 1, "eu", 2), 7, 7)
    relayed = encode(Relayed(via=via, record=encode_record(submission(body))))

    for value in (journaled, newer, relayed):
        text = "\n".join(outline(value))
        assert "author: u1-us" in text
        assert "id: m1-us" in text
        for secret in SECRETS[:5]:
            assert secret not in text
    assert "sequence: 7" in "\n".join(outline(relayed))


@given(st.binary(max_size=300) | st.none())
def test_any_bytes_are_told_of(value: bytes | None) -> None:
    """Whatever was put aside, the command does not fail at it."""
    assert 1 <= len(outline(value)) <= MOST_LINES


@given(st.text(max_size=20).filter(bool), st.integers(0, 4095), st.integers(0, 10**17))
def test_a_name_leads_back(source: str, partition: int, offset: int) -> None:
    """What `list` prints is what `show` takes."""
    assert place_of(Poison(source, partition, offset, Kind.NEWER, "", None).name) == (source, partition, offset)


@pytest.mark.parametrize("name", ["", "journal", "journal/1", "journal/one/2", "journal/1/-2", "journal/1/" + "9" * 30])
def test_what_is_no_name_is_told(name: str) -> None:
    """A slip is answered with a sentence."""
    with pytest.raises(NoSuchPoisonError):
        place_of(name)
