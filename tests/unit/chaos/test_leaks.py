"""The search for secrets finds a planted one, in each spelling, and repeats none."""

import base64
import json
from urllib.parse import quote

import pytest

from chaos.leaks import Leak, Place, search

SECRET = 'päss "word" of-ada/1'


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        json.dumps({"password": SECRET}),
        repr({"password": SECRET}),
        f"postgresql://ada:{quote(SECRET, safe='')}@host/db",
        base64.b64encode(f"ada:{SECRET}".encode()).decode(),
        base64.b64encode(f"x:{SECRET}!".encode()).decode(),
        SECRET.encode().hex(),
    ],
    ids=["plain", "JSON", "repr", "URL", "basic", "base64, shifted", "hex"],
)
def test_a_planted_secret_is_found(written: str) -> None:
    """However it is spelled; what was found is named, not repeated."""
    found = search({"Ada's password": SECRET}, [Place("log", "us-front.log", f"... {written} ...".encode())])

    assert found == [Leak("Ada's password", "log", "us-front.log")]
    assert SECRET not in str(found)


def test_what_is_no_secret_is_not_found() -> None:
    """Nor a part of it."""
    assert search({"Ada's password": SECRET}, [Place("log", "us-front.log", b'p\xc3\xa4ss "word" of ada')]) == []


def test_a_secret_that_would_be_found_by_chance_is_refused() -> None:
    """The search would prove nothing."""
    with pytest.raises(ValueError, match="by chance"):
        search({"pin": "1234"}, [])
