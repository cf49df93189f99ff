"""What does not count when names are compared, and where a search may begin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.store.names import HANDLE, LONGEST, NAME, fold, starts_of


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Éva-Łucja", "eva lucja"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("\uff21\uff44\uff41", "ada"),  # wide letters
        ("O\u2019Brien  (Ann)", "o brien ann"),
        ("Søren Ærø", "soren aero"),
        ("İstanbul", "istanbul"),
        ("हिन्दी", "हिन्दी"),  # its vowel signs are no accents
        ("🙂", ""),
        ("\x00", ""),
    ],
)
def test_case_accents_and_signs_do_not_count(name: str, folded: str) -> None:
    """People type what is on their keyboard."""
    assert fold(name) == folded


@given(name=st.text(max_size=80))
def test_folding_again_changes_nothing(name: str) -> None:
    """A stored name and a typed one are folded alike, however often."""
    assert fold(fold(name)) == fold(name)
    assert len(fold(name)) <= LONGEST


def test_a_search_may_begin_at_the_handle_and_at_each_word() -> None:
    """Each word brings along what follows it, so that `ada lov` is found as well as `lovelace`."""
    assert starts_of("Ada.L", "Ada King Lovelace") == [
        (HANDLE, 5, "ada.l"),
        (NAME, 17, "ada king lovelace"),
        (NAME, 17, "king lovelace"),
        (NAME, 17, "lovelace"),
    ]
    assert starts_of("ada", "🙂") == [(HANDLE, 3, "ada")]
    assert starts_of("ada", "la la") == [(HANDLE, 3, "ada"), (NAME, 5, "la"), (NAME, 5, "la la")]
