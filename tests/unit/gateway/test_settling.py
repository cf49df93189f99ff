"""What is answered over HTTP of something that another region decides: its word, if it comes within a moment."""

from typing import Any, cast

import psycopg
import pytest

from region.gateway import messages as module
from region.gateway.acknowledging import Acknowledging
from region.gateway.errors import RefusedError
from region.gateway.messages import Messages
from region.gateway.outcomes import Decided, Decision, Look
from region.gateway.patience import MOMENT, Patience
from region.holding.tenure import Tenure
from region.projector.rehearsal import deed
from replication import groups as g
from replication.ids import group_id
from replication.records import Entry, Refusal, Submission

ADA, EVA = "u" + "a" * 24 + "-us", "u" + "e" * 24 + "-eu"
POST = deed(ADA, group_id(EVA, "theirs"), g.GroupMessageSent("say", "hello"))


def numbered() -> Entry:
    """What its owner makes of it."""
    return Entry(
        conversation_id=POST.conversation_id, seq=7, epoch=1, incarnation=1, count=1, message_id=POST.id, author=ADA,
        home="us", content_hash=POST.content_hash, body=g.GroupMessageSent("say", "hello"), sent_at=POST.submitted_at,
    )  # fmt: skip


class Home:
    """Ada's region: it queues the post, and has its owner's word after so many looks."""

    def __init__(self, word: Decision | Exception | None, after: int = 0) -> None:
        """Say what comes, and when."""
        self.word, self.after, self.looks = word, after, 0

    def connection(self) -> object:
        """Be away for what is not about this."""
        raise psycopg.OperationalError

    async def submit(self, submission: Submission, _: Look) -> Decided:
        """Queue it."""
        return Decided(submission, known=False)

    async def look(self, _: Look) -> Decision | None:
        """Look what became of it."""
        self.looks += 1
        if isinstance(self.word, Exception):
            raise self.word
        return self.word if self.looks > self.after else POST


async def no_pause(_: float) -> None:
    """Wait for nothing."""


def messages(home: Home, monkeypatch: pytest.MonkeyPatch) -> Messages:
    """The gateway of that home."""
    monkeypatch.setattr(module, "Patience", lambda most: Patience(most, pause=no_pause))
    unused: Any = None
    return Messages(
        store=cast("Any", home),
        recipients=unused,
        clerk=unused,
        outcomes=cast("Any", home),
        marks=unused,
        pages=unused,
        composer=unused,
        tenure=Tenure("us"),
        acknowledging=Acknowledging(),
    )


async def test_the_answer_has_the_number_that_comes_within_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the third look."""
    home = Home(numbered(), after=2)
    sent = await messages(home, monkeypatch).submit(POST, "say")

    assert (sent.message.seq, sent.message.queued_for, sent.created, home.looks) == (7, None, True, 3)


async def test_the_answer_says_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not 201, for what is refused a moment later."""
    refusal = Refusal(
        message_id=POST.id, conversation_id=POST.conversation_id, author=ADA, code="not-a-member", detail="No.",
        content_hash=POST.content_hash, epoch=1, client_message_id="say",
    )  # fmt: skip

    with pytest.raises(RefusedError) as caught:
        await messages(Home(refusal), monkeypatch).submit(POST, "say")

    assert caught.value.problem()["code"] == "not-a-member"


async def test_what_does_not_come_is_queued_and_not_waited_for_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The region is cut off: one in a while waits for it."""
    home = Home(None, after=1_000_000)
    gateway = messages(home, monkeypatch)
    first, second = await gateway.submit(POST, "say"), await gateway.submit(POST, "say")

    assert [(sent.message.seq, sent.message.queued_for) for sent in (first, second)] == [(None, "eu")] * 2
    assert home.looks == len(MOMENT)


async def test_a_store_that_does_not_answer_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was queued is told as queued, after one look; and no region is taken for silent."""
    home = Home(TimeoutError())
    gateway = messages(home, monkeypatch)
    assert (await gateway.submit(POST, "say")).message.queued_for == "eu"
    assert home.looks == 1

    home.word = numbered()
    assert (await gateway.submit(POST, "say")).message.seq == 7
