"""What a file that went up and down must have shown, and what is said otherwise."""

from dataclasses import replace

import pytest

from chaos.bench.media import MOST_GROWTH, Result, describe

GOOD = Result(
    seconds={"up": 1.0},
    cuts=3,
    broken=5,
    right=True,
    grown={"us/front": MOST_GROWTH - 1, "us/blobs": 300.0, "eu/blobs": 2.0},
)


def test_a_good_run_has_no_problem_and_tells_of_the_blob_stores() -> None:
    """They are no services of ours, so what they grow by is told, and not judged."""
    assert GOOD.problems == []
    assert GOOD.heaviest == ("us/front", MOST_GROWTH - 1)
    assert "blob stores, by themselves: us/blobs +300.0 MB, eu/blobs +2.0 MB" in describe(GOOD)


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (replace(GOOD, right=False), "a copy is not the file"),
        (replace(GOOD, cuts=1), "1 cuts broke off"),
        (replace(GOOD, broken=1), "broke off 1 connections"),
        (replace(GOOD, grown=GOOD.grown | {"eu/front": MOST_GROWTH + 1}), "eu/front grew by 65.0 MB"),
    ],
)
def test_what_shows_nothing_or_something_bad_is_a_problem(found: Result, problem: str) -> None:
    """A file that is not the same, cuts that nobody felt, a service that holds the file in memory."""
    assert len(found.problems) == 1
    assert problem in found.problems[0]
    assert f"NOT SO: {found.problems[0]}" in describe(found)
