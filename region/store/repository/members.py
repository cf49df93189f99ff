"""Who stands how in a conversation, as rows."""

from collections.abc import Sequence
from typing import Any, Final

from region.store.rows import MEMBER, Member
from replication import runs
from replication.groups import RANKS

COLUMNS: Final = (
    "m.user_id, m.home, m.received, m.read, m.sent, m.read_count, m.read_sent, m.position,"
    " m.role, m.joined, m.since, m.until_seq, m.hidden"
)
"""What `member_of` takes, of a table named m."""


STAFF: Final = ", ".join(repr(role) for role in RANKS if role != MEMBER)
"""The roles of a channel's owners and posters, as a list in a statement."""


def member_of(row: Sequence[Any]) -> Member:  # Any: columns are typed by the schema
    """Return a member from the `COLUMNS`."""
    member = Member(*row)
    member.hidden = runs.read(row[-1])
    return member
