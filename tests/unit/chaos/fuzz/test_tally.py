"""What is wrong with an answer as such: planted faults are found, whole problems are not."""

import json

import pytest

from chaos.fuzz.tally import Tally, objections

PROBLEM = {
    "type": "urn:causeway:problem:not-found",
    "title": "not found",
    "status": 404,
    "detail": "There is no such path.",
    "code": "not-found",
    "definite": True,
}
TYPE = {"content-type": "application/problem+json"}


def answer(**changes: object) -> bytes:
    """Return a problem with these changes."""
    return json.dumps({**PROBLEM, **changes}).encode()


@pytest.mark.parametrize("status", [404, 200, 204, 301])
def test_a_whole_problem_and_a_success_are_fine(status: int) -> None:
    """Nothing is asked of a success here: the description of the endpoint is held against it elsewhere."""
    assert objections(status, TYPE, answer()) == []


@pytest.mark.parametrize(
    ("status", "headers", "body", "words"),
    [
        (500, TYPE, answer(status=500), "answered 500"),
        (404, {}, answer(), "and no problem"),
        (404, {"content-type": "text/plain"}, b"Not Found", "text/plain"),
        (404, TYPE, b"", "no whole problem"),
        (404, TYPE, b"\xff", "no whole problem"),
        (404, TYPE, b'{"status": 404}', "no whole problem"),
        (404, TYPE, answer(status=400), "says of itself"),
        (404, TYPE, answer(type="about:blank"), "no stable code"),
        (404, TYPE, answer(detail="Traceback (most recent call last)"), "traceback"),
    ],
)
def test_what_is_wrong_is_said(status: int, headers: dict[str, str], body: bytes, words: str) -> None:
    """A fault of the region, a body that is no problem, one that contradicts itself, one that tells too much."""
    assert any(words in objection for objection in objections(status, headers, body))


def test_a_503_is_no_fault_when_it_says_why() -> None:
    """Something may be away; that is documented."""
    assert objections(503, TYPE, answer(status=503, code="unavailable", type="urn:causeway:problem:unavailable")) == []


def test_a_finding_is_told_once_and_without_tokens() -> None:
    """However often it is seen; what was sent may hold the fuzzer's own token."""
    tally = Tally(hidden={"abc.def"})
    for _ in range(3):
        tally.find("us", "answered 500", "Authorization: Bearer abc.def")

    [finding] = tally.findings.values()
    assert (finding.how, tally.repeated["us", "answered 500"]) == ("Authorization: Bearer …token…", 3)
