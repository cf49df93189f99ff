"""Take in what owners elsewhere decided: entries, in order and without holes, states of conversations, and refusals. Pure."""

from typing import Final

from msgspec.structs import replace

from region.projector import restraints
from region.projector.aftermaths import alter, filled
from region.projector.cases import Case, ImpossibleRecordError
from region.projector.docket import Docket
from region.projector.homes import home_of, owner_of
from region.projector.marks import rise
from region.projector.messages import check, members_at_start
from region.projector.numbering import take_in, tell_late
from region.store.rows import FORMER, Conversation, Member, Pending
from replication import runs
from replication.alterations import MessageDeleted
from replication.channels import follows_of
from replication.charters import Charter, Membership
from replication.codec import encode_record
from replication.groups import ACKNOWLEDGEMENTS
from replication.ids import message_id
from replication.pictures import NO_PICTURE
from replication.poison.records import Kind
from replication.records import Entry, Receipt, Refusal, Via, recipient_of

MOST_HELD: Final = 1_000
"""How many entries of a conversation are held above a gap: they are read, and kept in memory, with the conversation."""
MOST_HELD_BYTES: Final = 4 * 1024 * 1024
"""How many bytes they have together, encoded: whatever it is that they say."""


def judge_entry(docket: Docket, case: Case, entry: Entry, via: Via | None) -> None:
    """Apply an entry if it is next, and with it those above that were held; hold it, or put it aside, if there is a gap; drop it if known.

    One that is missing here, since nobody was a member then, is kept and changes nothing: a gateway asked its owner for it.

    Raises:
        ImpossibleRecordError: It does not come from the conversation's owner, concerns nobody here, or contradicts itself.
    """
    _check_entry(docket, entry, via)
    conversation = docket.state.conversations.get(entry.conversation_id)
    if conversation is None:
        if via is None:
            raise ImpossibleRecordError(reason="a gateway asked for it, but the conversation is not here")
        members = members_at_start(entry.author, entry.body)
        conversation = docket.begin(entry.conversation_id, members, opened=True)
    stamped = filled(docket, replace(entry, hops=(*entry.hops, docket.hop)))
    if entry.seq <= conversation.head and runs.holds(conversation.missing, entry.seq):
        _fill(docket, case.partition, conversation, stamped, late=via is not None)
    elif entry.seq <= conversation.head or entry.seq in conversation.held or via is None:
        docket.count("duplicate")
    elif entry.seq > conversation.head + 1:
        _hold(docket, case, conversation, stamped)
    else:
        position = _apply(docket, case.partition, conversation, stamped)
        docket.writes.entries.append((stamped, position))
        _release(docket, case.partition, conversation)


def judge_charter(docket: Docket, case: Case, charter: Charter, via: Via) -> None:
    """Take over a conversation's state: somebody here becomes a member by the next entry. What was before is missing here.

    What was held of it is no longer: the state has its effect already, so it does what it does late.

    Raises:
        ImpossibleRecordError: It does not come from the conversation's owner, or says what no change may say.
    """
    _check_owner(charter.conversation_id, via)
    if charter.details.acknowledgement not in ACKNOWLEDGEMENTS:
        raise ImpossibleRecordError(reason="messages cannot be acknowledged so")
    conversation = docket.state.conversations.get(charter.conversation_id)
    if conversation is None:
        conversation = docket.begin(charter.conversation_id, (), opened=True)
    elif charter.seq < conversation.head:
        docket.count("duplicate")
        return
    top = (
        charter.details.channel.shown if charter.details.channel else charter.seq
    )  # nobody is shown what is above that
    conversation.missing = runs.joined((*conversation.missing, (conversation.head + 1, top)))
    overtaken = [conversation.held.pop(seq) for seq in sorted(conversation.held) if seq <= charter.seq]
    conversation.head, conversation.epoch = charter.seq, charter.epoch
    conversation.message_count = conversation.base_count = charter.count
    conversation.tail.clear()
    if conversation.details.picture != charter.details.picture:
        docket.writes.pictured[charter.conversation_id] = (charter.details.picture or NO_PICTURE).blob_id
    conversation.details, conversation.opened, conversation.updated_at = charter.details, True, docket.now
    for member in conversation.members.values():
        if member.active:
            member.role = FORMER
    for membership in charter.members:
        _seat(conversation, membership)
    for entry in overtaken:
        conversation.position = _take_late(docket, case.partition, conversation, entry)
        docket.writes.revealed[entry.conversation_id, entry.seq] = conversation.position
    docket.changed(conversation, conversation.position, *conversation.members.values())
    docket.count("charter")
    _release(docket, case.partition, conversation)


def judge_receipt(docket: Docket, case: Case, receipt: Receipt, via: Via) -> None:
    """Tell somebody here, who is no member, of an entry: that one's request was heard, say. It is not kept.

    Raises:
        ImpossibleRecordError: It does not come from the owner, contradicts itself, or who is told lives elsewhere.
    """
    _check_owner(receipt.conversation_id, via)
    entry = receipt.entry
    check(entry.author, entry.conversation_id, entry.message_id, entry.body)
    if home_of(receipt.user_id) != docket.here:
        raise ImpossibleRecordError(reason="who is told lives elsewhere")
    stamped = replace(receipt, entry=replace(entry, hops=(*entry.hops, docket.hop)))
    docket.put(case.partition, stamped, users=(receipt.user_id,) if _concerns(docket, receipt) else ())
    alter(docket, entry)
    if isinstance(entry.body, MessageDeleted) and entry.body.target_seq:
        _expect(docket, entry.conversation_id, entry.body.target_seq)
    if receipt.user_id == entry.author:
        _resolve(docket, entry.message_id)


def _expect(docket: Docket, conversation_id: str, seq: int) -> None:
    """Count a message that was deleted before it came, since it was lost on the way, as missing: when it comes, it is looked at what was made of it."""
    conversation = docket.state.conversations.get(conversation_id) or docket.begin(conversation_id, (), opened=True)
    if seq > conversation.head:
        conversation.missing = runs.joined((*conversation.missing, (seq, seq)))
        docket.changed(conversation, conversation.position)


def _concerns(docket: Docket, receipt: Receipt) -> bool:
    """Whether who is told may know: a channel's owner does not remember up to where somebody who left may see."""
    body, conversation = receipt.entry.body, docket.state.conversations.get(receipt.conversation_id)
    if conversation is None or not conversation.is_channel or not isinstance(body, MessageDeleted):
        return True
    member = conversation.members.get(receipt.user_id)
    return receipt.user_id == receipt.entry.author or member is None or member.may_see(body.target_seq)


def judge_refusal(docket: Docket, case: Case, refusal: Refusal, via: Via) -> None:
    """Keep a refusal by an owner elsewhere, and tell its author, who lives here.

    Raises:
        ImpossibleRecordError: It does not come from the owner, its author lives elsewhere, the message is of another
            conversation, or waits for nobody's decision: it has an entry, or was never sent from here.
    """
    _check_owner(refusal.conversation_id, via)
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
    escaped = isinstance(known, Pending) and restraints.escapes(known.submission.body)
    position = docket.put(case.partition, stamped, users=() if escaped else (refusal.author,))
    docket.writes.refusals[refusal.message_id] = (stamped, position)
    _resolve(docket, refusal.message_id)
    docket.state.known[refusal.message_id] = stamped
    docket.count("refused", refusal.code)
    conversation = docket.state.conversations.get(refusal.conversation_id)
    if conversation is not None:
        docket.changed(conversation, position)


def _check_entry(docket: Docket, entry: Entry, via: Via | None) -> None:
    if via is not None:
        _check_owner(entry.conversation_id, via)
    check(entry.author, entry.conversation_id, entry.message_id, entry.body)
    recipient = recipient_of(entry.body)
    ours = not recipient or docket.here in (home_of(entry.author), home_of(recipient))
    if entry.seq < 1 or not ours:
        raise ImpossibleRecordError(reason="nobody here may see it")


def _check_owner(conversation_id: str, via: Via) -> None:
    if owner_of(conversation_id) != via.stream.origin:
        raise ImpossibleRecordError(reason=f"it came from {via.stream.origin}, which does not own its conversation")


def _apply(docket: Docket, partition: int, conversation: Conversation, entry: Entry) -> int:
    conversation.opened = True
    if conversation.missing and conversation.missing[-1][1] >= entry.seq:  # its deletion came first
        conversation.missing = runs.without(conversation.missing, entry.seq, entry.seq)
    before = conversation.head
    position = take_in(docket, partition, conversation, entry)
    if home_of(entry.author) == docket.here:
        if entry.message_id not in docket.writes.pendings:
            docket.writes.claimed[entry.message_id] = entry  # it is pending since before, or its owner has made it up
        _resolve(docket, entry.message_id)
    for member in () if conversation.is_channel else conversation.members.values():
        if (
            member.received > before and member.joined <= before
        ):  # marks of the other region may come before an entry that was held up
            rise(docket, conversation, member, partition)
    return position


def _release(docket: Docket, partition: int, conversation: Conversation) -> None:
    """Apply what was held for what has come now."""
    while (freed := conversation.held.pop(conversation.head + 1, None)) is not None:
        position = _apply(docket, partition, conversation, filled(docket, freed))
        docket.writes.revealed[freed.conversation_id, freed.seq] = position


def _fill(docket: Docket, partition: int, conversation: Conversation, entry: Entry, *, late: bool) -> None:
    """Keep an entry that was missing; if it comes late by its stream, and was not asked for, those who may see it are told."""
    position = _take_late(docket, partition, conversation, entry, tell=late)
    docket.writes.entries.append((entry, position))
    docket.changed(conversation, position or conversation.position)
    docket.count("filled")


def _take_late(docket: Docket, partition: int, conversation: Conversation, entry: Entry, *, tell: bool = True) -> int:
    """Let an entry below the head, which was missing or held, have the effect that it still has; return its position, 0 if nobody is told."""
    follows = follows_of(entry.body)
    first = entry.seq if follows is None else follows + 1  # nobody is shown what is between a channel's posts
    conversation.missing = runs.without(conversation.missing, first, entry.seq)
    alter(docket, entry)
    docket.state.known[entry.message_id] = entry
    if entry.home == docket.here:
        _resolve(docket, entry.message_id)
    return tell_late(docket, partition, conversation, entry) if tell else 0


def _seat(conversation: Conversation, told: Membership) -> None:
    member = conversation.members.get(told.user_id)
    if member is None:
        member = conversation.members[told.user_id] = Member(told.user_id, told.home)
    member.home, member.role, member.joined = told.home, told.role, told.joined
    member.since, member.until, member.hidden = told.since, told.until, runs.read(told.hidden)
    member.received, member.read = max(member.received, told.received), max(member.read, told.read)
    member.sent = told.sent


def _hold(docket: Docket, case: Case, conversation: Conversation, entry: Entry) -> None:
    held = conversation.held
    if len(held) >= MOST_HELD or conversation.held_bytes() + len(encode_record(entry)) > MOST_HELD_BYTES:
        gap = f"{conversation.head + 1} to {min(held, default=entry.seq) - 1}"
        docket.put_aside(case, f"its conversation lacks {gap}; it is taken in by itself after that", Kind.HELD)
        return
    fresh = conversation.position == 0 and conversation.head == 0 and not held
    conversation.hold(entry)
    docket.writes.entries.append((entry, 0))
    docket.changed(conversation, conversation.position, *(conversation.members.values() if fresh else ()))
    docket.count("held")


def _resolve(docket: Docket, message_id: str) -> None:
    docket.writes.pendings.pop(message_id, None)
    docket.writes.resolved.add(message_id)
