"""Take in what owners elsewhere decided: entries, in order and without holes, and refusals. Pure."""

from typing import Final

from msgspec.structs import replace

from region.projector.cases import Case, ImpossibleRecordError
from region.projector.docket import Docket
from region.projector.homes import home_of, owner_of
from region.projector.marks import rise
from region.projector.messages import advance, audience, check, members_of
from region.store.rows import Conversation
from replication.ids import message_id
from replication.records import Entry, Refusal, Via

MOST_HELD: Final = 1_000
"""How many entries of a conversation are held above a gap: they are read, and kept in memory, with the conversation."""
MOST_HELD_CHARACTERS: Final = 4 * 1024 * 1024
"""How much text they have together."""


def judge_entry(docket: Docket, case: Case, entry: Entry, via: Via) -> None:
    """Apply an entry if it is next, and with it those above that were held; hold it if there is a gap; drop it if known.

    Raises:
        ImpossibleRecordError: It does not come from the conversation's owner, concerns nobody here, contradicts itself, or is
            one too many above a gap.
    """
    if owner_of(entry.conversation_id) != via.stream.origin:
        raise ImpossibleRecordError(reason=f"it came from {via.stream.origin}, which does not own its conversation")
    check(entry.author, entry.conversation_id, entry.message_id, entry.body)
    if entry.seq < 1 or docket.here not in (home_of(entry.author), home_of(entry.body.recipient_id)):
        raise ImpossibleRecordError(reason="nobody here may see it")
    conversation = docket.state.conversations.get(entry.conversation_id)
    if conversation is None:
        conversation = docket.begin(entry.conversation_id, members_of(entry), opened=True)
    if entry.seq <= conversation.head or entry.seq in conversation.held:
        docket.count("duplicate")
        return
    stamped = replace(entry, hops=(*entry.hops, docket.hop))
    if entry.seq > conversation.head + 1:
        _hold(docket, conversation, stamped)
        return
    position = _apply(docket, case.partition, conversation, stamped)
    docket.writes.entries.append((stamped, position))
    while (freed := conversation.held.pop(conversation.head + 1, None)) is not None:
        position = _apply(docket, case.partition, conversation, freed)
        docket.writes.revealed[freed.conversation_id, freed.seq] = position


def judge_refusal(docket: Docket, case: Case, refusal: Refusal, via: Via) -> None:
    """Keep a refusal by an owner elsewhere, and tell its author, who lives here.

    Raises:
        ImpossibleRecordError: It does not come from the owner, its author lives elsewhere, the message is of another
            conversation, or waits for nobody's decision: it has an entry, or was never sent from here.
    """
    if owner_of(refusal.conversation_id) != via.stream.origin:
        raise ImpossibleRecordError(reason=f"it came from {via.stream.origin}, which does not own its conversation")
    if home_of(refusal.author) != docket.here:
        raise ImpossibleRecordError(reason="its author does not live here")
    if refusal.message_id != message_id(refusal.author, refusal.conversation_id, refusal.client_message_id):
        raise ImpossibleRecordError(reason="its id does not follow from what its sender called it")
    known = docket.state.known.get(refusal.message_id)
    if isinstance(known, Refusal):
        docket.count("duplicate")
        return
    if isinstance(known, Entry):
        raise ImpossibleRecordError(reason="the message has an entry")
    if known is None:
        # What is sent on is pending since before. Without this an owner could make refusals up, and they are kept for good.
        raise ImpossibleRecordError(reason="nobody here has sent such a message")
    stamped = replace(refusal, hops=(*refusal.hops, docket.hop))
    position = docket.put(case.partition, stamped, users=(refusal.author,))
    docket.writes.refusals[refusal.message_id] = (stamped, position)
    _resolve(docket, refusal.message_id)
    docket.state.known[refusal.message_id] = stamped
    docket.count("refused", refusal.code)
    conversation = docket.state.conversations.get(refusal.conversation_id)
    if conversation is not None:
        docket.changed(conversation, position)


def _apply(docket: Docket, partition: int, conversation: Conversation, entry: Entry) -> int:
    conversation.opened = True
    users, _ = audience(conversation, docket.here)
    position = docket.put(partition, entry, users=users)
    before = conversation.head
    advance(docket, conversation, entry, position)
    docket.state.known[entry.message_id] = entry
    if entry.home == docket.here:
        _resolve(docket, entry.message_id)
    for member in conversation.members.values():
        if member.received > before:  # marks of the other region may come before an entry that was held up
            rise(docket, conversation, member, partition)
    return position


def _hold(docket: Docket, conversation: Conversation, entry: Entry) -> None:
    held = conversation.held
    characters = sum(len(other.body.text) for other in held.values()) + len(entry.body.text)
    if len(held) >= MOST_HELD or characters > MOST_HELD_CHARACTERS:
        gap = f"{conversation.head + 1} to {min(held, default=entry.seq) - 1}"
        raise ImpossibleRecordError(
            reason=f"its conversation lacks {gap}, and no more is held above; replay it after that"
        )
    fresh = conversation.position == 0 and conversation.head == 0 and not held
    conversation.held[entry.seq] = entry
    docket.writes.entries.append((entry, 0))
    docket.changed(conversation, conversation.position, *(conversation.members.values() if fresh else ()))
    docket.count("held")


def _resolve(docket: Docket, message_id: str) -> None:
    docket.writes.pendings.pop(message_id, None)
    docket.writes.resolved.add(message_id)
