"""By which words messages are found, and where these stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.store.words import words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The north-pier, 7:30!", ["the", "north", "pier", "7", "30"]),
        ("snake_case don't", ["snake", "case", "don", "t"]),
        ("Éva-Łucja STRASSE Straße", ["eva", "lucja", "strasse", "strasse"]),
        ("ΟΔΟΣ οδός", ["οδοσ", "οδοσ"]),
        ("İstanbul \u0131ş\u0131k", ["istanbul", "isik"]),
        ("東京タワー", ["東", "京", "タ", "ワ", "ー"]),
        ("مُحَمَّد", ["محمد"]),
        ("e\u0301te\u0301", ["ete"]),
        ("👍 \u2014 …", []),
    ],
)
def test_words_are_folded(text: str, words: list[str]) -> None:
    """Case, accents and what is neither letter nor digit do not count."""
    assert [word.folded for word in words_of(text)] == words


def test_a_word_stands_where_it_was_typed() -> None:
    """With the accents that are characters of their own; counted in code points."""
    text = "👍 Cafe\u0301! Straße"
    assert [text[word.begin : word.end] for word in words_of(text)] == ["Cafe\u0301", "Straße"]


@given(st.text(max_size=200))
def test_words_lie_in_the_text_in_order(text: str) -> None:
    """Whatever it is: each within it, and none empty."""
    words = words_of(text)
    assert all(word.folded and 0 <= word.begin < word.end <= len(text) for word in words)
    assert [word.begin for word in words] == sorted(word.begin for word in words)
    assert [word.folded for word in words_of(" ".join(word.folded for word in words))] == [w.folded for w in words]
