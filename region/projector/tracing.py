"""Spans of a batch: one in the trace of each record that is traced, all as long as the batch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from infra import tracing
from region.projector.cases import Case


@contextmanager
def traced(cases: Sequence[Case], region: str) -> Iterator[Sequence[Case]]:
    """Return the cases as they go on: what follows from one that is traced belongs to the batch's span in its trace."""
    if not any(case.trace for case in cases):
        yield cases
        return
    spans: list[tracing.Span] = []
    followed: list[Case] = []
    for case in cases:
        if case.trace:
            attributes: dict[str, str | int] = {
                "causeway.region": region,
                "causeway.batch": len(cases),
                "causeway.partition": case.partition,
            }
            span = tracing.begin("project", case.trace, kind=tracing.SpanKind.CONSUMER, attributes=attributes)
            spans.append(span)
            followed.append(replace(case, trace=tracing.carried(span)))
        else:
            followed.append(case)
    try:
        yield followed
    except Exception as error:
        for span in spans:
            tracing.fail(span, error)
        raise
    finally:
        for span in spans:
            span.end()
