"""Tell what a record's bytes are made of: names, kinds and sizes, and only such values as identify it. Pure.

Texts, names of people, hashes and tokens are never told: whoever may look at poison need not be somebody who may read messages.
"""

from typing import Final

import msgspec

from replication.codec import DAMAGE, LAST_VERSION, READABLE

TOLD: Final = frozenset(
    {
        "type",
        "id",
        "message_id",
        "conversation_id",
        "author",
        "recipient",
        "recipient_id",
        "user_id",
        "home",
        "home_epoch",
        "seq",
        "sequence",
        "position",
        "epoch",
        "incarnation",
        "count",
        "received",
        "read",
        "origin",
        "destination",
        "partition",
        "submitted_at",
        "sent_at",
        "forwarded_at",
        "version",
        "code",
    }
)
LONGEST: Final = 120
"""Characters of a value that are told."""

DEEPEST: Final = 8
MOST_LINES: Final = 200


def outline(value: bytes | None) -> list[str]:
    """Return lines that describe a record's bytes."""
    if not value:
        return ["it is empty"]
    lines = [f"{len(value)} bytes, version {value[0]}; this software reads {', '.join(map(str, sorted(READABLE)))}"]
    if value[0] > LAST_VERSION:
        return [f"{len(value)} bytes; the first is {value[0]}, which is no version"]
    try:
        decoded = msgspec.msgpack.decode(value[1:])
    except DAMAGE as error:
        return [*lines, f"what follows cannot be read: {type(error).__name__}"]
    lines += _describe(decoded, "", 0)
    return lines[:MOST_LINES]


def _describe(value: object, name: str, depth: int) -> list[str]:
    indent = "  " * depth
    if isinstance(value, dict) and depth < DEEPEST:
        lines = [f"{indent}{name}:"] if name else []
        for key, inner in value.items():
            lines += _describe(inner, str(key)[:LONGEST], depth + bool(name))
        return lines
    return [f"{indent}{name or 'value'}: {_tell(name, value)}"]


def _tell(name: str, value: object) -> str:
    if name in TOLD and isinstance(value, str | int):
        return str(value)[:LONGEST]
    size = f" of {len(value)}" if isinstance(value, str | bytes | list | dict) else ""
    return f"({type(value).__name__}{size})"
