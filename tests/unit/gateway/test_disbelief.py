"""What an owner tells of what was said before is believed only where an honest region could have made it."""

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from infra.errors import TooLargeError
from infra.peers import Peers
from region.gateway.groups.recall import History, Recall
from replication.codec import encode_record
from replication.groups import GroupMessageSent
from replication.ids import direct_conversation_id, group_id, message_id, new_user_id
from replication.limits import TEXT_BYTES
from replication.records import Entry, MessageSent

AUTHOR, OTHER = new_user_id("eu"), new_user_id("us")
GROUP = group_id(AUTHOR, "a group")


def entry(seq: int, *, text: str = "text") -> Entry:
    """What an honest owner tells."""
    body = GroupMessageSent(f"c{seq}", text)
    return Entry(
        conversation_id=GROUP, seq=seq, epoch=1, incarnation=1, count=seq, message_id=message_id(AUTHOR, GROUP, f"c{seq}"),
        author=AUTHOR, home="eu", content_hash=b"h" * 16, body=body, sent_at=0, hops=(),
    )  # fmt: skip


async def ask(told: list[Entry], *, most: int = 20, too_large: int = 0) -> tuple[list[int], list[int]]:
    """Ask an owner who tells these; return the seqs of what is believed and of what is kept."""
    kept: list[int] = []

    async def keep(one: Entry) -> None:
        if one.seq == too_large:
            raise TooLargeError(what="The record", size=2, limit=1)
        kept.append(one.seq)

    content = msgspec.msgpack.encode(History([msgspec.Raw(encode_record(one)) for one in told]))
    peers = Peers("us", {"eu": "https://eu"})
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    async with httpx.AsyncClient(transport=transport) as peers.client:
        believed = await Recall(peers=peers, keep=keep).newest(GROUP, ((1, 20),), most=most)
    return [one.seq for one in believed], kept


DIRECT = direct_conversation_id(AUTHOR, OTHER)

LIES = {
    "a text that is too long": entry(2, text="x" * (TEXT_BYTES + 1)),
    "a name that is too long": replace(entry(2), home="x" * 200),
    "a message to somebody, in a group": replace(entry(2), body=MessageSent(OTHER, "c2", "text")),
    "an id of another message": replace(entry(2), message_id=entry(3).message_id),
    "an author who is nobody": replace(entry(2), author="nobody"),
    "another conversation": replace(entry(2), conversation_id=DIRECT),
    "a time that no calendar has": replace(entry(2), sent_at=2**62),
    "a seq that nobody asked for": replace(entry(2), seq=21),
    "a seq that was told before": replace(entry(2), seq=1),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
async def test_what_no_honest_region_makes_is_neither_shown_nor_kept(lie: Entry) -> None:
    """What is told with it is."""
    assert await ask([entry(1), lie, entry(3)]) == ([1, 3], [1, 3])


async def test_no_more_is_taken_than_was_asked_for() -> None:
    """The newest of it."""
    assert await ask([entry(n) for n in range(1, 10)], most=3) == ([7, 8, 9], [7, 8, 9])


async def test_what_the_journal_does_not_take_hinders_nothing_else() -> None:
    """It is shown all the same."""
    assert await ask([entry(1), entry(2), entry(3)], too_large=2) == ([1, 2, 3], [1, 3])
