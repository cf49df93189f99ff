"""Cursors and resume tokens: what was given comes back, and garbage never does harm."""

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.gateway.cursors import (
    LARGEST,
    BrokenCursorError,
    Listed,
    Place,
    ResumeToken,
    read_listed,
    read_place,
    read_resume,
    usable,
    write_resume,
)

numbers = st.integers(0, LARGEST)
conversations = st.from_regex(r"[dgc][0-9a-f]{32}-[a-z][a-z0-9]{1,7}", fullmatch=True)


@given(epoch=st.integers(0, 2**31 - 1), seq=numbers)
def test_a_place_comes_back(epoch: int, seq: int) -> None:
    """Writing and reading a cursor of a page changes nothing."""
    place = Place(epoch, seq)

    assert read_place(str(place), field="before") == place


@given(at=numbers, conversation_id=conversations)
def test_a_place_in_the_list_comes_back(at: int, conversation_id: str) -> None:
    """Writing and reading a cursor of the list of conversations changes nothing."""
    listed = Listed(at, conversation_id)

    assert read_listed(str(listed), field="before") == listed


@given(text=st.text())
def test_garbage_is_a_broken_cursor_or_a_place(text: str) -> None:
    """Whatever a stranger sends is refused by name, or is a cursor that could have been ours."""
    for read in (read_place, read_listed):
        try:
            found = read(text, field="after")
        except BrokenCursorError:
            continue
        assert isinstance(found, Place | Listed)


@pytest.mark.parametrize(
    "text", ["", "1", "1.", ".1", "-1.1", "1.-1", "1.1 ", f"1.{2**63}", "1.1.1", "0x1.1", "\u0661.\u0661"]
)
def test_what_only_looks_like_a_place_is_broken(text: str) -> None:
    """Signs, spaces, other digits and numbers too large for the store are no cursors."""
    with pytest.raises(BrokenCursorError):
        read_place(text, field="before")


@given(
    token=st.builds(
        ResumeToken,
        region=st.sampled_from(["us", "eu"]),
        incarnation=st.integers(1, 2**31 - 1),
        positions=st.lists(numbers, max_size=64).map(tuple),
    )
)
def test_a_resume_token_comes_back(token: ResumeToken) -> None:
    """Writing and reading a resume token changes nothing."""
    assert read_resume(write_resume(token)) == token


@given(text=st.text() | st.binary().map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_garbage_is_no_resume_token(text: str) -> None:
    """Whatever a device brings, reading it does not fail."""
    found = read_resume(text)

    assert found is None or isinstance(found, ResumeToken)


@pytest.mark.parametrize("positions", [[-1], [2**63], ["1"], "x", None])
def test_positions_out_of_range_are_no_token(positions: object) -> None:
    """Positions that no partition can have are refused before the store sees them."""
    forged = base64.urlsafe_b64encode(msgspec.msgpack.encode(["us", 1, positions])).decode()

    assert read_resume(forged) is None


def test_a_token_is_usable_where_it_was_given() -> None:
    """The region, its incarnation and the number of partitions must be the same."""
    token = ResumeToken("us", 1, (5, 7))

    assert usable(token, region="us", incarnation=1, positions={0: 5, 1: 9}) == {0: 5, 1: 7}
    assert usable(token, region="eu", incarnation=1, positions={0: 5, 1: 9}) is None
    assert usable(token, region="us", incarnation=2, positions={0: 5, 1: 9}) is None
    assert usable(token, region="us", incarnation=1, positions={0: 5}) is None
    assert usable(None, region="us", incarnation=1, positions={0: 5, 1: 9}) is None


def test_a_token_ahead_of_the_store_is_not_usable() -> None:
    """A store that lost what the device was told cannot continue from there."""
    assert usable(ResumeToken("us", 1, (6, 7)), region="us", incarnation=1, positions={0: 5, 1: 9}) is None


def test_a_resume_token_nested_without_end_is_none_of_ours() -> None:
    """Whoever is logged in may send one; it must not end the connection as a fault of ours."""
    nested = base64.urlsafe_b64encode(b"\x94\xa2us\x01\x90" + b"\x91" * 5_000).decode()

    assert read_resume(nested) is None
