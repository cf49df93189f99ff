"""What is told of errors: which, and nothing of what people wrote."""

import json
import logging
import subprocess
import sys

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from infra.telling import told, told_traceback, without_values

MARKED = "marked-4f1c7a"


def test_errors_of_ours_are_told_in_their_words() -> None:
    """And one without words by its name."""
    assert [told(error) for error in (ValueError("no such place"), TimeoutError())] == ["no such place", "TimeoutError"]
    assert told(ExceptionGroup("two", [ValueError("one"), OSError("other")])) == "one; other"


def test_a_store_url_that_cannot_be_read_is_not_told() -> None:
    """It may hold a password; that nobody answers is told in full."""
    with pytest.raises(psycopg.ProgrammingError) as error:
        conninfo_to_dict(f"postgresql://causeway:{MARKED}@:bad:/x?{MARKED}")

    assert MARKED in str(error.value)
    assert told(error.value) == "ProgrammingError"
    assert told(psycopg.OperationalError("nobody answers")) == "nobody answers"


def test_a_traceback_tells_what_came_before_what_and_where() -> None:
    """Causes, contexts and groups, each by what may be told of it."""

    def fail() -> None:
        try:
            raise psycopg.DataError(MARKED)
        except psycopg.Error as error:
            message = "it was not kept"
            raise ValueError(message) from error

    with pytest.raises(ValueError, match="not kept") as caught:
        fail()
    shown = told_traceback(ExceptionGroup("two", [caught.value, KeyError("x")]))

    assert MARKED not in shown
    assert shown.index("psycopg.DataError: DataError") < shown.index("ValueError: it was not kept")
    assert "in fail" in shown
    assert "KeyError: 'x'" in shown


def test_libraries_tell_no_more() -> None:
    """Errors among the values of a line, and what asyncio shows of a task that failed."""
    of_pool = logging.LogRecord(
        "psycopg.pool", logging.WARNING, "", 0, "failed: %s", (psycopg.DataError(MARKED),), None
    )
    of_loop = logging.LogRecord("asyncio", logging.ERROR, "", 0, f"Task failed\nfuture: {MARKED}", (), None)

    assert without_values(of_pool)
    assert without_values(of_loop)
    assert [one.getMessage() for one in (of_pool, of_loop)] == ["failed: DataError", "Task failed"]


PROGRAM = f"""
import asyncio, logging, psycopg, structlog
from infra.telemetry import set_up_logs
set_up_logs("info", instance="us/x")
log = structlog.get_logger()
try:
    raise psycopg.DataError("{MARKED}")
except psycopg.Error as error:
    log.exception("one")
    log.warning("two", problem=error)
    logging.getLogger("uvicorn.error").error("three", exc_info=error)
async def fail():
    raise psycopg.DataError("{MARKED}")
async def forget():
    asyncio.create_task(fail())
    await asyncio.sleep(0)
asyncio.run(forget())
raise psycopg.DataError("{MARKED}")
"""


def test_whichever_way_an_error_comes_to_the_log() -> None:
    """As a traceback, as a value, of a library, of a task that nobody asks, and at the end of the process."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stderr.splitlines()]

    assert done.returncode == 1
    assert MARKED not in done.stdout + done.stderr
    assert [line["event"] for line in lines] == [
        *("one", "two", "three", "Task exception was never retrieved", "ended by an error")
    ]
    assert lines[1]["problem"] == "DataError"
    assert all("psycopg.DataError: DataError" in line["exception"] for line in (lines[0], *lines[2:]))
