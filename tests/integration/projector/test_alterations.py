"""What is done to messages, in a real store: over restarts, as readers see it, and that of what was deleted nothing rests."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from infra.errors import InvalidFieldError, NotFoundError
from infra.peers import Peers
from infra.postgres import make_pool
from region.gateway import repository
from region.gateway.alterations.aftermaths import aftermaths, edits_of
from region.gateway.alterations.composing import Composer
from region.gateway.groups.pages import Pages
from region.gateway.groups.recall import Recall
from region.gateway.messages import seen_view
from region.gateway.schemas import SendRequest
from region.media.attachments import Attachments
from region.projector.rehearsal import deed
from replication import alterations as a
from replication import groups as g
from replication.attachments import Attachment
from replication.friends import FriendRequested
from replication.ids import direct_conversation_id, group_id, message_id, new_blob_id, new_user_id, partition_of
from replication.records import Entry, LogBody, MessageSent, Stream, Via

pytestmark = pytest.mark.integration

Until = Callable[[str, Callable[[], Awaitable[bool]]], Awaitable[None]]
THUMB = "\N{THUMBS UP SIGN}"


async def play(region: Any, until: Until, group: str, *deeds: tuple[str, LogBody]) -> None:
    """Let a projector, started for that, take these in."""
    region.start()
    for author, body in deeds:
        await region.append(replace(deed(author, group, body), submitted_at=time.time_ns() // 1000))
    name = deeds[-1][1].client_message_id

    async def numbered() -> bool:
        return bool(await region.execute("SELECT 1 FROM entries WHERE client_message_id = %s", name))

    await until("all is numbered", numbered)
    await region.stop()


async def freely(user: str) -> None:
    """Nobody asks too often."""


async def no_answer(entry: Entry) -> None:
    """Nothing is asked for."""
    raise AssertionError(entry)


async def test_what_was_made_of_messages_survives_and_is_shown(region: Any, until: Until) -> None:
    """Readers see the last text that is theirs to see, the edits before, and who reacted; of what was deleted, that it was there."""
    alice, bob, eva = await region.user(), await region.user(), new_user_id("eu")
    group = group_id(alice, "begin")
    one, two = message_id(alice, group, "one"), message_id(bob, group, "two")
    blob = Attachment(new_blob_id("us"), "file", "notes", 1, "text/plain", "0" * 64)
    await play(
        region,
        until,
        group,
        (alice, g.GroupCreated("begin", "Travellers", "", (g.Seat(bob, "us"),), history=False)),
        (alice, g.GroupMessageSent("one", "frist")),
        (bob, g.GroupMessageSent("two", "secret", (blob,))),
        (alice, a.MessageEdited("e1", one, "first")),
    )
    assert await region.execute("SELECT count(*) FROM attachments") == [(1,)]
    await play(
        region,
        until,
        group,
        (bob, a.ReactionAdded("r1", one, THUMB)),
        (bob, a.MessageEdited("e2", two, "still secret")),
        (alice, g.MemberAdded("Eva", eva, "eu")),
        (bob, g.MemberLeft("bye")),
        (alice, a.MessageEdited("e3", one, "First!")),
        (alice, a.MessageDeleted("d", two)),
    )

    async with make_pool(region.settings.store, size=2, name="test") as pool, pool.connection() as connection:
        entry = await repository.entry_by_message(connection, one)
        gone = await repository.entry_by_message(connection, two)
        assert entry is not None
        assert gone is not None
        alices, bobs = await seen_view(connection, alice, entry), await seen_view(connection, bob, entry)
        deleted = await seen_view(connection, bob, gone)
        said = [
            one.body.text for one in await edits_of(connection, group, [4, 9]) if isinstance(one.body, a.MessageEdited)
        ]
        nothing = await aftermaths(connection, [entry], lambda seq: seq <= 3)
        composer = Composer(pool, Attachments(pool))
        forwarded = {user: await composer.compose(user, SendRequest(forward_of=one)) for user in (alice, bob)}
        for user, message in ((alice, two), (eva, one)):
            with pytest.raises(NotFoundError):
                await composer.compose(user, SendRequest(forward_of=message))
            with pytest.raises(NotFoundError):
                await composer.compose(user, SendRequest("so it was", reply_to=message))
        with pytest.raises(InvalidFieldError):
            await composer.compose(alice, SendRequest("and more", forward_of=one))
        pages = Pages(pool, Recall(peers=Peers("us", {}), keep=no_answer), freely)
        page, _ = await pages.backwards(alice, group, None, 50)
        evas, _ = await pages.backwards(eva, group, None, 50)
    assert {user: (each.text, each.forwarded) for user, each in forwarded.items()} == {
        alice: ("First!", alice),
        bob: ("first", alice),
    }
    assert said == ["first", "First!"]
    assert (alices.text, alices.edited) == ("First!", 9)
    assert [(each.emoji, each.user_ids) for each in alices.reactions or []] == [(THUMB, [bob])]
    assert (bobs.text, bobs.edited) == ("first", 4)
    assert (nothing[2].text, nothing[2].edits, nothing[2].reactions) == ("", (), ())
    assert (deleted.text, deleted.deleted, deleted.attachments) == ("", True, UNSET)
    assert [message.kind for message in evas.messages] == ["hidden", "hidden", "member_left", "member_added", "hidden"]
    assert [message.seq for message in evas.messages] == [10, 9, 8, 7, 6]
    assert "secret" not in repr(page)
    assert await region.execute("SELECT count(*) FROM attachments") == [(0,)]
    rests = await region.execute(
        "SELECT text, encode(body, 'escape') FROM entries UNION ALL SELECT '', encode(state, 'escape') FROM aftermaths"
    )
    assert "secret" not in repr(rests)


async def tell(
    region: Any, until: Until, author: str, pair: str, bodies: Sequence[LogBody], *, order: Sequence[int]
) -> None:
    """Let a projector, started for that, take in what the pair's owner numbered, in that order of seqs."""
    entries = [
        Entry(
            conversation_id=pair,
            seq=seq,
            epoch=1,
            incarnation=1,
            count=1,
            message_id=message_id(author, pair, body.client_message_id),
            author=author,
            home="eu",
            content_hash=b"",
            body=body,
            sent_at=1,
        )
        for seq, body in enumerate(bodies, start=1)
    ]
    region.start()
    partition = partition_of(pair, region.settings.partitions)
    for sequence, seq in enumerate(order, start=1):
        await region.append(entries[seq - 1], via=Via(Stream("eu", 1, 1, "us", partition), sequence, sequence))

    async def taken_in() -> bool:
        wanted = "SELECT 1 FROM conversations WHERE conversation_id = %s AND head = %s"
        return bool(await region.execute(wanted, pair, len(bodies)))

    await until("all is taken in", taken_in)
    await region.stop()


async def test_what_is_held_above_a_gap_takes_effect_in_order(region: Any, until: Until) -> None:
    """A reaction and a deletion come before what they are about: nothing is shown, and then all of it is as at the owner."""
    ada, eva = await region.user(), "u000000000000000000000000-eu"
    pair = direct_conversation_id(ada, eva)
    target = message_id(eva, pair, "one")
    bodies: list[LogBody] = [
        MessageSent(ada, "one", "secret"),
        a.MessageEdited("e", target, "still secret", (), ada, 1),
        a.MessageDeleted("d", target, ada, 1),
        MessageSent(ada, "two", "after"),
    ]
    await tell(region, until, eva, pair, bodies, order=(4, 3, 2, 1))
    assert await region.execute("SELECT text FROM entries ORDER BY seq") == [("",), ("",), ("",), ("after",)]
    assert "secret" not in repr(await region.execute("SELECT encode(body, 'escape') FROM entries"))


async def test_an_owner_that_deletes_what_is_no_message_makes_nothing_unreadable(region: Any, until: Until) -> None:
    """Neither a request nor the deletion itself is emptied: who cannot read an entry could list no conversation, and resume nothing."""
    ada, eva = await region.user(), "u000000000000000000000000-eu"
    pair = direct_conversation_id(ada, eva)
    asked, own = (message_id(eva, pair, name) for name in ("ask", "own"))
    bodies: list[LogBody] = [
        FriendRequested(ada, "ask"),
        a.MessageDeleted("d", asked, ada, 1),
        a.MessageDeleted("own", own, ada, 3),
    ]
    await tell(region, until, eva, pair, bodies, order=(1, 2, 3))

    async with make_pool(region.settings.store, size=1, name="test") as pool, pool.connection() as connection:
        found = [
            await repository.entry_by_message(connection, message_id(eva, pair, body.client_message_id))
            for body in bodies
        ]
    assert [entry and entry.body for entry in found] == bodies
