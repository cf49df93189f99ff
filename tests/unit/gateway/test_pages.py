"""A page of history is read in several looks at the store, between which a queued message may be numbered."""

import contextlib
from collections.abc import Sequence
from typing import cast

import pytest

from infra.postgres import Pool
from region.gateway import repository
from region.gateway.groups import pages
from region.gateway.groups.pages import Pages
from region.gateway.groups.recall import Recall
from region.gateway.repository import Head
from region.store.repository import unsettled
from region.store.repository.unsettled import Queued
from replication.ids import direct_conversation_id
from replication.records import Entry, MessageSent, Submission

US, EU = "u" + "a" * 24 + "-us", "u" + "b" * 24 + "-eu"
CONVERSATION = direct_conversation_id(US, EU)


def submission(number: int) -> Submission:
    """A message that is accepted."""
    body = MessageSent(EU, f"c{number}", f"text {number}")
    return Submission(
        id=f"m{number}", author=US, home="us", home_epoch=1, body=body, submitted_at=0, conversation_id=CONVERSATION
    )


def entry(number: int) -> Entry:
    """The same message, numbered."""
    sent = submission(number)
    assert isinstance(sent.body, MessageSent)
    return Entry(
        conversation_id=CONVERSATION, seq=number, epoch=1, incarnation=1, count=number, message_id=sent.id, author=US,
        home="us", content_hash=sent.content_hash, body=sent.body, sent_at=0, hops=(),
    )  # fmt: skip


class NoStore:
    """A pool whose connections nobody asks."""

    def connection(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Lend one."""
        return contextlib.nullcontext()


@pytest.mark.parametrize("limit", [1, 2, 50])
async def test_a_message_that_is_numbered_between_two_looks_is_shown_once(
    monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """As numbered; what is older stays reachable by the cursor."""
    log = [entry(number) for number in (4, 3, 2, 1)]

    async def queued_in(connection: object, conversation_id: str, *, author: str, most: int) -> Sequence[Queued]:
        return [Queued(submission(4), "eu")][:most]

    async def entries_below(
        connection: object, conversation_id: str, *, seq: int, most: int, hidden: object
    ) -> Sequence[Entry]:
        return [one for one in log if one.seq < seq][:most]

    async def members(connection: object, conversation_id: str) -> dict[str, object]:
        return {}

    async def head(connection: object, conversation_id: str) -> Head:
        return Head(conversation_id, 4, 1)

    async def sight(connection: object, conversation_id: str, user_id: str) -> None:
        return None

    monkeypatch.setattr(repository, "head", head)
    monkeypatch.setattr(pages, "sight", sight)
    monkeypatch.setattr(unsettled, "queued_in", queued_in)
    monkeypatch.setattr(repository, "entries_below", entries_below)
    monkeypatch.setattr(repository, "members", members)

    read = Pages(cast("Pool", NoStore()), cast("Recall", None))
    page, _ = await read.backwards(US, CONVERSATION, None, limit)

    assert [message.seq for message in page.messages] == [4, 3, 2, 1][:limit]
    assert (page.next is not None) == (limit < len(log))
