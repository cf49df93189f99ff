"""Judge what is to be numbered, a message as a rule: it is numbered, kept pending for its owner, refused, or answered as before. Pure."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from region.holding.errors import ISLANDED
from region.holding.kinds import kind_of
from region.projector import alterations, channels, friends, kinds, restraints, rules
from region.projector.aftermaths import target_of
from region.projector.cases import Case, ImpossibleRecordError
from region.projector.docket import Docket
from region.projector.homes import home_of, owner_of
from region.projector.numbering import audience, number
from region.projector.refusing import OVERTAKEN, RECIPIENT_UNKNOWN, refuse
from region.store.rows import Conversation, Known, Member, Pending
from replication import objections
from replication.alterations import ALTERATIONS, Alteration
from replication.attachments import MOST_ATTACHMENTS
from replication.channels import ChannelBody, ChannelChanged, ChannelMessageSent
from replication.friends import FriendBody
from replication.groups import RANKS, GroupBody, GroupMessageSent, RoleChanged
from replication.holding.deciding import Kind
from replication.ids import direct_conversation_id, is_blob_id, is_message_id, is_user_id, message_id, region_of
from replication.records import (
    DIRECT_BODIES,
    TEXTS,
    DirectBody,
    Entry,
    LogBody,
    MessageSent,
    Opening,
    Outcome,
    Receipt,
    Record,
    Refusal,
    Submission,
    Text,
    attachments_of,
    recipient_of,
    text_of,
)

ASK_AGAIN: Final = 60_000_000
"""After how many microseconds a message that finds its conversation still closed asks anew: the question may be lost."""


def judge_message(docket: Docket, case: Case, submission: Submission, body: LogBody) -> None:
    """Judge what is to be numbered, submitted here or relayed to its owner.

    Raises:
        ImpossibleRecordError: Its ids contradict each other, or this region has nothing to decide about it.
    """
    check(submission.author, submission.conversation_id, submission.id, body)
    owner = owner_of(submission.conversation_id)
    if case.via is not None and owner != docket.here:
        raise ImpossibleRecordError(reason=f"{owner} decides about it, not {docket.here}")
    known = docket.state.known.get(submission.id)
    if known is not None:
        _answer_again(docket, case, submission, known)
    elif code := _objection(docket, case, submission, body):
        refuse(docket, case.partition, submission, body, code, reply=True)
    elif not all(map(docket.has_region, (owner, home_of(recipient_of(body) or submission.author)))):
        code = RECIPIENT_UNKNOWN if recipient_of(body) else rules.NOT_A_MEMBER
        refuse(docket, case.partition, submission, body, code, reply=case.via is None)
    elif owner != docket.here:
        _keep_for_owner(docket, case, submission, owner)
    elif isinstance(body, MessageSent):
        _decide(docket, case, submission, body)
    elif isinstance(body, FriendBody):
        _decide_friendship(docket, case, submission, body)
    elif isinstance(body, ALTERATIONS):
        _decide_alteration(docket, case, submission, body)
    elif isinstance(body, GroupBody | ChannelBody):
        _decide_in_group(docket, case, submission, body)


def _objection(docket: Docket, case: Case, submission: Submission, body: LogBody) -> str:
    """Return why its author's home refuses it by itself, whoever owns the conversation; empty if it does not."""
    if case.via is not None:
        return ""
    if case.overtaken:
        return OVERTAKEN
    return restraints.objection(docket, submission.author, body) if isinstance(body, DIRECT_BODIES) else ""


def check(author: str, conversation_id: str, identifier: str, body: LogBody) -> None:
    """Refuse what cannot be: ids that do not follow from each other, a message to oneself, text that no store keeps.

    Raises:
        ImpossibleRecordError: One of these.
    """
    if isinstance(body, DIRECT_BODIES):
        _check_direct(author, conversation_id, body)
    elif isinstance(body, ALTERATIONS):
        alterations.check(author, conversation_id, body)
    else:
        kinds.check(author, conversation_id, body)
    if identifier != message_id(author, conversation_id, body.client_message_id):
        raise ImpossibleRecordError(reason="its id does not follow from what its sender called it")
    _check_attachments(author, [one.blob_id for one in attachments_of(body)])
    if isinstance(body, TEXTS):
        _check_relations(body)


def _check_attachments(author: str, blob_ids: Sequence[str]) -> None:
    if len(blob_ids) > MOST_ATTACHMENTS:
        raise ImpossibleRecordError(reason=f"it has more than {MOST_ATTACHMENTS} attachments")
    if len(set(blob_ids)) < len(blob_ids):
        raise ImpossibleRecordError(reason="an attachment stands there twice")
    if any(not is_blob_id(blob_id) or region_of(blob_id) != home_of(author) for blob_id in blob_ids):
        raise ImpossibleRecordError(reason="an attachment is no blob of its author's home")


def _check_relations(body: Text) -> None:
    alterations.check_mentions(body.mentions)
    if body.answers is not None and not is_message_id(body.answers.message_id):
        raise ImpossibleRecordError(reason="what it answers is no message")
    if body.forwarded and not is_user_id(body.forwarded):
        raise ImpossibleRecordError(reason="it is forwarded from nobody")


def _check_direct(author: str, conversation_id: str, body: DirectBody) -> None:
    if body.recipient_id == author:
        raise ImpossibleRecordError(reason="nobody writes to oneself")
    if not (is_user_id(body.recipient_id) and is_user_id(author)):
        raise ImpossibleRecordError(reason="its author or its recipient is no user id")
    if conversation_id != direct_conversation_id(author, body.recipient_id):
        raise ImpossibleRecordError(reason="its conversation is not that of its author and recipient")
    if "\0" in text_of(body) or "\0" in body.client_message_id:
        raise ImpossibleRecordError(reason="it holds a NUL character, which no store keeps")


def _decide_in_group(docket: Docket, case: Case, submission: Submission, body: GroupBody | ChannelBody) -> None:
    known = docket.state.conversations.get(submission.conversation_id)
    conversation = known or Conversation(submission.conversation_id, {}, opened=True)

    question = _question(docket, conversation, submission)
    ruling: LogBody | rules.Denial = kinds.decide(question, body)
    if isinstance(ruling, GroupMessageSent | ChannelMessageSent):
        ruling = alterations.complete(question, _answered(docket, conversation, ruling), ruling)
    if not isinstance(ruling, rules.Denial) and restraints.keeps_away(docket, submission.author, body):
        ruling = rules.Denial(restraints.NOT_ADDABLE)
    if kind_of(ruling, widens=_widens(conversation, ruling)) is Kind.PERMIT and not docket.permits():
        ruling = rules.Denial(ISLANDED)
    if isinstance(ruling, rules.Denial):
        refuse(docket, case.partition, submission, body, ruling.code, reply=case.via is None)
        return
    if known is None:
        conversation = docket.begin(submission.conversation_id, (), opened=True)
    number(docket, case.partition, submission, ruling, conversation, reply=case.via is None)


def _widens(conversation: Conversation, ruling: LogBody | rules.Denial) -> bool:
    """Whether a change gives somebody more than there was: a higher role, or a look into a channel that was closed."""
    if isinstance(ruling, ChannelChanged):
        return ruling.public is True and not channels.state_of(conversation).public
    if not isinstance(ruling, RoleChanged):
        return False
    member = conversation.members.get(ruling.user_id)
    return member is None or RANKS[ruling.role] > member.rank


def _decide_alteration(docket: Docket, case: Case, submission: Submission, body: Alteration) -> None:
    conversation = docket.state.conversations.get(submission.conversation_id)
    ruling: LogBody | rules.Denial = rules.Denial(objections.UNKNOWN)
    if conversation is not None and conversation.opened:
        question = _question(docket, conversation, submission)
        target = target_of(docket, conversation, body.target)
        ruling = alterations.decide(question, target, body, window=docket.edit_window)
    if conversation is None or isinstance(ruling, rules.Denial):
        code = ruling.code if isinstance(ruling, rules.Denial) else objections.UNKNOWN
        refuse(docket, case.partition, submission, body, code, reply=case.via is None)
        return
    number(docket, case.partition, submission, ruling, conversation, reply=case.via is None)


def _question(docket: Docket, conversation: Conversation, submission: Submission) -> rules.Question:
    def exists(user_id: str) -> bool:
        user, home = docket.state.users.get(user_id), home_of(user_id)
        return docket.has_region(home) and (home != docket.here or (user is not None and user.confirmed))

    return rules.Question(conversation, submission.author, docket.now, exists, docket.time_of(submission))


def _answered(docket: Docket, conversation: Conversation, body: Text) -> alterations.Target | None:
    return target_of(docket, conversation, body.answers.message_id) if body.answers is not None else None


def _decide_friendship(docket: Docket, case: Case, submission: Submission, body: FriendBody) -> None:
    """Friendship needs nobody's leave to be asked for: as with groups, the other must exist as far as can be told here."""
    known = docket.state.conversations.get(submission.conversation_id)
    members = members_at_start(submission.author, body)
    ruling = friends.decide(known or Conversation(submission.conversation_id, {}), submission.author, body)
    if home_of(body.recipient_id) == docket.here and known is None:
        recipient = docket.state.users.get(body.recipient_id)
        if recipient is None or not recipient.confirmed:
            ruling = rules.Denial(RECIPIENT_UNKNOWN)
    if isinstance(ruling, rules.Denial):
        refuse(docket, case.partition, submission, body, ruling.code, reply=case.via is None)
        return
    conversation = known or docket.begin(submission.conversation_id, members, opened=False)
    number(docket, case.partition, submission, ruling, conversation, reply=case.via is None)


def _decide(docket: Docket, case: Case, submission: Submission, body: MessageSent) -> None:
    conversation = docket.state.conversations.get(submission.conversation_id)
    if conversation is not None and conversation.opened:
        _number_direct(docket, case, submission, body, conversation)
        return
    if body.answers is not None:  # nothing was said yet that could be answered
        refuse(docket, case.partition, submission, body, objections.UNKNOWN, reply=case.via is None)
        return
    recipient_home = home_of(body.recipient_id)
    if recipient_home != docket.here:
        _keep_until_opened(docket, case, submission, body, recipient_home)
        return
    recipient = docket.state.users.get(body.recipient_id)
    if recipient is None or not recipient.confirmed:
        refuse(docket, case.partition, submission, body, RECIPIENT_UNKNOWN, reply=case.via is None)
        return
    if not restraints.may_begin(docket, recipient.user_id, friends=friends.are_friends(conversation)):
        refuse(docket, case.partition, submission, body, restraints.FRIENDS_ONLY, reply=case.via is None)
        return
    if conversation is None:
        conversation = docket.begin(submission.conversation_id, members_at_start(submission.author, body), opened=True)
    else:  # whom the owner's home was asking about has written by themselves
        open_up(docket, case.partition, conversation)
    number(docket, case.partition, submission, body, conversation, reply=case.via is None)


def _number_direct(
    docket: Docket, case: Case, submission: Submission, body: MessageSent, conversation: Conversation
) -> None:
    ruling: LogBody | rules.Denial = body
    if body.answers is not None or body.mentions:
        question = _question(docket, conversation, submission)
        ruling = alterations.complete(question, _answered(docket, conversation, body), body)
    if isinstance(ruling, rules.Denial):
        refuse(docket, case.partition, submission, body, ruling.code, reply=case.via is None)
        return
    number(docket, case.partition, submission, ruling, conversation, reply=case.via is None)


def open_up(docket: Docket, partition: int, conversation: Conversation) -> None:
    """Let a conversation begin: number what waited for that, in order."""
    conversation.opened = True
    for pending in docket.state.waiting.pop(conversation.conversation_id, []):
        message = settle_pending(docket, pending)
        assert isinstance(message.body, MessageSent)
        number(docket, partition, message, message.body, conversation, reply=False)
    docket.changed(conversation, conversation.position)


def settle_pending(docket: Docket, pending: Pending) -> Submission:
    """Take a pending out, since it is decided now; return its submission."""
    message = pending.submission
    docket.writes.pendings.pop(message.id, None)
    docket.writes.resolved.add(message.id)
    return message


def members_at_start(author: str, body: LogBody) -> tuple[Member, ...]:
    """Return the members that a conversation has before its first entry: the two of a 1:1 conversation."""
    recipient = recipient_of(body)
    if not recipient:
        return ()
    return Member(author, home_of(author)), Member(recipient, home_of(recipient))


def _keep_for_owner(docket: Docket, case: Case, submission: Submission, owner: str) -> None:
    conversation = docket.state.conversations.get(submission.conversation_id)
    if conversation is None and isinstance(submission.body, DirectBody | Alteration) and recipient_of(submission.body):
        members = members_at_start(submission.author, submission.body)
        conversation = docket.begin(submission.conversation_id, members, opened=False)
        conversation.updated_at = docket.now
    _keep(docket, case, submission, conversation, waits_for=owner, to=(owner,))


def _keep_until_opened(
    docket: Docket,
    case: Case,
    submission: Submission,
    body: MessageSent,
    recipient_home: str,
) -> None:
    conversation = docket.state.conversations.get(submission.conversation_id)
    asks = conversation is None or conversation.head > 0 or docket.now - conversation.updated_at >= ASK_AGAIN
    if conversation is None:
        conversation = docket.begin(submission.conversation_id, members_at_start(submission.author, body), opened=False)
    pending = _keep(docket, case, submission, conversation, waits_for=recipient_home)
    docket.state.waiting.setdefault(conversation.conversation_id, []).append(pending)
    if asks:
        conversation.updated_at = docket.now
        opening = Opening(
            conversation_id=conversation.conversation_id,
            author=submission.author,
            recipient=body.recipient_id,
            epoch=docket.epoch,
        )
        docket.put(case.partition, opening, to=(recipient_home,))


def _keep(
    docket: Docket,
    case: Case,
    submission: Submission,
    conversation: Conversation | None,
    *,
    waits_for: str,
    to: tuple[str, ...] = (),
) -> Pending:
    kept = replace(submission, hops=(*submission.hops, docket.hop))
    local = submission.home == docket.here
    position = docket.put(
        case.partition,
        kept,
        users=(submission.author,) if local else (),
        reply_to=submission.reply_to if local else "",
        to=to,
    )
    pending = Pending(kept, waits_for, position, case.offset)
    docket.writes.pendings[submission.id] = pending
    docket.state.known[submission.id] = pending
    if conversation is not None:
        fresh = not conversation.position
        docket.changed(conversation, position, *(conversation.members.values() if fresh else ()))
    docket.count("pending", waits_for)
    return pending


def _answer_again(docket: Docket, case: Case, submission: Submission, known: Known) -> None:
    docket.count("duplicate")
    outcome = known.submission if isinstance(known, Pending) else known
    record: Record = outcome
    if case.via is not None:
        if not isinstance(known, Pending):
            docket.put(case.partition, _told_again(docket, known), known=True, to=(submission.home,))
        return
    if outcome.content_hash != submission.content_hash:
        docket.count("refused", "content-conflict")
        detail = "This client message id was already used for other content. Use a new one for a new message."
        record = Outcome(id=submission.id, code="content-conflict", detail=detail, content_hash=submission.content_hash)
    users = () if submission.reply_to else (submission.author,)
    docket.put(case.partition, record, users=users, reply_to=submission.reply_to, known=True)


def _told_again(docket: Docket, known: Entry | Refusal) -> Entry | Receipt | Refusal:
    """Return what its author's home is told again: of an entry that is kept nowhere there, since nobody there may see it, a receipt."""
    conversation = docket.state.conversations.get(known.conversation_id)
    if isinstance(known, Refusal) or conversation is None:
        return known
    kept = any(member.home == known.home and member.may_see(known.seq) for member in conversation.members.values())
    if conversation.is_channel:  # not all of its members are in memory
        kept = kept or known.home in audience(conversation, docket.here)[1]
    return known if kept else Receipt(entry=known, user_id=known.author)
