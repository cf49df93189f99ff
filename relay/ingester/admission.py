"""Say whether a record may come from the region that relayed it: its author lives there, or its conversation is owned there, and it is no larger than any.

Pure. An origin decides only about what it holds, so what it says about anything else is put aside.
"""

from typing import Final, TypeAlias

from replication.consistency import object_to_ids
from replication.ids import (
    bucket_of,
    is_conversation_id,
    is_message_id,
    is_user_id,
    region_of,
)
from replication.limits import object_to_size
from replication.moderation import UserReported
from replication.records import (
    LOG_BODIES,
    ConversationAnswered,
    Journalable,
    MessageRead,
    MessageReceived,
    Outcome,
    Record,
    Refusal,
    Stream,
    Submission,
)

Admissible: TypeAlias = Journalable

RELAYED_BODIES: Final = (*LOG_BODIES, MessageReceived, MessageRead, ConversationAnswered)
"""What a home sends to a conversation's owner; accounts and devices concern the home alone."""


NEWEST_HOME_EPOCH: Final = 1
"""The newest home epoch that is known of anybody; until users move, the one that they were born with."""


def home_of(user_id: str) -> str:
    """Return where a user lives; until users move, that is where they were born."""
    return region_of(user_id)


def object_to_stream(stream: Stream, *, origin: str, here: str, partition: int) -> str | None:
    """Return why a stream cannot be what the topic's partition carries; None if it can."""
    if stream.origin != origin:
        return f"the stream begins in {stream.origin}, the topic in {origin}"
    if stream.destination != here:
        return f"the stream leads to {stream.destination}"
    if stream.partition != partition:
        return f"the stream belongs to partition {stream.partition}, it came by {partition}"
    return None


def object_to_record(record: Record, *, origin: str, here: str) -> str | None:
    """Return why the origin may not relay this record to here; None if it may."""
    if isinstance(record, Outcome):
        return "outcomes stay at home"
    if isinstance(record, Submission) and isinstance(record.body, UserReported):
        return _object_to_report(record, record.body, origin=origin, here=here)
    if not is_conversation_id(record.conversation_id):
        return "it names no conversation"
    owner = region_of(record.conversation_id)
    too_large = object_to_size(record)
    if too_large is not None:
        return too_large
    if isinstance(record, Refusal):
        return _object_to_refusal(record, here) if owner == origin else f"the conversation is owned by {owner}"
    if not isinstance(record, Submission):
        return object_to_ids(record) if owner == origin else f"the conversation is owned by {owner}"
    if not isinstance(record.body, RELAYED_BODIES):
        return "accounts and devices concern the home alone"
    if not is_user_id(record.author) or record.home != origin or home_of(record.author) != origin:
        return f"the author does not live in {origin}"
    return object_to_ids(record) if owner == here else f"the conversation is owned by {owner}"


def _object_to_refusal(refusal: Refusal, here: str) -> str | None:
    """Return why a refusal cannot be of a message that somebody here sent to its conversation; the projector knows which one."""
    identifier, conversation_id = refusal.message_id, refusal.conversation_id
    if not is_user_id(refusal.author) or home_of(refusal.author) != here:
        return f"its author does not live in {here}"
    if not is_message_id(identifier):
        return "it names no message"
    if (bucket_of(identifier), region_of(identifier)) != (bucket_of(conversation_id), region_of(conversation_id)):
        return "its message is of another conversation"
    return None


def _object_to_report(record: Submission, body: UserReported, *, origin: str, here: str) -> str | None:
    """Return why a report may not come: it is by somebody who lives there, of somebody who lives here."""
    if not is_user_id(record.author) or record.home != origin or home_of(record.author) != origin:
        return f"the author does not live in {origin}"
    if record.conversation_id or not is_user_id(body.user_id) or home_of(body.user_id) != here:
        return "it reports nobody who lives here"
    return object_to_size(record)
