"""What a projector keeps between batches: no more than a bound, whatever conversations hold above gaps."""

import pytest

from region.projector import memory
from region.projector.docket import Docket, State
from region.projector.memory import Memory
from region.projector.rehearsal import message
from region.store.rows import Conversation
from replication.records import Entry, MessageSent

ADA, ALICE = f"u{1:024x}-eu", f"u{2:024x}-us"


def holding(number: int, entries: int) -> Conversation:
    """A conversation that holds so many entries of about 2,000 bytes."""
    made = Conversation(f"d{number:024x}-eu", {}, head=0)
    for seq in range(2, 2 + entries):
        sent = message(ADA, ALICE, "x" * 2_000, name=str(seq))
        assert isinstance(sent.body, MessageSent)
        made.hold(
            Entry(
                conversation_id=made.conversation_id, seq=seq, epoch=1, incarnation=1, count=seq, message_id=sent.id,
                author=ADA, home="eu", content_hash=b"", body=sent.body, sent_at=1,
            )
        )  # fmt: skip
    return made


def keep(kept: Memory, *conversations: Conversation) -> None:
    """Let a batch have been about these."""
    state = State(conversations={one.conversation_id: one for one in conversations})
    kept.keep(Docket(here="us", incarnation=1, epoch=1, partitions=1, now=1, state=state, places={}), ())


def test_what_is_held_is_weighed_as_it_comes_and_goes() -> None:
    """Whoever takes some out need not say so."""
    one = holding(1, 3)
    assert one.held_bytes() == holding(1, 3).held_bytes() > 6_000

    del one.held[2], one.held[3]
    assert 2_000 < one.held_bytes() < 3_000
    one.held.clear()
    assert one.held_bytes() == 0


def test_conversations_that_hold_too_much_together_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest of them go, and are read anew; those that hold nothing stay, and so does what holds less by now."""
    kept = Memory(conversations=10, users=10)
    first, second, third, plain = holding(1, 2), holding(2, 2), holding(3, 1), holding(4, 0)
    monkeypatch.setattr(memory, "MOST_HELD_BYTES", first.held_bytes() + second.held_bytes())
    keep(kept, plain, first)
    keep(kept, second)
    assert set(kept.conversations) == {one.conversation_id for one in (plain, first, second)}

    keep(kept, third)
    assert set(kept.conversations) == {one.conversation_id for one in (plain, second, third)}

    second.held.clear()
    keep(kept, second, first)
    assert set(kept.conversations) == {one.conversation_id for one in (plain, first, second, third)}
    kept.forget_state()
    keep(kept, first)
    assert set(kept.conversations) == {first.conversation_id}
