"""What counts as a leak: planted ones are found, what comes and goes is not."""

from dataclasses import replace

import pytest

from chaos.fuzz.vitals import MEGABYTE, Vitals, is_fault, judge

REST = Vitals(pid=7, memory=100 * MEGABYTE, descriptors=30, tasks=40, logged=0)


def test_what_comes_and_goes_is_no_leak() -> None:
    """Caches fill in the first round, and pools have a few connections more."""
    after = replace(REST, memory=170 * MEGABYTE, descriptors=34, tasks=42)

    assert judge([{"us/front": REST}, {"us/front": after}, {"us/front": replace(after, memory=180 * MEGABYTE)}]) == []


@pytest.mark.parametrize(
    ("last", "what"),
    [
        (replace(REST, descriptors=130), "descriptors: 30 before, 130 after"),
        (replace(REST, tasks=200), "tasks: 40 before, 200 after"),
        (replace(REST, memory=160 * MEGABYTE), "memory: 100 MB after the first round, 160 MB after the last"),
        (replace(REST, pid=8), "is another process than before: it has died"),
    ],
    ids=["descriptors", "tasks", "memory", "death"],
)
def test_a_leak_is_found(last: Vitals, what: str) -> None:
    """Each kind, by its name."""
    assert judge([{"us/front": REST}, {"us/front": REST}, {"us/front": last}]) == [("us/front", what)]


def test_a_process_that_is_gone_is_found() -> None:
    """And not passed over, since there is nothing of it to compare."""
    assert judge([{"us/front": REST}, {}]) == [("us/front", "is gone")]


def test_a_fault_in_a_log_is_one_of_ours() -> None:
    """Not that a server was away."""
    assert is_fault('{"event":"request failed","level":"error"}')
    assert is_fault("Traceback (most recent call last):")
    assert not is_fault('{"event":"trunk lost","level":"warning"}')
    assert not is_fault('{"event":"no node","logger":"aiokafka.conn","level":"error"}')
