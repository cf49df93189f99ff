"""What a message must look like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import CausewayError, InvalidFieldError, TooLargeError
from region.gateway.validation import check_address, check_client_message_id, check_text, check_title
from replication.alterations import named
from replication.ids import message_id
from replication.limits import TEXT_BYTES


@pytest.mark.parametrize("text", ["a", "a" * TEXT_BYTES, "é" * (TEXT_BYTES // 2), "😀" * (TEXT_BYTES // 4), " ", "\n"])
def test_texts_up_to_the_limit_are_good(text: str) -> None:
    """The limit counts bytes of UTF-8."""
    check_text(text)


@pytest.mark.parametrize("text", ["a" * (TEXT_BYTES + 1), "é" * (TEXT_BYTES // 2) + "a", "😀" * (TEXT_BYTES // 4 + 1)])
def test_larger_texts_are_too_large(text: str) -> None:
    """By a single byte, too."""
    with pytest.raises(TooLargeError):
        check_text(text)


@pytest.mark.parametrize("text", ["", "a\x00b", "\ud800", "x\udfff"])
def test_what_cannot_be_stored_is_refused(text: str) -> None:
    """Nothing, NUL, and halves of surrogate pairs."""
    with pytest.raises(InvalidFieldError):
        check_text(text)


@given(text=st.text())
def test_a_good_text_can_be_encoded(text: str) -> None:
    """Whatever passes is UTF-8 without NUL, within the limit."""
    try:
        check_text(text)
    except CausewayError:
        return
    assert 0 < len(text.encode()) <= TEXT_BYTES


@pytest.mark.parametrize("name", ["", "x" * 129, "a\nb", "\x00", "\ud800"])
def test_client_message_ids_are_short_and_printable(name: str) -> None:
    """Since they come back in frames and logs."""
    with pytest.raises(InvalidFieldError):
        check_client_message_id(name)


@pytest.mark.parametrize("name", ["", "x" * 101, "   ", "\u200b", "\u202eevil", "a\nb"])
def test_what_groups_and_channels_cannot_be_called(name: str) -> None:
    """Nothing, too much, what nobody sees, and what turns the text around it."""
    with pytest.raises(InvalidFieldError, match="name"):
        check_title(name, most=100)


@pytest.mark.parametrize("name", ["x" * 100, "\U0001f469\u200d\U0001f4bb", "Eine Reise, 2026"])
def test_what_groups_and_channels_can_be_called(name: str) -> None:
    """What others can see."""
    check_title(name, most=100)


def test_what_regions_call_their_own_operations_cannot_be_taken_before_them() -> None:
    """A moderator's deletion is named after its message, whose id its author can tell beforehand; so is a leave after who was added."""
    identifier = message_id("u" + "0" * 32 + "-us", "g" + "0" * 32 + "-us", "c1")

    for name in (named("moderate", identifier), named("edit", identifier, "0"), f"stopped {identifier}", "~"):
        with pytest.raises(InvalidFieldError, match="region"):
            check_client_message_id(name)
    for name in ("stopped", "a~", "0~"):
        check_client_message_id(name)


@pytest.mark.parametrize(("recipient", "conversation"), [(None, None), ("a", "b")])
def test_a_message_goes_to_one_place(recipient: str | None, conversation: str | None) -> None:
    """Neither to none nor to two."""
    with pytest.raises(InvalidFieldError):
        check_address(recipient, conversation)
