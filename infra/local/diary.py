"""What the supervisor says in its log of what it did and saw; a full disk must not stop it."""

import contextlib

import structlog

log = structlog.get_logger()


def tell(event: str, **details: object) -> None:
    """Write a line; without room for it, go on.

    Args:
        event: What happened.
        details: To whom and how; what is empty is left out.
    """
    with contextlib.suppress(OSError):
        log.info(event, **{name: value for name, value in details.items() if value})
