"""How a connection to PostgreSQL begins, and which beginning is let in. Pure.

The format is PostgreSQL's protocol 3.x: four bytes of length, four of version, then names and values that end with a zero each.
"""

from dataclasses import dataclass
from typing import Final

HEAD: Final = 4
LONGEST: Final = 10_000
"""As long a beginning as PostgreSQL itself takes, bytes."""
SHORTEST: Final = 8
PROTOCOL: Final = 3
ASKS_FOR_TLS: Final = (80877103, 80877104)
"""Beginnings that ask whether TLS (or GSSAPI) is spoken here."""
NO: Final = b"N"


class NoBeginningError(ValueError):
    """It is no beginning of a connection that is known here."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a connection wants.

    Attributes:
        user: As whom.
        database: Which database; by default that of the user's name.
        replication: Whether it is to read changes: empty for no, `database` for logical ones, anything else for all of the server.
    """

    user: str
    database: str
    replication: str


def length(head: bytes) -> int:
    """Return how many bytes follow the first four.

    Raises:
        NoBeginningError: No beginning is so long, or so short.
    """
    size = int.from_bytes(head, "big")
    if not SHORTEST <= size <= LONGEST:
        raise NoBeginningError("it has no usable length")
    return size - HEAD


def asks_for_tls(body: bytes) -> bool:
    """Whether it only asks for encryption; the answer is `NO`, and another beginning follows."""
    return int.from_bytes(body[:HEAD], "big") in ASKS_FOR_TLS and len(body) == HEAD


def read(body: bytes) -> Beginning:
    """Read what follows the length.

    Raises:
        NoBeginningError: It is of another protocol, such as a request to cancel, or is not well formed.
    """
    if int.from_bytes(body[:2], "big") != PROTOCOL:
        raise NoBeginningError("it does not begin a session")
    words = body[HEAD:].split(b"\0")
    if words[-2:] != [b"", b""] or len(words) % 2:
        raise NoBeginningError("it is not well formed")
    try:
        given = {name.decode(): value.decode() for name, value in zip(words[:-2:2], words[1:-2:2], strict=True)}
    except UnicodeDecodeError:
        raise NoBeginningError("it is not well formed") from None
    user = given.get("user", "")
    return Beginning(user, given.get("database", "") or user, _replication(given.get("replication", "")))


def _replication(value: str) -> str:
    return "" if value.lower() in {"", "off", "false", "no", "0"} else value


def refusal(beginning: Beginning, *, user: str, database: str) -> str:
    """Return why a beginning is not let in; empty if it is: as that user, to that database, and for its changes at most."""
    if beginning.user != user:
        return f"nobody comes in here but {user}"
    if beginning.database != database:
        return f"nothing is offered here but {database}"
    if beginning.replication not in {"", "database"}:
        return "nothing is offered here but the changes of one database"
    return ""


def farewell(reason: str) -> bytes:
    """Return what PostgreSQL's clients understand as a refusal: a fatal error, SQLSTATE 28000."""
    fields = b"".join(kind + text.encode() + b"\0" for kind, text in ((b"S", "FATAL"), (b"C", "28000"), (b"M", reason)))
    return b"E" + (len(fields) + 1 + HEAD).to_bytes(4, "big") + fields + b"\0"
