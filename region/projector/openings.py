"""Ask a recipient's home whether a conversation may begin, and act on its answer. Pure."""

from region.projector.cases import Case, ImpossibleRecordError
from region.projector.docket import Docket
from region.projector.friends import are_friends
from region.projector.homes import home_of, owner_of
from region.projector.messages import open_up, settle_pending
from region.projector.refusing import RECIPIENT_UNKNOWN, refuse
from region.projector.restraints import FRIENDS_ONLY, may_begin
from replication.ids import content_hash, direct_conversation_id
from replication.records import ConversationAnswered, MessageSent, Opening, Submission, Via


def judge_opening(docket: Docket, case: Case, opening: Opening, via: Via) -> None:
    """Answer the owner of a conversation whether its recipient, at home here, exists and may be written to by that author.

    Raises:
        ImpossibleRecordError: The asker does not own the conversation, or the recipient lives elsewhere.
    """
    try:
        right = direct_conversation_id(opening.author, opening.recipient)
        home = home_of(opening.recipient)
    except ValueError as error:
        raise ImpossibleRecordError(reason="it names no users") from error
    if opening.conversation_id != right or owner_of(right) != via.stream.origin or home != docket.here:
        raise ImpossibleRecordError(reason="it does not come from the conversation's owner, or to the recipient's home")
    user = docket.state.users.get(opening.recipient)
    exists = user is not None and user.confirmed
    code = "" if exists else RECIPIENT_UNKNOWN
    friends = are_friends(docket.state.conversations.get(opening.conversation_id))
    if exists and not may_begin(docket, opening.recipient, friends=friends):
        code = FRIENDS_ONLY
    answer = Submission(
        id=f"o{content_hash(opening.conversation_id, str(opening.epoch)).hex()}",
        author=opening.recipient,
        home=docket.here,
        home_epoch=user.home_epoch if user is not None else 0,
        conversation_id=opening.conversation_id,
        body=ConversationAnswered(code),
        submitted_at=docket.now,
    )
    docket.put(case.partition, answer, to=(via.stream.origin,))


def judge_answer(docket: Docket, case: Case, submission: Submission, body: ConversationAnswered) -> None:
    """Number what waited for the answer, in order, or refuse each.

    Raises:
        ImpossibleRecordError: This region does not own the conversation, or another than its recipient answered.
    """
    conversation_id = submission.conversation_id
    if case.via is None or owner_of(conversation_id) != docket.here:
        raise ImpossibleRecordError(reason="an answer comes from a recipient's home to the conversation's owner")
    conversation = docket.state.conversations.get(conversation_id)
    if conversation is None or conversation.opened:
        docket.count("duplicate")
        return
    if submission.author not in conversation.members:
        raise ImpossibleRecordError(reason="who answered is no member")
    if not body.code:
        open_up(docket, case.partition, conversation)
        return
    for pending in docket.state.waiting.pop(conversation_id, []):
        message = settle_pending(docket, pending)
        assert isinstance(message.body, MessageSent)
        refuse(docket, case.partition, message, message.body, body.code, reply=False)
    if not conversation.head:  # friendship may have been asked for
        docket.remove(conversation)
