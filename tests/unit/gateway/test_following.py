"""Which users with a device here follow which channels, from what the store says and what entries say since."""

from typing import Any

import pytest

from region.gateway.channels import following as module
from region.gateway.channels.following import Following
from replication import channels as c
from replication import groups as g
from replication.ids import channel_id
from replication.records import Entry, LogBody

ADA, BOB = "u100000000000000000000001-us", "u200000000000000000000002-us"
NEWS, ART = channel_id(ADA, "news"), channel_id(ADA, "art")


def entry(author: str, body: LogBody) -> Entry:
    """Return an entry of the channel."""
    return Entry(
        conversation_id=NEWS, seq=1, epoch=1, incarnation=1, count=0, message_id="m", author=author, home="us",
        content_hash=b"", body=body, sent_at=1,
    )  # fmt: skip


def test_a_post_reaches_who_follows_each_once() -> None:
    """A channel stands for its followers, a user for oneself."""
    following = Following()
    following.begin(ADA, [NEWS])
    following.begin(BOB, [NEWS])
    assert list(following.of(NEWS)) == [ADA, BOB]
    assert list(following.of(BOB)) == [BOB]
    assert following.channels() == [NEWS]


def test_the_last_who_goes_ends_it() -> None:
    """Then the gateway need not be told of the channel any more."""
    following, ended = Following(), list[str]()
    following.ended = ended.append
    following.begin(ADA, [NEWS])
    following.begin(BOB, [NEWS])
    following.forget(ADA)
    assert ended == []
    following.note(0, 1, entry(BOB, g.MemberLeft("bye")))
    assert ended == [NEWS]
    assert list(following.of(NEWS)) == []


@pytest.mark.parametrize("body", [g.MemberRemoved("out", BOB), g.MemberBanned("out", BOB)])
def test_who_was_removed_follows_no_more(body: Any) -> None:
    """Whoever did it."""
    following = Following()
    following.begin(BOB, [NEWS])
    following.note(0, 1, entry(ADA, body))
    assert list(following.of(NEWS)) == []


@pytest.mark.parametrize("body", [g.MemberJoined("hello"), c.ChannelCreated("news", "News")])
def test_who_joins_follows_from_there(body: Any) -> None:
    """And it is said from which position on, as what is posted until the interest is registered must be read."""
    following, began = Following(), list[tuple[str, str, int, int]]()
    following.began = lambda *told: began.append(told)
    following.begin(ADA, [])
    following.note(2, 7, entry(ADA, body))
    following.note(2, 8, entry(BOB, g.MemberJoined("elsewhere")))
    assert began == [(ADA, NEWS, 2, 7)]
    assert list(following.of(NEWS)) == [ADA]


def test_what_was_read_before_a_change_is_not_to_be_believed() -> None:
    """Somebody leaves while the store is read: the change is noticed; of strangers nothing is kept."""
    following = Following()
    before = following.changes(ADA)
    following.note(0, 1, entry(ADA, g.MemberLeft("bye")))
    following.note(0, 2, entry(BOB, g.MemberLeft("bye")))
    assert following.changes(ADA) == before + 1
    assert following.changes(BOB) == 0


def test_nobody_follows_more_than_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many the store or entries name; what is followed goes on, and who leaves one has room again."""
    monkeypatch.setattr(module, "MOST_FOLLOWED", 2)
    following, began = Following(), list[str]()
    following.began = lambda _, channel, *__: began.append(channel)
    following.begin(ADA, ["c1", "c2", "c3"])
    following.note(0, 1, entry(ADA, g.MemberJoined("one more")))
    assert (set(following.followed(ADA)), began) == ({"c1", "c2"}, [])

    following.begin(BOB, ["c1"])
    following.note(0, 2, entry(BOB, g.MemberJoined("hello")))
    following.note(0, 3, entry(BOB, g.MemberJoined("hello again")))
    assert began == [NEWS, NEWS]
    assert set(following.followed(BOB)) == {"c1", NEWS}


def test_in_doubt_nothing_is_followed_until_it_is_said_anew() -> None:
    """Who was removed meanwhile is told nothing; a channel that nobody follows any more is withdrawn then, and not before."""
    following, ended = Following(), list[str]()
    following.ended = ended.append
    following.begin(ADA, [NEWS, ART])
    following.begin(BOB, [ART])
    before = following.changes(ADA)

    following.doubt()

    assert (following.knows(ADA), list(following.of(NEWS)), list(following.of(ART)), ended) == (False, [], [], [])
    assert following.changes(ADA) == before + 1  # what was read before is not to be believed
    following.begin(ADA, [ART, "c2"])
    assert (following.knows(ADA), set(following.followed(ADA)), ended) == (True, {ART, "c2"}, [NEWS])
    assert (list(following.of(ART)), following.knows(BOB)) == ([ADA], False)


def test_doubt_may_be_about_some() -> None:
    """Those whom an entry names that cannot be read."""
    following = Following()
    following.begin(ADA, [NEWS])
    following.begin(BOB, [NEWS])

    following.doubt([BOB, "somebody who has no device here"])

    assert list(following.of(NEWS)) == [ADA]
    following.forget(BOB)
    following.begin(BOB, [NEWS])
    assert following.knows(BOB)
