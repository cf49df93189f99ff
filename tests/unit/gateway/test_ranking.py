"""Where people stand among those who are found, and how pages of several regions become one."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import InvalidFieldError
from region.gateway.cursors import BrokenCursorError
from region.gateway.people.ranking import (
    Found,
    Hit,
    Place,
    Rank,
    merge,
    read_cursor,
    read_query,
    those_of,
    write_cursor,
)
from region.store.names import starts_of

places = st.builds(Place, st.integers(0, 3), st.integers(0, 128), st.text(max_size=20), st.text(max_size=20))


def hit(place: Place) -> Hit:
    """Somebody who stands there."""
    return Hit(place=place, user_id=place.user_id, handle="h", display_name="", status_text="", created_at=0)


def test_the_better_match_comes_first_then_the_shorter_then_by_alphabet() -> None:
    """Whatever region somebody lives in: ids do not matter before names are the same."""
    people = [
        ("ada", "Zoe"),
        ("ada2", "Zoe"),
        ("ada.b", "Zoe"),
        ("ada.c", "Ada"),  # the handle is the better match
        ("zoe", "Ada"),
        ("zoe", "C Ada"),  # `ada` before `ada b`, from the match on
        ("zoe", "Ådå B"),
        ("zoe", "Adam"),
        ("zoe", "Adaline"),
        ("zoe", "B. Adaline"),
    ]
    query = read_query("ADA")
    found = [query.place(f"u{100 - number}-us", *names) for number, names in enumerate(people)]

    assert None not in found
    assert sorted(place for place in found if place) == found
    assert [place.rank for place in found if place] == [0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert query.place("u1-us", "zoe", "Nadja Canada") is None


def test_who_does_not_want_to_be_found_is_found_by_the_exact_handle_alone() -> None:
    """Who knows it may find them."""
    shy = ("u1-us", "ada", "Ada Lovelace")

    assert read_query("@Ada").place(*shy, findable=False) == (found := read_query("ada").place(*shy))
    assert found is not None
    assert found.rank == Rank.EXACT_HANDLE
    assert read_query("ad").place(*shy, findable=False) is None
    assert read_query("lovelace").place(*shy, findable=False) is None


@given(
    typed=st.text(min_size=1, max_size=4),
    handle=st.from_regex(r"[a-z0-9][a-z0-9_.-]{1,6}", fullmatch=True),
    name=st.text(max_size=12),
)
def test_whoever_stands_somewhere_is_in_the_range_that_is_read_for_it(typed: str, handle: str, name: str) -> None:
    """What the store is asked for, and what is found to be right, are the same."""
    try:
        query = read_query(typed)
    except InvalidFieldError:
        return
    best = query.place("u", handle, name)
    within = [
        Place(rank, start.length, start.text, "u")
        for rank in Rank
        if (wanted := query.range(rank)) is not None
        for start in starts_of(handle, name)
        if start.kind == wanted.kind and wanted.first.encode() <= start.text.encode() < wanted.end.encode()
    ]
    if best is not None and best.rank == Rank.EXACT_HANDLE:
        assert best.text == query.handle
    else:
        assert min(within, default=None) == best


@given(data=st.data(), most=st.integers(1, 4), size=st.integers(1, 4))
def test_pages_of_all_regions_have_everybody_once_and_in_order(data: st.DataObject, most: int, size: int) -> None:
    """Also when a region looks less far than the page is long, and when it comes back with nothing but a place."""
    everybody = data.draw(st.lists(places, unique=True, max_size=20))
    regions: list[list[Place]] = [[], [], []]
    for place in everybody:
        regions[data.draw(st.integers(0, 2))].append(place)
    seen: list[Place] = []
    after: Place | None = None
    for _ in range(100):
        found = []
        for region in regions:
            left = sorted(place for place in region if after is None or place > after)
            shown = left[: min(size, most)]
            found.append(Found([hit(place) for place in shown], shown[-1] if len(left) > len(shown) else None))
        hits, after = merge(found, most)
        assert len(hits) <= most
        seen += [one.place for one in hits]
        if after is None:
            break
        after = read_cursor(write_cursor(after))

    assert seen == sorted(everybody)


def test_another_region_has_no_say_in_where_its_users_stand() -> None:
    """It is found out again; and who does not match at all is not shown."""
    query = read_query("ada")
    first = Place(0, 0, "", "")
    mallory = Hit(place=first, user_id="u1-eu", handle="mallory", display_name="", status_text="", created_at=0)
    adam = msgspec.structs.replace(mallory, user_id="u2-eu", display_name="Adam")

    assert [one.place.rank for one in those_of(query, [mallory, adam], after=None)] == [Rank.WORD_BEGINNING]
    assert those_of(query, [mallory, adam], after=Place(3, 99, "", "")) == []


@pytest.mark.parametrize("typed", ["", "   ", "@", "🙂", "-", "a" * 65])
def test_what_nothing_can_be_found_by_is_refused(typed: str) -> None:
    """And the field is named. A hyphen is no beginning of a handle."""
    with pytest.raises(InvalidFieldError, match="query"):
        read_query(typed)


@given(text=st.text(max_size=40) | st.just("A" * 2000) | st.binary(max_size=30).map(lambda raw: raw.hex()))
def test_a_strange_cursor_is_refused_by_name(text: str) -> None:
    """Whatever a stranger sends."""
    try:
        place = read_cursor(text)
    except BrokenCursorError:
        return
    assert isinstance(place, Place)
