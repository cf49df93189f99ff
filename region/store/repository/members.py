"""Who stands how in a conversation, as rows."""

from collections.abc import Sequence
from typing import Any, Final

from region.store.rows import Member
from replication import runs

COLUMNS: Final = (
    "m.user_id, m.home, m.received, m.read, m.sent, m.read_count, m.read_sent, m.position,"
    " m.role, m.joined, m.since, m.until_seq, m.hidden"
)
"""What `member_of` takes, of a table named m."""


def member_of(row: Sequence[Any]) -> Member:  # Any: columns are typed by the schema
    """Return a member from the `COLUMNS`."""
    member = Member(*row)
    member.hidden = runs.read(row[-1])
    return member
