"""What libraries log: as our own lines are, and not seventy times a second while Kafka is away."""

import inspect
import json
import logging
import subprocess
import sys

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from infra.telemetry import Seldom, is_a_strangers


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
    again = record("no node %s", 1)
    assert seldom.filter(again)
    assert vars(again)["left_out"] == 1


def test_tracebacks_always_pass() -> None:
    """They differ, under the same words."""
    seldom = Seldom(pause=10.0, clock=lambda: 0.0)

    assert all(seldom.filter(record("exception", failed=True)) for _ in range(3))


def test_lines_that_all_differ_take_no_memory() -> None:
    """Some libraries write values into them."""
    seldom = Seldom(pause=10.0, clock=lambda: 0.0)

    assert all(seldom.filter(record(f"line {number}")) for number in range(5000))

    assert len(seldom) <= 1000


def test_a_line_of_a_library_looks_like_ours() -> None:
    """With time, instance and level, also from a thread of its own; quotes in it leave it JSON."""
    program = """
import logging, threading
from infra.telemetry import set_up_logs
set_up_logs("info", instance="us/fanout")
thread = threading.Thread(target=logging.getLogger("aiokafka").error, args=('no "node" %s', 7))
thread.start()
thread.join()
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stderr
    line = json.loads(said)

    assert line.pop("timestamp").endswith("Z")
    assert line == {"instance": "us/fanout", "level": "error", "logger": "aiokafka", "event": 'no "node" 7'}


def test_what_strangers_send_leaves_no_traceback() -> None:
    """A frame that is no text is answered by 1007; the words are uvicorn's own. Every other traceback passes."""
    words = "Invalid UTF-8 sequence received from client."
    assert words in inspect.getsource(WebSocketsSansIOProtocol)

    of_stranger, ours = record(words, failed=True), record("Exception in ASGI application", failed=True)
    of_stranger.name = ours.name = "uvicorn.error"

    assert [is_a_strangers(one) for one in (of_stranger, ours)] == [True, False]
