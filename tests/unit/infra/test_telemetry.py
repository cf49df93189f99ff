"""What libraries log: not the same line seventy times a second while Kafka is away."""

import logging

from infra.telemetry import Seldom


def record(message: str, *arguments: object, failed: bool = False) -> logging.LogRecord:
    """A line of a library."""
    error = ValueError("x")
    info = (ValueError, error, None) if failed else None
    return logging.LogRecord("aiokafka", logging.ERROR, "", 0, message, arguments, info)


def test_a_line_is_repeated_seldom() -> None:
    """Whatever it is about; other lines pass meanwhile."""
    now = 0.0
    seldom = Seldom(pause=10.0, clock=lambda: now)

    assert seldom.filter(record("no node %s", 1))
    now = 9.9
    assert not seldom.filter(record("no node %s", 2))
    assert seldom.filter(record("no metadata"))
    now = 10.0
    assert seldom.filter(record("no node %s", 1))


def test_tracebacks_always_pass() -> None:
    """They differ, under the same words."""
    seldom = Seldom(pause=10.0, clock=lambda: 0.0)

    assert all(seldom.filter(record("exception", failed=True)) for _ in range(3))


def test_lines_that_all_differ_take_no_memory() -> None:
    """Some libraries write values into them."""
    seldom = Seldom(pause=10.0, clock=lambda: 0.0)

    assert all(seldom.filter(record(f"line {number}")) for number in range(5000))

    assert len(seldom) <= 1000
