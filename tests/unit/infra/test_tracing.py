"""Trace context: what is sampled travels, nothing else, and without an SDK only what others began."""

import subprocess
import sys

import pytest

from infra import tracing

PARENT = f"00-{'a' * 32}-{'b' * 16}-01"
UNSAMPLED = PARENT[:-2] + "00"


def test_without_an_sdk_nothing_begins_and_what_others_began_is_passed_on() -> None:
    """The API alone is installed in production; a process of its own, since other tests set an SDK up."""
    program = f"""
from infra import tracing
root, child = tracing.begin("accept"), tracing.begin("project", {PARENT!r})
print(not root.is_recording(), tracing.carried(root) == "", tracing.carried(child) == {PARENT!r}, tracing.current() == "")
with tracing.continued([(b"traceparent", {PARENT.encode()!r})]):
    print(tracing.current() == {PARENT!r})
print(tracing.current() == "")
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert said.split() == ["True"] * 6


def test_what_is_not_sampled_does_not_travel() -> None:
    """Whoever receives a record without a `traceparent` begins nothing: so it costs nothing."""
    assert tracing.carried(tracing.begin("project", UNSAMPLED)) == ""


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([], ""),
        ([("traceparent", PARENT.encode())], PARENT),
        ([(b"other", b"x"), (b"traceparent", PARENT.encode())], PARENT),
        ([("traceparent", b"00-abc")], ""),
        ([("traceparent", PARENT.encode() + b"-more")], ""),
    ],
)
def test_the_parent_is_found_among_headers(headers: "list[tuple[str | bytes, bytes]]", found: str) -> None:
    """Of Kafka, whose names are text, and of HTTP, whose names are bytes; what is not of its form is left out."""
    assert tracing.parent_of(headers) == found
