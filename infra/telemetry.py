"""Structured logs to standard error, and the page with this process's health and metrics."""

import logging
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType

import msgspec
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.typing import Processor

from infra.errors import CausewayError
from infra.health import Health
from infra.telling import told, told_traceback, without_values

TASKS = Gauge("causeway_process_tasks", "Tasks of this process's event loop; steady at rest.")

Inquiry = Callable[[str], Awaitable[bytes]]
"""Answers an operator's question about one thing, by its name, with JSON."""


class Seldom(logging.Filter):
    """Lets a library's line pass once in a while: aiokafka repeats a few seventy times a second for as long as a broker is away.

    The next one that passes says as `left_out` how many did not.
    """

    MOST_KNOWN = 1000

    def __init__(self, pause: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin.

        Args:
            pause: Seconds until the same line passes again, whatever values are in it.
            clock: Seconds.
        """
        super().__init__()
        self._pause = pause
        self._clock = clock
        self._passed: dict[tuple[str, str], float] = {}
        self._left_out: Counter[tuple[str, str]] = Counter()

    def __len__(self) -> int:
        """How many lines are remembered."""
        return len(self._passed)

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to write it; tracebacks always are."""
        if record.exc_info:
            return True
        now, key = self._clock(), (record.name, str(record.msg))
        if key in self._passed and now - self._passed[key] < self._pause:
            self._left_out[key] += 1
            return False
        if left_out := self._left_out.pop(key, 0):
            record.left_out = left_out
        if len(self._passed) >= self.MOST_KNOWN:
            self._passed.clear()
            self._left_out.clear()
        self._passed[key] = now
        return True


def is_a_strangers(record: logging.LogRecord) -> bool:
    """Return whether a library logs a traceback for what a stranger sent, who was answered and cut off: it would fill the log."""
    return record.name == "uvicorn.error" and str(record.msg).startswith("Invalid UTF-8")


def _spelled(value: object) -> str:
    """Return how a log says what is no JSON."""
    return told(value) if isinstance(value, BaseException) else str(value)


def _log_the_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Write what ends this process as every other error is written, and not as Python would: with all that its text holds."""
    structlog.get_logger().critical("ended by an error", exc_info=(kind, error, trace))


def set_up_logs(level: str, **bound: str) -> None:
    """Write one JSON object a line to standard error, each with the bound names (region, instance).

    Args:
        level: The least severe level to write: debug, info, warning, error.
        bound: Names and values that every line carries.
    """
    stamped: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(lambda failed: told_traceback(failed[1])),
    ]
    written = structlog.processors.JSONRenderer(
        serializer=lambda value, **_: msgspec.json.encode(value, enc_hook=_spelled).decode()
    )
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *stamped, written],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(**bound)
    libraries = logging.StreamHandler(sys.stderr)
    libraries.addFilter(Seldom())
    libraries.addFilter(without_values)
    libraries.addFilter(lambda record: not is_a_strangers(record))
    libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                lambda _logger, _method, event: bound | dict(event),  # a library's thread has no context of ours
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(allow={"left_out"}),
                *stamped,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, written],
        )
    )
    logging.basicConfig(handlers=[libraries], level=logging.WARNING)
    sys.excepthook = _log_the_end


def admin_app(health: Health, inquiries: Mapping[str, Inquiry] | None = None) -> ASGIApp:
    """Return the ASGI app of the admin port: `/health` (200 or 503, JSON), `/metrics` (Prometheus text), and inquiries.

    Args:
        health: What `/health` tells.
        inquiries: By first segment of the path: `trace` answers `/trace/NAME`. It is read at each request.
    """
    known = {} if inquiries is None else inquiries

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == "/health":
            status = 200 if health.ok else 503
            conditions = {
                name: {"ok": condition.ok, "detail": condition.detail, "since": condition.since}
                for name, condition in health.conditions.items()
            }
            content_type, body = b"application/json", msgspec.json.encode({"ok": health.ok, "conditions": conditions})
        elif scope["path"] == "/metrics":
            status, content_type, body = 200, CONTENT_TYPE_LATEST.encode(), generate_latest()
        else:
            status, content_type, body = await _inquire(known, scope["path"])
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", content_type)]})
        await send({"type": "http.response.body", "body": body})

    return app


async def _inquire(inquiries: Mapping[str, Inquiry], path: str) -> tuple[int, bytes, bytes]:
    """Return status, content type and body of an answer."""
    subject, _, name = path.lstrip("/").partition("/")
    if not name or subject not in inquiries:
        here = ", ".join(["/health", "/metrics", *(f"/{known}/NAME" for known in sorted(inquiries))])
        return 404, b"text/plain", f"Here are {here}.\n".encode()
    try:
        return 200, b"application/json", await inquiries[subject](name)
    except CausewayError as error:
        return error.status, b"application/problem+json", msgspec.json.encode(error.problem(), enc_hook=str)
