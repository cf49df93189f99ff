"""Trace context across processes, in the W3C's form: one `traceparent` travels with each record that is traced.

Only OpenTelemetry's API is needed. Without an SDK nothing begins a trace, and what somebody else began is passed on. With one, only
what is sampled travels: whoever receives a record without a `traceparent` begins nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

__all__ = ["HEADER", "Span", "SpanKind", "begin", "carried", "continued", "current", "fail", "parent_of"]

HEADER: Final = "traceparent"
LONGEST: Final = 55
"""Bytes of a `traceparent` of version 00; others are not passed on."""

_tracer = trace.get_tracer("causeway")
_propagator = TraceContextTextMapPropagator()


def begin(
    name: str,
    parent: str = "",
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[str, str | int] | None = None,
    at: int | None = None,
) -> Span:
    """Begin a span; whoever begins it ends it.

    Args:
        name: What is done.
        parent: The `traceparent` that it continues; empty begins a trace.
        kind: Its role towards other processes.
        attributes: What an operator may ask for; never a text, a token, or a handle.
        at: When it began, nanoseconds since the epoch; now if None.
    """
    inside = _propagator.extract({HEADER: parent}) if parent else Context()
    return _tracer.start_span(name, inside, kind=kind, attributes=attributes, start_time=at)


def carried(span: Span) -> str:
    """Return the `traceparent` by which others continue a span; empty if its trace is not sampled, since then nobody needs to."""
    if not span.get_span_context().trace_flags.sampled:
        return ""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier, trace.set_span_in_context(span, Context()))
    return carrier.get(HEADER, "")


def fail(span: Span, error: BaseException) -> None:
    """Say that what a span is about failed; only the kind of the error, for its message may hold a text."""
    span.set_status(Status(StatusCode.ERROR, type(error).__name__))


def parent_of(headers: Iterable[tuple[str | bytes, bytes]]) -> str:
    """Return the `traceparent` among headers; empty if there is none."""
    for name, value in headers:
        if name in {HEADER, HEADER.encode()} and len(value) == LONGEST:
            return value.decode("latin-1")
    return ""


def current() -> str:
    """Return the `traceparent` of the span that this task is in; empty if there is none, or it is not sampled."""
    span = trace.get_current_span()
    return "" if span is INVALID_SPAN else carried(span)


@contextmanager
def continued(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[None]:
    """Serve a request in the trace that its headers name, if they name one: `current` tells it."""
    parent = parent_of(headers)
    if not parent:
        yield
        return
    token = context.attach(_propagator.extract({HEADER: parent}))
    try:
        yield
    finally:
        context.detach(token)
