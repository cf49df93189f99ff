"""How large the parts of a record may be, and when its times may lie: what a gateway takes from a device, and an ingester from another region. Pure.

Characters are counted and nothing is said of which: what is printable differs between versions of Unicode, and so between regions.
"""

from typing import Final

from msgspec import Struct

from replication.alterations import LONGEST_TEXT, MOST_REACTIONS
from replication.attachments import MOST_ATTACHMENTS
from replication.charters import Charter
from replication.groups import LONGEST_DESCRIPTION, MOST_MEMBERS, MOST_SEATS, InviteMade
from replication.records import Entry, Receipt, Record, Submission

TEXT_BYTES: Final = LONGEST_TEXT
"""Of a message's text, in UTF-8."""
CLIENT_ID_CHARACTERS: Final = 128
"""Of what a device calls its message."""
ID_CHARACTERS: Final = 128
"""Of any id or name that a region makes; theirs have 64 at most."""
CODE_CHARACTERS: Final = 64
"""Of why something was refused."""
DETAIL_CHARACTERS: Final = 1_000
"""Of the sentence that goes with it."""
NAME_CHARACTERS: Final = 255
"""Of what people call a file; groups have shorter ones."""
MOST_HOPS: Final = 32
"""A message that crosses twice makes nine."""
MOST_RUNS_CHARACTERS: Final = 64 * 1024
"""Of the runs that a member may not see, written out: one for each time that somebody was away."""
MOST_SHOWN: Final = 10 * MOST_MEMBERS * MOST_REACTIONS
"""Of reactions on a message, those that were taken back and those of former members among them."""
MOST_ITEMS: Final = 100
"""Of any other list."""
HASH_BYTES: Final = 64
"""Of a content's hash; ours have 16."""
LATEST_TIME: Final = 253_402_300_799_000_000
"""The last second of the year 9999, microseconds since the epoch: no calendar shows what is later."""

_CHARACTERS: Final = {
    "client_message_id": CLIENT_ID_CHARACTERS,
    "code": CODE_CHARACTERS,
    "detail": DETAIL_CHARACTERS,
    "reason": DETAIL_CHARACTERS,
    "name": NAME_CHARACTERS,
    "description": LONGEST_DESCRIPTION,
    "hidden": MOST_RUNS_CHARACTERS,
}
_ITEMS: Final = {"hops": MOST_HOPS, "attachments": MOST_ATTACHMENTS, "members": MOST_SEATS, "reactions": MOST_SHOWN}

_TIMES: Final = frozenset({"at", "created_at", "expires_at", "sent_at", "since", "submitted_at"})
"""Fields that hold microseconds since the epoch; a `since` that is a seq is lower, too."""


def object_to_size(record: Record) -> str | None:
    """Return what is larger in this record than any region makes it, or a time that no calendar has; None if nothing is.

    Every field has a limit, by its name; one that is not named here is as long as an id.
    """
    return _object(record, "record")


def object_to_times(record: Submission | Entry | Receipt | Charter) -> str | None:
    """Return which time, of those that stand in a log, no region could show; None if none. `object_to_size` asks that, too."""
    if isinstance(record, Charter):
        return _object(record.details, "details")
    told = record.entry if isinstance(record, Receipt) else record
    at = told.sent_at if isinstance(told, Entry) else 0  # of a submission, its owner makes that
    until = told.body.expires_at if isinstance(told.body, InviteMade) else 0
    return _time("time of sending", at) or _time("time of expiry", until)


def _object(value: object, name: str) -> str | None:
    if isinstance(value, str):
        if name == "text":
            return _over("text", len(value.encode()), TEXT_BYTES)
        return _over(name, len(value), _CHARACTERS.get(name, ID_CHARACTERS))
    if isinstance(value, bytes):
        return _over(name, len(value), HASH_BYTES)
    if isinstance(value, int):
        return _time(name, value) if name in _TIMES else None
    if isinstance(value, Struct):
        return next(filter(None, (_object(getattr(value, field), field) for field in value.__struct_fields__)), None)
    if isinstance(value, tuple):
        most = _ITEMS.get(name, MOST_ITEMS)
        return _over(name, len(value), most) or next(filter(None, (_object(item, name) for item in value)), None)
    return None


def _time(name: str, at: int) -> str | None:
    return None if 0 <= at <= LATEST_TIME else f"its {name.replace('_', ' ')}, {at}, is in no calendar"


def _over(name: str, size: int, limit: int) -> str | None:
    return f"its {name.replace('_', ' ')} has {size}, and {limit} is the most" if size > limit else None
