"""What of a group is shown: no secret of a link, statuses of all, and nothing of what is hidden."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from region.gateway.views import UNMARKED, Marks, change_of, entry_view, hidden_view, status_of
from replication import groups as g
from replication.channels import CHANNEL_BODIES, ChannelMessageSent
from replication.ids import group_id
from replication.pictures import Picture
from replication.records import Entry, LogBody, kind_of

ALICE, BOB = "u" + "a" * 24 + "-us", "u" + "b" * 24 + "-eu"
GROUP = group_id(ALICE, "begin")


def entry(body: LogBody, seq: int = 5) -> Entry:
    """The entry of Alice's deed."""
    return Entry(
        conversation_id=GROUP, seq=seq, epoch=1, incarnation=1, count=1, message_id="m", author=ALICE, home="us",
        content_hash=b"", body=body, sent_at=0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("marks", "status"),
    [
        ([], "unread"),
        ([UNMARKED], "unread"),
        ([Marks(5, 5)], "read"),
        ([Marks(9, 5), Marks(5, 4)], "received"),
        ([Marks(9, 9), Marks(4, 4)], "unread"),
        ([Marks(9, 9), Marks(7, 7, joined=7)], "read"),
        ([Marks(7, 7, joined=7)], "unread"),
    ],
)
def test_a_status_is_what_all_have_done_who_were_members_then(marks: list[Marks], status: str) -> None:
    """Who joined later neither holds it up nor makes it read."""
    assert status_of(5, marks) == status


@pytest.mark.parametrize("kind", [*g.GROUP_BODIES, *CHANNEL_BODIES])
def test_every_kind_can_be_shown(kind: Any) -> None:
    """With what belongs to it, and never with the secret of a link."""
    given = {
        "members": (g.Seat(BOB, "eu"),),
        "digest": b"secret",
        "token": "secret",
        "expires_at": 10**15,
        "uses": 3,
        "attachments": (),
        "answers": None,
        "forwarded": "",
        "mentions": (),
        "public": True,
        "slow": 60,
        "follows": 3,
        "picture": Picture("b1-us", 1000, "image/png"),
    }
    names = [field.name for field in msgspec.structs.fields(kind)]
    body = kind(**{name: given.get(name, True if name in {"history", "approval"} else name) for name in names})
    shown = entry_view(entry(body), reader=ALICE, marks={})

    assert shown.kind == kind_of(body)
    assert "secret" not in repr(shown)
    assert bool(change_of(body)) == (kind not in {g.GroupMessageSent, ChannelMessageSent})


def test_a_tombstone_tells_nothing_but_its_place() -> None:
    """Neither who, nor what, nor when; its time is one that programs can read all the same."""
    shown = hidden_view(GROUP, 3, 9)

    assert (shown.kind, shown.from_seq, shown.seq) == ("hidden", 3, 9)
    assert (shown.sender_id, shown.text, shown.message_id) == ("", "", "")
    assert datetime.fromisoformat(shown.sent_at) == datetime.fromtimestamp(0, UTC)
