"""What is searched for in one's own history, and what of a text matches."""

import pytest

from infra.errors import InvalidFieldError
from region.gateway.cursors import BrokenCursorError
from region.gateway.searching.wanted import (
    FIRST,
    MOST_MATCHES,
    Found,
    matches,
    read_cursor,
    read_kind,
    read_terms,
    read_time,
    write_cursor,
)
from replication.ids import group_id

GROUP = group_id("u" + "a" * 24 + "-us", "begin")


@pytest.mark.parametrize(
    ("typed", "text", "found"),
    [
        ("pier", "The Pier, the pier", ["Pier", "pier"]),
        ("pier north", "North of the pier", ["North", "pier"]),
        ("pier south", "North of the pier", []),
        ("pie", "The pier", []),
        ("pie*", "The pier, a pie", ["pier", "pie"]),
        ('"north pier"', "north of the pier", []),
        ('"north pier"', "the North-Pier", ["North-Pier"]),
        ("north-pier", "the north pier", ["north pier"]),
        ('"north pier', "the north pier", ["north", "pier"]),
        ("strasse", "In der Straße", ["Straße"]),
        ("京都", "東京都に", ["京都"]),
        ("東都", "東京都に", []),
        ("cafe", "Cafe\u0301!", ["Cafe\u0301"]),
    ],
)
def test_a_text_matches_with_all_that_is_searched_for(typed: str, text: str, found: list[str]) -> None:
    """Words, words in a row, and beginnings; and it is told where."""
    places = matches(text, read_terms(typed))
    assert [text[offset : offset + length] for offset, length in places] == found


def test_so_many_places_are_told_and_no_more() -> None:
    """A text may say one word a thousand times."""
    assert len(matches("a " * 1000, read_terms("a"))) == MOST_MATCHES


@pytest.mark.parametrize("typed", ["", " ", "?!", '""', "*", "ab*", "x" * 257, "a " * 17, "👍"])
def test_nonsense_is_turned_down(typed: str) -> None:
    """With what to do instead."""
    with pytest.raises(InvalidFieldError):
        read_terms(typed)


@pytest.mark.parametrize(("typed", "told"), [("\U0001f44d", "letters and digits"), ("pier " * 51, "it has 51 words")])
def test_what_is_wrong_with_a_query_is_said(typed: str, told: str) -> None:
    """Where there is no word, and where there are too many."""
    with pytest.raises(InvalidFieldError, match=told):
        read_terms(typed)


def test_filters_are_read() -> None:
    """A time needs its zone; kinds are few."""
    assert read_time("1970-01-01T00:00:01Z", field="from", missing=0) == 1_000_000
    assert read_time(None, field="from", missing=7) == 7
    for text in ("yesterday", "2026-11-26T00:00:00", "2026-11-26T00:00:00+99:00"):
        with pytest.raises(InvalidFieldError):
            read_time(text, field="from", missing=0)
    assert read_kind("group") == "group"
    with pytest.raises(InvalidFieldError):
        read_kind("novel")


def test_a_cursor_is_read_as_it_was_written() -> None:
    """And nothing else is one."""
    place = Found(1_700_000_000_000_000, GROUP, 7)
    assert read_cursor(write_cursor(place)) == place
    assert read_cursor(None) == FIRST
    for text in ("", "x", "é", "A" * 300, write_cursor(Found(1, "x", 1)), write_cursor(place)[:-3]):
        with pytest.raises(BrokenCursorError):
            read_cursor(text)
