"""Signals that are heeded here, whatever they were when the tests were begun."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def heeding(number: signal.Signals, by: signal.Handlers | Callable[..., object] = signal.SIG_DFL) -> Iterator[None]:
    """Heed a signal here and in what is started meanwhile: whoever runs tests in the background has some ignored from the start, and a shell cannot undo that."""
    before = signal.signal(number, by)
    try:
        yield
    finally:
        signal.signal(number, before)
