"""Searches in one's own history, on a real store that is written as a projector writes it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import psycopg
import pytest

from infra.errors import NotFoundError
from infra.postgres import Pool, make_pool
from infra.schema.worker import working as work_on
from region.gateway.searching import repository
from region.gateway.searching.desk import Searching
from region.gateway.searching.schemas import Hits
from region.gateway.searching.wanted import Wanted, read_cursor, read_terms
from region.store.repository.committing import commit
from region.store.repository.setup import prepare
from region.store.revisions import SCHEMA
from region.store.rows import Conversation, Member, Place
from region.store.writes import Move, Writes
from replication.alterations import Aftermath, MessageEdited, altered, hushed
from replication.attachments import Attachment
from replication.codec import encode_body
from replication.groups import GroupMessageSent
from replication.ids import group_id
from replication.records import Entry, LogBody
from replication.runs import Runs

pytestmark = pytest.mark.integration

ALICE, BOB, EVE = ("u" + letter * 24 + "-us" for letter in "abe")
GROUP, OTHER = group_id(ALICE, "one"), group_id(ALICE, "two")
SECOND = 1_000_000


@dataclass
class Log:
    """Writes a store, one batch a call."""

    pool: Pool
    members: dict[str, dict[str, Member]] = field(default_factory=dict)
    heads: dict[str, int] = field(default_factory=dict)
    missing: dict[str, Runs] = field(default_factory=dict)
    batches: int = 0

    async def begin(self, conversation_id: str, *members: Member) -> None:
        """Make a conversation, or change who sees what of it."""
        self.members[conversation_id] = {one.user_id: one for one in members}
        await self.write(conversation_id, Writes())

    async def write(self, conversation_id: str, writes: Writes) -> None:
        """Commit a batch."""
        members = self.members[conversation_id]
        writes.conversations[conversation_id] = Conversation(
            conversation_id,
            members,
            head=self.heads.get(conversation_id, 0),
            epoch=1,
            opened=True,
            missing=self.missing.get(conversation_id, ()),
        )
        writes.members |= {(conversation_id, name): member for name, member in members.items()}
        async with self.pool.connection() as connection:
            await commit(connection, [Move(Place(0, self.batches, 0), self.batches + 1, 0)], writes)
        self.batches += 1

    async def say(self, conversation_id: str, *texts: str, author: str = ALICE) -> int:
        """Add messages; return the last seq."""
        return await self.add(conversation_id, *(GroupMessageSent("c", text) for text in texts), author=author)

    async def add(self, conversation_id: str, *bodies: LogBody, author: str = ALICE, **more: object) -> int:
        """Add entries; sent a second apart, by their seq."""
        seq, rows = self.heads.get(conversation_id, 0), []
        for body in bodies:
            seq += 1
            name = f"m{conversation_id[:8]}{seq}"
            rows.append((Entry(conversation_id=conversation_id, seq=seq, epoch=1, incarnation=1, count=seq, message_id=name, author=author, home="us", content_hash=b"h", body=body, sent_at=seq * SECOND), 1))  # fmt: skip
        self.heads[conversation_id] = seq
        await self.write(conversation_id, Writes(entries=rows, **more))  # type: ignore[arg-type]  # as it came
        return seq

    async def edit(self, conversation_id: str, target: int, text: str, before: Aftermath | None = None) -> Aftermath:
        """Edit a message; return what was made of it by now."""
        seq = self.heads[conversation_id] + 1
        body = MessageEdited("e", f"m{conversation_id[:8]}{target}", text, target_seq=target)
        made = altered(before or Aftermath(), body, ALICE, seq)
        await self.add(conversation_id, body, aftermaths={(conversation_id, target): made})
        return made

    async def delete(self, conversation_id: str, target: int, made: Aftermath | None = None) -> None:
        """Delete a message, and what its edits said."""
        seq = self.heads[conversation_id] + 1
        edits = made.edits if made else ()
        gone = Aftermath(message_id="m", edits=edits, deleted=seq)
        redacted = {(conversation_id, target): b""} | {
            (conversation_id, edit.seq): encode_body(hushed(edit, "m", "", target)) for edit in edits
        }
        await self.write(conversation_id, Writes(aftermaths={(conversation_id, target): gone}, redacted=redacted))


@pytest.fixture
async def log(store_url: str) -> AsyncIterator[Log]:
    """An empty store."""
    async with make_pool(store_url, size=2, name="test") as pool:
        await prepare(pool, region="us", partitions=1)
        yield Log(pool)


async def search(log: Log, typed: str, reader: str = BOB, **more: object) -> Hits:
    """Search as somebody."""
    return await Searching(log.pool).find(reader, Wanted(terms=read_terms(typed), **more))  # type: ignore[arg-type]  # as it came


async def seqs(log: Log, typed: str, reader: str = BOB, **more: object) -> list[int | None]:
    """Search as somebody; return the seqs of what is found."""
    return [hit.message.seq for hit in (await search(log, typed, reader, **more)).hits]


FOUND = {
    "lighthouse": [1],
    "LIGHTHOUSE the": [1],
    "light": [],
    "light*": [1],
    "ligh* the*": [1],
    "ligh* the* att*": [],
    "exam* pay* see/htt*": [3],
    "stra* caf*": [2],
    "東 हिन्* ΟΔΌ*": [4],
    '"at the"': [1],
    '"the at"': [],
    "cafe": [2],
    "CAFÉ": [2],
    "strasse": [2],
    "example": [3],
    "example.org/path": [3],
    "don't": [3],
    "don\u2019t": [3],
    "1e5": [3],
    "京都": [4],
    "हिन्दी": [4],
    "हिन्*": [4],
    "οδοσ": [4],
    "мир": [5],
    "يوم": [5],
    "42": [5],
    GROUP: [],
}
"""By what is typed: which messages have it."""


async def test_what_the_index_proposes_is_what_matches(log: Log) -> None:
    """In all scripts, and whatever PostgreSQL's parser makes of addresses, numbers and hyphens."""
    await log.begin(GROUP, Member(ALICE, "us"), Member(BOB, "us"))
    await log.say(
        GROUP,
        "At the lighthouse",
        "Café in der Straße",
        "see https://example.org/path?x=1, don't pay 1e5",
        "東京都 हिन्दी ΟΔΌΣ",
        "МИР اليَوْم يَوْم -42",
    )

    assert {typed: await seqs(log, typed) for typed in FOUND} == FOUND


async def test_a_hit_leads_to_its_context_and_says_what_matched(log: Log) -> None:
    """By cursors that pages take."""
    await log.begin(GROUP, Member(ALICE, "us"), Member(BOB, "us"))
    await log.say(GROUP, "one", "👍 the pier, the Pier", "three")

    (hit,) = (await search(log, "pier")).hits

    assert [(match.offset, match.length) for match in hit.matches] == [(6, 4), (16, 4)]
    assert (hit.before, hit.after, hit.message.text) == ("1.3", "1.2", "👍 the pier, the Pier")


async def test_an_edit_replaces_and_a_deletion_removes_what_is_found(log: Log) -> None:
    """Of a message only what it says now is found, once; and nothing is left in the store to be found of what was deleted."""
    await log.begin(GROUP, Member(ALICE, "us"), Member(BOB, "us"))
    await log.say(GROUP, "frist pier", "pier")
    made = await log.edit(GROUP, 1, "first pier")
    assert await seqs(log, "frist") == []
    assert await seqs(log, "first") == [1]
    made = await log.edit(GROUP, 1, "very first pier", made)
    assert await seqs(log, "first") == [1]
    assert await seqs(log, "pier") == [1, 2]

    await log.delete(GROUP, 1, made)

    for word in ("frist", "first", "very"):
        assert await seqs(log, word) == []
    assert await seqs(log, "pier") == [2]
    async with log.pool.connection() as connection:
        left = await repository.candidates(
            connection, ALICE, Wanted(terms=read_terms("first")), after=(2**62, "", 0), most=9
        )
    assert left == []


async def test_nobody_finds_what_is_not_theirs_to_see(log: Log) -> None:
    """Before joining, after removal, hidden, above a gap, of others' conversations; and not by words of an edit that came later."""
    await log.begin(GROUP, Member(ALICE, "us"), Member(BOB, "us", since=3, until=6, role="former", hidden=((4, 4),)))
    await log.say(GROUP, *(f"pier number{seq}" for seq in range(1, 8)))
    await log.begin(OTHER, Member(ALICE, "us"), Member(EVE, "us", since=0, role="asking"))
    await log.say(OTHER, "pier")
    await log.edit(GROUP, 5, "quay number5")  # by seq 8: after Bob was removed

    assert await seqs(log, "pier") == [6, 5, 3]
    assert await seqs(log, "quay") == []
    assert await seqs(log, "number4") == []
    assert await seqs(log, "pier", EVE) == []
    assert await seqs(log, "quay", ALICE) == [5]
    for stranger in (BOB, EVE):
        with pytest.raises(NotFoundError):
            await search(log, "pier", stranger, conversation_id=OTHER)
    log.heads[GROUP] = 2  # the rest is held above a gap
    await log.write(GROUP, Writes())
    assert await seqs(log, "pier", ALICE, conversation_id=GROUP) == [2, 1]


async def test_filters_narrow_a_search(log: Log) -> None:
    """Conversation, sender, times of the message itself, kind of conversation and of attachments."""
    picture = Attachment("b" + "0" * 32 + "-us", "image", "x.png", 1, "image/png", "0" * 64)
    await log.begin(GROUP, Member(ALICE, "us"), Member(BOB, "us"))
    await log.say(GROUP, "pier")
    await log.say(GROUP, "pier", author=BOB)
    await log.add(GROUP, GroupMessageSent("c", "pier", attachments=(picture,)))
    await log.begin(OTHER, Member(ALICE, "us"), Member(BOB, "us"))
    await log.say(OTHER, "x", "x", "x", "pier")
    await log.edit(GROUP, 1, "pier again")

    assert len(await seqs(log, "pier")) == 4
    assert await seqs(log, "pier", conversation_id=OTHER) == [4]
    assert await seqs(log, "pier", sender_id=BOB) == [2]
    assert await seqs(log, "pier", kind="image") == [3]
    assert await seqs(log, "pier", kind="file") == []
    assert await seqs(log, "pier", kind="direct") == []
    assert await seqs(log, "pier", kind="group", since=2 * SECOND, until=4 * SECOND) == [3, 2]
    assert await seqs(log, "again", until=2 * SECOND) == [1]
    assert await seqs(log, "again", since=2 * SECOND) == []


@pytest.mark.parametrize("limit", [1, 2, 7, 50])
async def test_pages_hold_everything_once_whatever_comes_meanwhile(log: Log, limit: int) -> None:
    """A cursor is a place: what is written after it was given shifts nothing."""
    await log.begin(GROUP, Member(ALICE, "us"), Member(BOB, "us", hidden=((5, 12),)))
    await log.begin(OTHER, Member(ALICE, "us"), Member(BOB, "us"))
    await log.say(GROUP, *["pier"] * 20)
    await log.say(OTHER, *["pier"] * 5)
    found: list[tuple[str, int | None]] = []
    cursor: str | None = None
    while True:
        page = await search(log, "pier", limit=limit, after=read_cursor(cursor))
        assert len(page.hits) <= limit
        found += [(hit.message.conversation_id, hit.message.seq) for hit in page.hits]
        if (cursor := page.next) is None:
            break
        await log.say(GROUP, "pier")

    wanted = {(GROUP, seq) for seq in range(1, 21) if not 5 <= seq <= 12} | {(OTHER, seq) for seq in range(1, 6)}
    assert (len(found), set(found)) == (len(wanted), wanted)


async def test_what_is_not_in_this_region_is_named(log: Log) -> None:
    """Whoever may see more of a conversation than is here is told so."""
    log.heads[GROUP], log.missing[GROUP] = 4, ((1, 4),)
    await log.begin(GROUP, Member(ALICE, "us"), Member(BOB, "us", since=5))
    await log.say(GROUP, "pier")

    assert (await search(log, "pier", ALICE)).incomplete == [GROUP]
    assert (await search(log, "pier", BOB)).incomplete == []


async def test_a_search_looks_at_nothing_of_other_conversations(log: Log) -> None:
    """Its index is used, and proposes what has the words and the conversation alone."""
    await log.begin(GROUP, Member(ALICE, "us"), Member(BOB, "us"))
    await log.begin(OTHER, Member(ALICE, "us"))
    await log.say(OTHER, *["the pier, and other words"] * 3000)
    await log.say(GROUP, "the pier")
    async with log.pool.connection() as connection:
        await connection.execute("VACUUM ANALYZE entries")
        assert await seqs(log, "pier") == [1]
        cursor = await connection.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = 'entries_by_words'::regclass"
        )
        assert await cursor.fetchone() == (True,)
        await connection.execute("SET enable_seqscan = off")
        lines = await (
            await connection.execute(f"EXPLAIN ANALYZE {repository._CANDIDATES}", _parameters())  # noqa: SLF001 — a constant of ours
        ).fetchall()
    plan = "\n".join(str(line[0]) for line in lines)
    assert "entries_by_words" in plan, plan
    assert "3000" not in plan, plan


def _parameters() -> dict[str, object]:
    return {"reader": BOB, "conversation": None, "letter": None, "whole": "pier", "begun": [], "sender": None, "since": 0, "until": 2**62, "sent_at": 2**62, "at": "", "seq": 0, "most": 9}  # fmt: skip


async def test_messages_of_before_are_found_after_the_expansion(log: Log, store_url: str) -> None:
    """Also where making the index was interrupted; and its revision may be run again."""
    await log.begin(GROUP, Member(ALICE, "us"), Member(BOB, "us"))
    async with await psycopg.AsyncConnection.connect(store_url, autocommit=True) as connection:
        await connection.execute("DROP INDEX entries_by_words")
        await log.say(GROUP, "pier", "Café")
        await connection.execute("CREATE INDEX entries_by_words ON entries (author)")
        await connection.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'entries_by_words'::regclass"
        )
        for _ in range(2):
            await connection.execute("UPDATE schema_revision SET version_num = '0014'")
            async with work_on(SCHEMA, store_url) as worker:
                assert [step.number for step in await worker.expand(lambda *_: None)][:1] == [15]
        cursor = await connection.execute(
            "SELECT indisvalid, pg_get_indexdef(indexrelid) LIKE '%to_tsvector%' FROM pg_index"
            " WHERE indexrelid = 'entries_by_words'::regclass"
        )
        assert await cursor.fetchone() == (True, True)

    assert await seqs(log, "cafe") == [2]
