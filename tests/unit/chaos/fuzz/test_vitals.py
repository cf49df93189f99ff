"""What counts as a leak: planted ones are found, what comes and goes is not."""

from dataclasses import replace

import pytest

from chaos.fuzz.vitals import MEGABYTE, Vitals, is_fault, judge

REST = Vitals(pid=7, memory=100 * MEGABYTE, descriptors=30, tasks=40, logged=0)


def test_what_comes_and_goes_is_no_leak() -> None:
    """Caches fill in the first round, and pools have a few connections more."""
    after = replace(REST, memory=170 * MEGABYTE, descriptors=34, tasks=42)

    moments = [{"us/front": REST}, {"us/front": after}, {"us/front": replace(after, memory=180 * MEGABYTE)}]

    assert judge(moments, [500, 500]) == []


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
    assert judge([{"us/front": REST}, {"us/front": REST}, {"us/front": last}], [500, 500]) == [("us/front", what)]


def rounds(*kilobytes: int) -> list[dict[str, Vitals]]:
    """Return a process at rest, and after each of some rounds, as many kilobytes larger than before it."""
    moments = [{"us/front": REST}]
    for more in kilobytes:
        before = moments[-1]["us/front"]
        moments.append({"us/front": replace(before, memory=before.memory + more * 1024)})
    return moments


def test_a_leak_that_stays_below_the_ratio_is_found_by_growing_in_every_round() -> None:
    """Of 2.5 kB for each of 10,000 requests, within which memory ends a quarter above where it was."""
    found = judge(rounds(30_000, 6250, 6250, 6250), [2500] * 4)

    assert found == [
        ("us/front", "memory: more by 2,560 bytes or more for each request, in every round after the first")
    ]


@pytest.mark.parametrize(
    ("moments", "sent"),
    [
        (rounds(30_000, 20_000, 8000, 500), [2500] * 4),
        (rounds(30_000, 20_000, 8000), [2500] * 3),
        (rounds(30_000, 1000, 1000, 1000), [100] * 4),
    ],
    ids=["it stops", "two rounds are no trend", "a round of few requests"],
)
def test_what_fills_up_is_no_leak(moments: list[dict[str, Vitals]], sent: list[int]) -> None:
    """Caches, and what the allocator keeps."""
    assert judge(moments, sent) == []


def test_a_process_that_is_gone_is_found() -> None:
    """And not passed over, since there is nothing of it to compare."""
    assert judge([{"us/front": REST}, {}], [500]) == [("us/front", "is gone")]


def test_a_fault_in_a_log_is_one_of_ours() -> None:
    """Not that a server was away."""
    assert is_fault('{"event":"request failed","level":"error"}')
    assert is_fault("Traceback (most recent call last):")
    assert not is_fault('{"event":"trunk lost","level":"warning"}')
    assert not is_fault('{"event":"no node","logger":"aiokafka.conn","level":"error"}')
