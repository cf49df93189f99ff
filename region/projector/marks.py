"""Received and read marks: merged by maximum, and put out once a batch with their final values. Pure."""

from msgspec.structs import replace

from region.projector.cases import Case, ImpossibleRecordError
from region.projector.docket import Docket, Risen
from region.projector.homes import owner_of
from region.projector.numbering import audience
from region.store.rows import Conversation, Member
from replication.records import Mark, MessageRead, MessageReceived, Submission, Via


def judge_mark(docket: Docket, case: Case, submission: Submission, body: MessageReceived | MessageRead) -> None:
    """Raise the author's marks, never above the head; read implies received.

    Raises:
        ImpossibleRecordError: It was relayed here, but this region does not own the conversation.
    """
    if case.via is not None and owner_of(submission.conversation_id) != docket.here:
        raise ImpossibleRecordError(reason="marks are relayed to the conversation's owner only")
    conversation = docket.state.conversations.get(submission.conversation_id)
    member = None if conversation is None else conversation.members.get(submission.author)
    if conversation is None or member is None or not member.active:
        docket.count("dropped", "not-a-member")
        docket.answer(case, submission, "not-found", "There is no such conversation, or it is not yours to see.")
        return
    if conversation.is_channel and isinstance(body, MessageReceived):
        docket.answer(case, submission)  # nobody is told who has received a post
        return
    seq = marked(conversation, member, body.seq)
    if isinstance(body, MessageRead) and seq > member.read:
        _read_up_to(docket, conversation, member, seq)
        rise(docket, conversation, member, case.partition).read = submission
    if seq > member.received:
        member.received = seq
        rise(docket, conversation, member, case.partition).received = submission
    docket.answer(case, submission)


def marked(conversation: Conversation, member: Member, seq: int) -> int:
    """Return up to where a mark counts: to the head, and in a 1:1 conversation not to what was stopped, which stays unread."""
    top = min(seq, conversation.head)
    return member.up_to(top) if conversation.kind == "direct" else top


def merge_mark(docket: Docket, case: Case, mark: Mark, via: Via) -> None:
    """Take over the marks of a member elsewhere, as the conversation's owner tells them.

    They may be above the head here when an entry is held up. They are kept as they are, and shown up to the head, so that
    they need not be told again when it has risen.

    Raises:
        ImpossibleRecordError: It does not come from the conversation's owner.
    """
    if owner_of(mark.conversation_id) != via.stream.origin:
        raise ImpossibleRecordError(reason=f"it came from {via.stream.origin}, which does not own its conversation")
    conversation = docket.state.conversations.get(mark.conversation_id)
    member = None if conversation is None else conversation.members.get(mark.user_id)
    if conversation is None or member is None or member.home == docket.here:
        docket.count("dropped", "not-a-member")
        return
    if mark.received <= member.received and mark.read <= member.read:
        return
    member.received = max(member.received, mark.received, mark.read)
    member.read = max(member.read, mark.read)
    rise(docket, conversation, member, case.partition)


def rise(docket: Docket, conversation: Conversation, member: Member, partition: int) -> Risen:
    """Note that a member's marks, as they can be seen here, may have risen; they are told at the end of the batch."""
    key = conversation.conversation_id, member.user_id
    risen = docket.risen.get(key)
    if risen is None:
        risen = docket.risen[key] = Risen(conversation, member, partition)
    return risen


def put_risen(docket: Docket) -> None:
    """Tell members here, and relay, what rose in this batch."""
    for risen in docket.risen.values():
        _put(docket, risen)


def _put(docket: Docket, risen: Risen) -> None:
    conversation, member = risen.conversation, risen.member
    owned = owner_of(conversation.conversation_id) == docket.here
    users, regions = audience(conversation, docket.here)
    if conversation.is_channel:
        users, regions = (member.user_id,), ()  # marks in channels are their readers' alone
    others = set(regions) - {member.home} if owned else set()
    mark = Mark(
        conversation_id=conversation.conversation_id,
        user_id=member.user_id,
        received=min(member.received, conversation.head),
        read=min(member.read, conversation.head),
        epoch=conversation.epoch,
    )
    member.position = docket.put(risen.partition, mark, users=users, to=sorted(others))
    if conversation.is_channel:
        docket.stands(conversation, member)
        return
    docket.changed(conversation, member.position, member)
    if not owned and member.home == docket.here:
        _relay_submissions(docket, risen)


def _relay_submissions(docket: Docket, risen: Risen) -> None:
    member, to = risen.member, (owner_of(risen.conversation.conversation_id),)
    if risen.received is not None and member.received > member.read:
        body: MessageReceived | MessageRead = MessageReceived(risen.conversation.epoch, member.received)
        docket.put(risen.partition, _final(docket, risen.received, body), to=to)
    if risen.read is not None:
        body = MessageRead(risen.conversation.epoch, member.read)
        docket.put(risen.partition, _final(docket, risen.read, body), to=to)


def _final(docket: Docket, submission: Submission, body: MessageReceived | MessageRead) -> Submission:
    return replace(submission, body=body, reply_to="", hops=(*submission.hops, docket.hop))


def _read_up_to(docket: Docket, conversation: Conversation, member: Member, seq: int) -> None:
    member.read = seq
    if member.home != docket.here:
        return  # unread is counted for members here only
    found = conversation.counts_at(member, seq)
    if found is None:
        found = docket.state.counts[conversation.conversation_id, member.user_id, seq]
    member.read_count, member.read_sent = found
