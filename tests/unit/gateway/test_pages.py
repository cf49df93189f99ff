"""A page of history is read in several looks at the store, between which a queued message may be numbered."""

from collections.abc import Sequence
from typing import cast

import pytest

from infra.postgres import Connection
from region.gateway import messages, repository
from region.gateway.repository import Queued
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


@pytest.mark.parametrize("limit", [1, 2, 50])
async def test_a_message_that_is_numbered_between_two_looks_is_shown_once(
    monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """As numbered; what is older stays reachable by the cursor."""
    log = [entry(number) for number in (4, 3, 2, 1)]

    async def queued_in(connection: object, conversation_id: str, *, author: str, most: int) -> Sequence[Queued]:
        return [Queued(submission(4), "eu")][:most]

    async def entries_below(connection: object, conversation_id: str, *, seq: int, most: int) -> Sequence[Entry]:
        return [one for one in log if one.seq < seq][:most]

    async def members(connection: object, conversation_id: str) -> dict[str, object]:
        return {}

    monkeypatch.setattr(repository, "queued_in", queued_in)
    monkeypatch.setattr(repository, "entries_below", entries_below)
    monkeypatch.setattr(repository, "members", members)

    page, _ = await messages._backwards(cast("Connection", None), US, CONVERSATION, None, limit)  # noqa: SLF001 — what a first page is made by

    assert [message.seq for message in page.messages] == [4, 3, 2, 1][:limit]
    assert (page.next is not None) == (limit < len(log))
