"""What a ledger records of what a region or the library shows."""

import msgspec

from chaos.judge import events as e
from chaos.judge.ledger import digest
from region.client import Message


def sighting(message: Message) -> e.Sighting:
    """Return what the ledger records of something that somebody saw with its number."""
    epoch, seq = message.epoch or 0, message.seq or 0
    if message.kind == "hidden":
        return e.Sighting(epoch, seq, "", "", None, "", message.from_seq or seq)
    change = change_of(message)
    content, aftermath = digest(message.text), None
    if change is None:
        aftermath = aftermath_of(message)
    elif change.alters:
        content = digest(f"{message.message_id} {change.kind} {change.target}")  # its text goes with its message
    else:
        content = digest(f"{message.message_id} {msgspec.json.encode((message.kind, message.change)).decode()}")
    return e.Sighting(
        epoch, seq, message.message_id, message.sender_id, content, message.status, message.from_seq or 0,
        change=change, aftermath=aftermath,
    )  # fmt: skip


def aftermath_of(message: Message) -> e.Aftermath | None:
    """Return what a message has come to; None if it is as it was sent. A message that has no text has lost it."""
    emptied = message.deleted or not (message.text or message.attachments)
    reacted = {user for one in message.reactions for user in one.user_ids}
    if not (emptied or message.edited or reacted):
        return None
    return e.Aftermath(message.edited or 0, emptied, tuple(sorted(reacted)))


def change_of(message: Message) -> e.Change | None:
    """Return what was done, as far as membership or a text follows from it; None of a message."""
    told = message.change
    if told is None:
        return None
    if message.kind in e.ALTERATIONS:
        text = digest(told.text) if message.kind == e.EDITED and told.text else ""
        return e.Change(message.kind, target=told.message_id, text=text)
    users = tuple(told.user_ids) or ((told.user_id,) if told.user_id else ())
    return e.Change(message.kind, users, told.role, told.hand_over, told.history)


def admits(message: Message, user: str) -> bool:
    """Whether that user belongs to a group or a channel from that entry on."""
    change = change_of(message)
    if change is None or change.kind not in {"group_created", "channel_created", "member_added", "member_joined"}:
        return False
    return user in (change.users or (message.sender_id,))


def dismisses(message: Message, user: str) -> bool:
    """Whether that user does not belong to a group or a channel any more, from that entry on."""
    change = change_of(message)
    if change is None or change.kind not in {"member_left", "member_removed", "member_banned"}:
        return False
    return user in (change.users or (message.sender_id,))
