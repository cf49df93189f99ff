"""What logs and operators are told of an error: never what stands in a row of the store, whose owner nobody asked. Pure.

PostgreSQL's errors show rows: `Failing row contains (…)` in the detail, a line of a COPY in the context, the value that is no number
in the message itself. psycopg's text holds them all. What is told instead is the class, the SQLSTATE, and the message only where it names
tables and constraints alone.
"""

import logging
import sys
import traceback
from collections.abc import Iterator
from typing import Final

import psycopg

QUOTING: Final = frozenset({"22", "P0"})
"""Classes of SQLSTATE whose message quotes values: data exceptions, and what functions raise."""

MOST_NESTED: Final = 20
"""Errors behind errors that are told."""


def told(error: BaseException) -> str:
    """Return what may be said of an error in one sentence."""
    if _is_sqlalchemys(error):
        wrapped = getattr(error, "orig", None)
        return type(error).__name__ if wrapped is None else told(wrapped)
    if isinstance(error, psycopg.Error):
        return _of_store(error)
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(told(one) for one in error.exceptions)
    return str(error).strip() or type(error).__name__


def _is_sqlalchemys(error: BaseException) -> bool:
    """Tell whether SQLAlchemy has wrapped an error, without loading it where nobody uses it: that took a seventh of a service's start."""
    library = sys.modules.get("sqlalchemy.exc")
    return library is not None and isinstance(error, library.DBAPIError)


def _of_store(error: psycopg.Error) -> str:
    kind, state = type(error).__name__, error.sqlstate
    if state is None:  # psycopg's own: that nobody answers may be told; what it could not parse or adapt holds values
        harmless = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return (str(error).strip() if harmless else "") or kind
    said = "" if state[:2] in QUOTING else error.diag.message_primary or ""
    return f"{kind} ({state}): {said}" if said else f"{kind} ({state})"


def told_traceback(error: BaseException) -> str:
    """Return an error's traceback with those of what it came from, each with what may be told of it."""
    return "\n".join(_lines(error, MOST_NESTED))


def _lines(error: BaseException, depth: int) -> Iterator[str]:
    behind = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if behind is not None and depth > 0:
        yield from _lines(behind, depth - 1)
        yield "The direct cause of:" if error.__cause__ is not None else "While that was handled:"
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):"
        yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, BaseExceptionGroup):
        yield f"{name}: {error.message}"
        for one in error.exceptions if depth > 0 else ():
            yield from (f"  | {line}" for whole in _lines(one, depth - 1) for line in whole.split("\n"))
    else:
        yield f"{name}: {told(error)}"


def without_values(record: logging.LogRecord) -> bool:
    """Let a library's line pass, with errors among its values told as here; asyncio's without the `repr` of what failed."""
    if isinstance(record.args, tuple):
        record.args = tuple(told(value) if isinstance(value, BaseException) else value for value in record.args)
    if record.name == "asyncio":
        record.msg, record.args = record.getMessage().split("\n", 1)[0], ()
    return True
