"""The pass that a command carries: whatever it asks of the directory while its operation goes on, it shows that."""

from contextvars import ContextVar
from typing import Final

PASS: Final[ContextVar[str]] = ContextVar("pass", default="")
"""Set by `acting.operation` alone; empty in every service."""
