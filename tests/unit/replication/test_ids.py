"""Ids carry a bucket and a region, and follow from what they name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication import ids

regions = st.from_regex(r"[a-z][a-z0-9]{1,7}", fullmatch=True)
users = st.builds(lambda digits, region: f"u{digits:024x}-{region}", st.integers(0, 16**24 - 1), regions)


@given(region=regions)
def test_a_new_user_is_born_in_the_region(region: str) -> None:
    """A user id names the region of birth."""
    user = ids.new_user_id(region)

    assert ids.is_user_id(user)
    assert ids.region_of(user) == region


@given(one=users, other=users)
def test_a_direct_conversation_is_the_same_from_both_sides(one: str, other: str) -> None:
    """It follows from its two users, whoever begins; its owner is the region in the smaller id."""
    conversation = ids.direct_conversation_id(one, other)

    assert conversation == ids.direct_conversation_id(other, one)
    assert ids.is_conversation_id(conversation)
    assert ids.region_of(conversation) == ids.region_of(min(one, other))


@given(one=users, other=users, name=st.text(max_size=20), another=st.text(max_size=20))
def test_a_message_id_follows_from_sender_conversation_and_name(one: str, other: str, name: str, another: str) -> None:
    """A retry is the same message; another name, or another sender, is another."""
    conversation = ids.direct_conversation_id(one, other)
    message = ids.message_id(one, conversation, name)

    assert ids.is_message_id(message)
    assert message == ids.message_id(one, conversation, name)
    assert ids.bucket_of(message) == ids.bucket_of(conversation)
    assert ids.region_of(message) == ids.region_of(conversation)
    assert (message == ids.message_id(one, conversation, another)) == (name == another)
    assert (message == ids.message_id(other, conversation, name)) == (one == other)


@given(bucket=st.integers(0, ids.BUCKETS - 1), partitions=st.integers(1, 64))
def test_buckets_fill_partitions_evenly_and_in_order(bucket: int, partitions: int) -> None:
    """Each bucket has one partition; partitions hold runs of buckets, so a range of ids is a partition."""
    identifier = f"u{bucket:03x}{'0' * 21}-us"
    partition = ids.partition_of(identifier, partitions)

    assert 0 <= partition < partitions
    assert abs(partition - bucket * partitions / ids.BUCKETS) < 1


@given(parts=st.lists(st.text(max_size=5), min_size=1, max_size=4))
def test_a_content_hash_knows_where_its_parts_end(parts: list[str]) -> None:
    """Moving a character from one part to the next is another content."""
    digest = ids.content_hash(*parts)

    assert len(digest) == 16
    assert digest != ids.content_hash(*parts, "")
    if parts[0]:
        assert digest != ids.content_hash(parts[0][:-1], parts[0][-1], *parts[1:])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "u",
        "u123-us",
        "U" + "0" * 24 + "-us",
        "u" + "g" * 24 + "-us",
        "u" + "0" * 24 + "-US",
        "d" + "0" * 32 + "-us\n",
    ],
)
def test_what_is_no_id_is_told(text: str) -> None:
    """Forms are checked to the last character."""
    assert not ids.is_user_id(text)
    assert not ids.is_conversation_id(text)
    assert not ids.is_message_id(text)
