"""Say how ids of a record do not follow from each other: what an ingester asks of relayed records, and a gateway of told history. Pure."""

from typing import cast

from replication.alterations import ALTERATIONS, Alteration
from replication.channels import CHANNEL_BODIES
from replication.groups import GROUP_BODIES
from replication.ids import direct_conversation_id, is_channel_id, is_group_id, is_user_id, message_id
from replication.records import DIRECT_BODIES, DirectBody, Entry, Opening, Record, Submission


def object_to_ids(record: Record) -> str | None:
    """Return how ids do not follow from each other: a conversation is its two members', so nobody can put words into another one."""
    if isinstance(record, Entry | Submission) and isinstance(record.body, ALTERATIONS) and not record.body.recipient_id:
        many = is_group_id(record.conversation_id) or is_channel_id(record.conversation_id)
        return None if many else "it names nobody, but its conversation is no group and no channel"
    if isinstance(record, Entry | Submission) and isinstance(record.body, (*GROUP_BODIES, *CHANNEL_BODIES)):
        shared = is_group_id(record.conversation_id) or is_channel_id(record.conversation_id)
        return None if shared else "its conversation is no group and no channel"
    if isinstance(record, Entry | Submission) and isinstance(record.body, (*DIRECT_BODIES, *ALTERATIONS)):
        author, other = record.author, cast("DirectBody | Alteration", record.body).recipient_id
    elif isinstance(record, Opening):
        author, other = record.author, record.recipient
    else:
        return None
    if not (is_user_id(author) and is_user_id(other)) or author == other:
        return "its author or its recipient is nobody"
    if record.conversation_id != direct_conversation_id(author, other):
        return "its conversation is not that of its author and recipient"
    return None


def object_to_name(entry: Entry) -> str | None:
    """Return that an entry's id does not follow from its author, its conversation and what its sender called it; None if it does."""
    if not is_user_id(entry.author):
        return "its author is nobody"
    follows = entry.message_id == message_id(entry.author, entry.conversation_id, entry.body.client_message_id)
    return None if follows else "its id does not follow from what its sender called it"
