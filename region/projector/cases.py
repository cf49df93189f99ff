"""One journal record, where it stands, and what must be loaded before it can be judged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from infra.errors import CausewayError
from region.store.reports import Key
from region.store.rows import Conversation
from replication.accounts import DeviceAdded, DeviceRefreshed, DeviceRevoked
from replication.alterations import ALTERATIONS
from replication.channels import ChannelMessageSent
from replication.charters import Charter
from replication.concealed import MessageConcealed
from replication.groups import GroupCreated, MemberAdded, MemberBanned
from replication.ids import is_channel_id
from replication.moderation import UserReported
from replication.poison.records import Kind, Poison
from replication.preferences import PreferencesChanged
from replication.records import (
    DIRECT_BODIES,
    LOG_BODIES,
    TEXTS,
    ConversationAnswered,
    Entry,
    Journalable,
    Mark,
    MessageRead,
    MessageReceived,
    Opening,
    Receipt,
    Refusal,
    Submission,
    Via,
)
from replication.topics import JOURNAL


class ImpossibleRecordError(CausewayError):
    """The record can be read but not applied: {reason}. It is put aside; nothing else is held up."""

    code = "impossible-record"
    definite = True


@dataclass(frozen=True, slots=True)
class Case:
    """One journal record to judge.

    Attributes:
        partition: The journal partition.
        offset: Its offset there.
        record: The record; None if it could not be read.
        via: The stream place that it came by; None if it was submitted here.
        value: Its bytes, for the case that it must be put aside.
        flaw: Why it is put aside unjudged; empty if it is judged.
        kind: What kind of poison it is then.
        key: The conversation or user by which it was journaled; empty if by none.
        revived: Whether it had been put aside before, so that the journal was read past it long ago.
        condemned: Whether it had been judged then, as one that cannot be applied: the author of a message was told so.
        overtaken: Whether what it sets was set anew since it was accepted, so that it is refused.
        trace: The `traceparent` that it came with, then the one by which what follows from it goes on; empty if it is not traced.
    """

    partition: int
    offset: int
    record: Journalable | None
    via: Via | None = None
    value: bytes | None = None
    flaw: str = ""
    kind: Kind = Kind.UNREADABLE
    key: str = ""
    revived: bool = False
    condemned: bool = False
    overtaken: bool = False
    trace: str = ""

    def as_poison(self, kind: Kind, reason: str) -> Poison:
        """Return what is kept of it when it is put aside; an entry above a gap is found again by conversation and seq."""
        if kind is Kind.HELD and isinstance(self.record, Entry):
            key, seq = self.record.conversation_id, self.record.seq
            return Poison(JOURNAL, self.partition, self.offset, kind, reason, self.value, key, seq)
        return Poison(JOURNAL, self.partition, self.offset, kind, reason, self.value, self.key)


@dataclass(slots=True)
class Needs:
    """What must be known before a batch can be judged.

    Attributes:
        conversations: Conversations, with their members.
        messages: Message ids that may be known already.
        users: Users at home here.
        devices: Users whose devices are concerned: all that are logged in.
        named: Devices that are concerned whether or not they are.
        asked: Users at home here who are asked whether somebody may begin to write to them.
        answered: Conversations that may be opened, and what waits for that decided.
        preferences: Users and conversations whose preferences are changed.
        concealed: Users and conversations of which something is concealed.
        seats: (channel, user) whose standing is concerned.
        reports: Who reports whom, and which message.
    """

    conversations: set[str] = field(default_factory=set)
    messages: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    preferences: set[tuple[str, str]] = field(default_factory=set)
    concealed: set[tuple[str, str]] = field(default_factory=set)
    seats: set[tuple[str, str]] = field(default_factory=set)
    reports: set[Key] = field(default_factory=set)


def needs_of(cases: Iterable[Case]) -> Needs:
    """Return what the cases name. Recipients of messages are not among them: see `recipients`."""
    needs = Needs()
    for case in cases:
        record = case.record
        if record is None:
            continue
        if type(record) is Submission:
            _submission_needs(needs, record, relayed=case.via is not None)
        elif isinstance(record, Refusal):
            needs.conversations.add(record.conversation_id)
            needs.messages.add(record.message_id)
        elif isinstance(record, Opening):
            needs.users.add(record.recipient)
            needs.asked.add(record.recipient)
            needs.conversations.add(record.conversation_id)
        elif isinstance(record, Entry | Mark | Charter | Receipt):
            needs.conversations.add(record.conversation_id)
            needs.seats |= _seats(record)
    return needs


def _seats(record: Entry | Mark | Charter | Receipt) -> set[tuple[str, str]]:
    """Return whose standing a record of a channel concerns."""
    if isinstance(record, Entry):
        return seats_of(record.conversation_id, record.author, record.body)
    if isinstance(record, Receipt):
        return seats_of(record.conversation_id, record.user_id, None)
    if isinstance(record, Charter):
        return {seat for one in record.members for seat in seats_of(record.conversation_id, one.user_id, None)}
    return set()


def _submission_needs(needs: Needs, submission: Submission, *, relayed: bool) -> None:
    body = submission.body
    if isinstance(body, LOG_BODIES):
        needs.conversations.add(submission.conversation_id)
        needs.messages.add(submission.id)
        _relation_needs(needs, submission)
        if isinstance(body, DIRECT_BODIES) and relayed:  # its author may be the one whose home was asked
            needs.answered.add(submission.conversation_id)
        needs.seats |= seats_of(submission.conversation_id, submission.author, body)
        if isinstance(body, GroupCreated):
            needs.users.update(seat.user_id for seat in body.members)
        elif isinstance(body, MemberAdded | MemberBanned):
            needs.users.add(body.user_id)
    elif isinstance(body, MessageReceived | MessageRead):
        needs.conversations.add(submission.conversation_id)
        needs.seats |= seats_of(submission.conversation_id, submission.author, None)
    elif isinstance(body, ConversationAnswered):
        needs.conversations.add(submission.conversation_id)
        needs.answered.add(submission.conversation_id)
    else:
        _own_needs(needs, submission)


def _own_needs(needs: Needs, submission: Submission) -> None:
    """Add what must be known to judge what is of no conversation's log."""
    body = submission.body
    if isinstance(body, PreferencesChanged):
        needs.preferences.add((submission.author, body.about))
    elif isinstance(body, MessageConcealed):
        needs.concealed.add((submission.author, body.about))
    elif isinstance(body, UserReported):
        needs.reports.add((submission.author, body.user_id, body.message_id))
    else:
        needs.users.add(submission.author)
        needs.devices.add(submission.author)
        if isinstance(body, DeviceAdded | DeviceRefreshed | DeviceRevoked):
            needs.named.add(body.device_id)


def _relation_needs(needs: Needs, submission: Submission) -> None:
    """Add the message that another one answers, or that something is done to; in a channel, where those stand whom it names."""
    body = submission.body
    if isinstance(body, ChannelMessageSent):
        needs.seats |= {(submission.conversation_id, one.user_id) for one in body.mentions}
    if isinstance(body, ALTERATIONS):
        needs.messages.add(body.target)
    elif isinstance(body, TEXTS) and body.answers is not None:
        needs.messages.add(body.answers.message_id)


def seats_of(conversation_id: str, author: str, body: object) -> set[tuple[str, str]]:
    """Return whose standing in a channel must be known to judge a body or to take it in."""
    if not is_channel_id(conversation_id):
        return set()
    named = getattr(body, "user_id", None)
    return {(conversation_id, user) for user in (author, named) if user}


def freed(cases: Iterable[Case], conversations: Mapping[str, Conversation]) -> list[Entry]:
    """Return the entries that are held above gaps which a batch may close: they are taken in with it, and need what it needs."""
    found: list[Entry] = []
    for conversation_id in {
        case.record.conversation_id for case in cases if isinstance(case.record, Entry | Charter)
    } & conversations.keys():
        found += conversations[conversation_id].held.values()
    return found


def recipients(cases: Iterable[Case], *, here: str, opened: Iterable[str]) -> set[str]:
    """Return the recipients at home here of messages that begin a conversation owned here.

    Args:
        cases: The batch.
        here: This region.
        opened: Conversations that were opened already; nobody asks for their recipients again.
    """
    begun = set(opened)
    suffix = f"-{here}"
    found: set[str] = set()
    for case in cases:
        record = case.record
        if type(record) is not Submission or type(record.body) not in DIRECT_BODIES or record.conversation_id in begun:
            continue
        recipient: str = record.body.recipient_id  # type: ignore[union-attr]  # mypy narrows by no tuple
        if recipient.endswith(suffix) and record.conversation_id.endswith(suffix):  # not judged yet: may be no ids
            found.add(recipient)
    return found


def read_marks(cases: Iterable[Case], *, here: str) -> list[tuple[str, str, int]]:
    """Return (conversation, reader, seq) of the read marks that readers at home here submit."""
    return [
        (case.record.conversation_id, case.record.author, case.record.body.seq)
        for case in cases
        if type(case.record) is Submission and type(case.record.body) is MessageRead and case.record.home == here
    ]
