"""What entries about messages make of these: the same in every region, in whatever order they become known. Pure."""

from collections.abc import Iterable

from msgspec.structs import replace

from region.projector.alterations import Target
from region.projector.cases import Case
from region.projector.docket import Docket, State
from region.store.rows import Conversation
from replication import runs
from replication.alterations import (
    ALTERATIONS,
    NOTHING,
    Aftermath,
    MessageEdited,
    MessagePinned,
    MessageUnpinned,
    altered,
    hushed,
    merged,
)
from replication.channels import ChannelMessageSent
from replication.codec import encode_body
from replication.records import TEXTS, Entry, Receipt, Submission, emptied, recipient_of

Key = tuple[str, int]
"""Conversation and seq of a message."""


def wanted(cases: Iterable[Case], state: State) -> set[Key]:
    """Return of which messages it must be known what was made of them, to judge a batch; `state` knows the rest already."""
    keys: set[Key] = set()
    for case in cases:
        record = case.record.entry if isinstance(case.record, Receipt) else case.record
        if isinstance(record, Submission) and isinstance(record.body, ALTERATIONS):
            target = state.known.get(record.body.target)
            if isinstance(target, Entry):
                keys.add((target.conversation_id, target.seq))
        elif isinstance(record, Entry):
            keys |= _of_entry(record)
            conversation = state.conversations.get(record.conversation_id)
            if conversation is not None and runs.holds(conversation.missing, record.seq):
                keys.add((record.conversation_id, record.seq))
    for conversation in state.conversations.values():
        for held in conversation.held.values():
            keys |= _of_entry(held)
            if runs.holds(conversation.missing, held.seq):
                keys.add((held.conversation_id, held.seq))
    return keys


def target_of(docket: Docket, conversation: Conversation, message_id: str) -> Target | None:
    """Return a message of that conversation, and what was made of it."""
    entry = docket.state.known.get(message_id)
    if not isinstance(entry, Entry) or entry.conversation_id != conversation.conversation_id:
        return None
    if entry.seq > conversation.head:
        return None
    return Target(entry, docket.state.aftermaths.get((entry.conversation_id, entry.seq), NOTHING))


def alter(docket: Docket, entry: Entry) -> None:
    """Let an entry take effect on the message that it is about, if it is about one and says which."""
    body = entry.body
    if isinstance(body, ALTERATIONS) and body.target_seq and not isinstance(body, MessagePinned | MessageUnpinned):
        news = altered(NOTHING, body, entry.author, entry.seq)
        _learn(docket, (entry.conversation_id, body.target_seq), news, recipient_of(body))


def filled(docket: Docket, entry: Entry) -> Entry:
    """Take in what the owner said was made of an entry that was missing here; return it as it is kept: without what was deleted."""
    key = entry.conversation_id, entry.seq
    if entry.aftermath != NOTHING:
        _learn(docket, key, entry.aftermath, recipient_of(entry.body))
    kept = replace(entry, aftermath=NOTHING)
    body = entry.body
    if isinstance(body, MessageEdited) and body.target_seq and _is_deleted(docket, (key[0], body.target_seq)):
        return replace(kept, body=replace(body, text="", mentions=()))
    if isinstance(body, TEXTS) and _is_deleted(docket, key):
        return replace(kept, body=emptied(body))
    return kept


def _learn(docket: Docket, key: Key, news: Aftermath, recipient_id: str) -> None:
    conversation_id, seq = key
    aftermath = merged(docket.state.aftermaths.get(key, NOTHING), news)
    docket.state.aftermaths[key] = docket.writes.aftermaths[key] = aftermath
    if not aftermath.deleted:
        return
    docket.writes.redacted[key] = encode_body(post_left(aftermath.follows)) if aftermath.follows else b""
    for edit in aftermath.edits:
        body = hushed(edit, aftermath.message_id, recipient_id, seq)
        docket.writes.redacted[conversation_id, edit.seq] = encode_body(body)
    known = docket.state.known.get(aftermath.message_id)
    if isinstance(known, Entry) and isinstance(known.body, TEXTS):  # whoever repeats it is not told what it said
        docket.state.known[known.message_id] = replace(known, body=emptied(known.body))


def post_left(follows: int) -> ChannelMessageSent:
    """Return what is kept of a channel's post that was deleted, beside the columns of its entry: what it follows."""
    return ChannelMessageSent("", "", follows=follows)


def _is_deleted(docket: Docket, key: Key) -> bool:
    return docket.state.aftermaths.get(key, NOTHING).deleted > 0


def _of_entry(entry: Entry) -> set[Key]:
    body = entry.body
    return {(entry.conversation_id, body.target_seq)} if isinstance(body, ALTERATIONS) and body.target_seq else set()
