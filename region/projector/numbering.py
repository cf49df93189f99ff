"""Give what happens the next number in its conversation, and take entries in, the same way at the owner and elsewhere. Pure."""

from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from region.projector import channels
from region.projector.aftermaths import alter
from region.projector.docket import Docket
from region.projector.homes import owner_of
from region.projector.kinds import bystander, newcomers_home, take_effect
from region.projector.restraints import escape, escapes, stop
from region.store.rows import FORMER, MEMBER, Conversation, Member, Pending
from replication import runs
from replication.alterations import ALTERATIONS, Alteration, MessageDeleted, MessagePinned, MessageUnpinned, blind
from replication.channels import ChannelChanged, ChannelCreated
from replication.charters import Charter, Membership
from replication.groups import RANKS, GroupChanged, GroupCreated
from replication.records import TEXTS, Entry, LogBody, Receipt, Submission

PICTURED: Final = (GroupCreated, GroupChanged, ChannelCreated, ChannelChanged)
"""What may say what stands for a conversation."""


@dataclass(frozen=True, slots=True)
class Hearers:
    """Who is told of an entry, and who is told only that there is one.

    Attributes:
        users: Users at home here who are told all of it.
        regions: Other regions that get all of it.
        blind_users: Users at home here who may not see what it is about.
        blind_regions: Other regions where nobody may.
    """

    users: list[str]
    regions: list[str]
    blind_users: list[str]
    blind_regions: list[str]


def number(
    docket: Docket,
    partition: int,
    submission: Submission,
    body: LogBody,
    conversation: Conversation,
    *,
    reply: bool,
) -> None:
    """Give a submission the next seq; its entry goes to the members here and to the regions of the others.

    Args:
        docket: The batch.
        partition: The journal partition of the conversation.
        submission: What was wanted.
        body: What is numbered of it.
        conversation: Owned here, and open.
        reply: Whether the gateway that waits, if one does, is told.
    """
    entry = Entry(
        conversation_id=conversation.conversation_id,
        seq=conversation.head + 1,
        epoch=docket.epoch,
        incarnation=docket.incarnation,
        count=conversation.message_count + isinstance(body, TEXTS),
        message_id=submission.id,
        author=submission.author,
        home=submission.home,
        content_hash=submission.content_hash,
        body=body,
        sent_at=docket.time_of(submission),
        hops=(*submission.hops, docket.hop),
    )
    reply_to = submission.reply_to if reply and submission.home == docket.here else ""
    position = take_in(docket, partition, conversation, entry, reply_to=reply_to, tell=True)
    docket.writes.entries.append((entry, position))


def take_in(
    docket: Docket, partition: int, conversation: Conversation, entry: Entry, *, reply_to: str = "", tell: bool = False
) -> int:
    """Make an entry the head of its conversation, with its effect; return its output position.

    Who was a member before it or is one after it is told, and so is its author: of a removal, and of being let in.

    Args:
        docket: The batch.
        partition: The journal partition of the conversation.
        conversation: The conversation, at the seq before.
        entry: The entry.
        reply_to: The gateway that waits for it; empty if none does.
        tell: Whether the regions of members elsewhere are told, as its owner does.
    """
    users, regions = audience(conversation, docket.here)
    first = conversation.head == 0
    if tell and not first and (gains := newcomers_home(entry)) not in {None, docket.here, *regions}:
        docket.put(partition, charter_of(conversation, str(gains)), to=(str(gains),))
    concerned = advance(docket, conversation, entry)
    stopped = stop(docket, conversation, entry)
    if stopped is not None:
        concerned.append(stopped)
    for leaving in escape(docket, conversation, entry) if not tell else ():
        _keep_for_owner(docket, partition, leaving)
    users_after, regions_after = audience(conversation, docket.here)
    heard = channels.listeners(entry, docket.here) if conversation.is_channel else (*users, *users_after)
    told = [user for user in dict.fromkeys(heard) if stopped is None or user != stopped.user_id]
    everywhere = list(dict.fromkeys((*regions, *regions_after)))
    besides = [(entry.author, entry.home), *_bystanders(conversation, entry)]
    for user_id, home in dict.fromkeys(besides) if not escapes(entry.body) else ():
        if home == docket.here and user_id not in told and conversation.conversation_id not in told:
            docket.put(partition, Receipt(entry=entry, user_id=user_id), users=(user_id,))
        elif tell and home not in {docket.here, *everywhere}:
            docket.put(partition, Receipt(entry=entry, user_id=user_id), to=(home,))
    to = everywhere if tell else []
    position = _put(docket, partition, conversation, entry, users=told, regions=to, reply_to=reply_to)
    if tell:
        _list(docket, conversation, entry)
    note_picture(docket, conversation, entry)
    alter(docket, entry)
    docket.changed(conversation, position, *(conversation.members.values() if first else concerned))
    docket.state.known[entry.message_id] = entry
    return position


def tell_late(docket: Docket, partition: int, conversation: Conversation, entry: Entry) -> int:
    """Put an entry out which is below the head here, and has its effect already, to those at home here who may see it; return its position."""
    told = [m.user_id for m in conversation.members.values() if m.home == docket.here and m.may_see(entry.seq)]
    if conversation.is_channel:
        told = list(channels.listeners(entry, docket.here))
    return _put(docket, partition, conversation, entry, users=told, regions=[])


def _put(
    docket: Docket,
    partition: int,
    conversation: Conversation,
    entry: Entry,
    *,
    users: list[str],
    regions: list[str],
    reply_to: str = "",
) -> int:
    """Put an entry out, blind to who may not see what it is about; return its position."""
    if isinstance(entry.body, ALTERATIONS) and entry.body.target_seq and not conversation.is_channel:
        hearers = _seeing(conversation, entry.body, users, regions)
        users, regions = hearers.users, hearers.regions
        if hearers.blind_users or hearers.blind_regions:
            blinded = replace(entry, body=blind(entry.body))
            docket.put(partition, blinded, users=tuple(hearers.blind_users), to=hearers.blind_regions)
    return docket.put(partition, entry, users=tuple(users), reply_to=reply_to, to=regions)


def _keep_for_owner(docket: Docket, partition: int, leaving: Submission) -> None:
    """Send what this home submits by itself to the owner, and keep it until that has answered: it may be lost on the way, or refused."""
    owner = owner_of(leaving.conversation_id)
    position = docket.put(partition, leaving, to=(owner,))
    pending = Pending(leaving, owner, position, docket.offset)
    docket.writes.pendings[leaving.id] = docket.state.known[leaving.id] = pending


def _list(docket: Docket, conversation: Conversation, entry: Entry) -> None:
    """Note that a channel owned here may be found by something else than before."""
    state = conversation.details.channel
    if isinstance(entry.body, ChannelCreated | ChannelChanged) or (state is not None and not state.subscribers):
        docket.writes.listed[conversation.conversation_id] = conversation


def note_picture(docket: Docket, conversation: Conversation, entry: Entry) -> None:
    """Note which blob stands for a conversation from now on, if an entry says so; in every region, so that it is kept where it is."""
    if isinstance(entry.body, PICTURED) and entry.body.picture is not None:
        docket.writes.pictured[conversation.conversation_id] = entry.body.picture.blob_id


def advance(docket: Docket, conversation: Conversation, entry: Entry) -> list[Member]:
    """Make an entry the head of its conversation's state; return whom it concerned."""
    conversation.head = entry.seq
    conversation.epoch = entry.epoch
    conversation.message_count = entry.count
    conversation.updated_at = docket.now
    counts = isinstance(entry.body, TEXTS)
    conversation.tail.append((entry.count, entry.author if counts else ""))
    concerned = take_effect(conversation, entry)
    if counts and (author := conversation.members.get(entry.author)) is not None:
        author.sent += 1
        concerned.append(author)
    return concerned


def audience(conversation: Conversation, here: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a conversation's members at home here, and the other regions that have a member, once each; of a channel, itself."""
    if conversation.is_channel:
        return channels.audience(conversation, here)
    users: list[str] = []
    regions: list[str] = []
    for member in conversation.members.values():
        if not member.active:
            continue
        if member.home == here and not member.since:
            continue  # whom somebody blocked has added, and who is about to leave
        if member.home == here:
            users.append(member.user_id)
        elif member.home not in regions:
            regions.append(member.home)
    return tuple(users), tuple(regions)


def charter_of(conversation: Conversation, destination: str) -> Charter:
    """Return a conversation's state for a region that gains its first member; of those who left, it is told of its own who may see something."""
    return Charter(
        conversation_id=conversation.conversation_id,
        epoch=conversation.epoch,
        seq=conversation.head,
        count=conversation.message_count,
        details=conversation.details,
        members=tuple(
            Membership(
                member.user_id,
                member.home,
                member.role,
                member.joined,
                member.since,
                member.until,
                runs.write(member.hidden),
                member.received,
                member.read,
                member.sent,
            )
            for member in conversation.members.values()
            if _is_told(conversation, member, destination)
        ),
    )


def _seeing(conversation: Conversation, body: Alteration, users: list[str], regions: list[str]) -> Hearers:
    """Return who is told of an entry about a message, and who only that there is an entry, since they may not see the message.

    A region gets no more either where nobody may see the message. Of who has left somebody may: such a region has the message, and who
    comes back with the history, or is let in, is to see it as it is by then.
    """
    seeing = [member for member in conversation.members.values() if member.may_see(body.target_seq)]
    names = {member.user_id for member in seeing}
    said = isinstance(
        body, MessageDeleted | MessagePinned | MessageUnpinned
    )  # it says nothing that a region may not know
    homes = {member.home for member in (conversation.members.values() if said else seeing)}
    return Hearers(
        [user for user in users if user in names],
        [region for region in regions if region in homes],
        [user for user in users if user not in names],
        [region for region in regions if region not in homes],
    )


def _is_told(conversation: Conversation, member: Member, destination: str) -> bool:
    """Whether a region that gains its first member is told where somebody stands: in a channel, only of its own, and of who runs it."""
    if conversation.is_channel:
        return member.home == destination or member.rank > RANKS[MEMBER]
    return member.role != FORMER or (member.home == destination and member.since > 0)


def _bystanders(conversation: Conversation, entry: Entry) -> list[tuple[str, str]]:
    body = entry.body
    if isinstance(body, MessageDeleted) and conversation.is_channel:
        return channels.bystanders(conversation)
    if isinstance(body, MessageDeleted) and body.target_seq:  # who has left may still see the message
        return [
            (member.user_id, member.home)
            for member in conversation.members.values()
            if not member.active and member.may_see(body.target_seq)
        ]
    user_id = bystander(entry)
    return [(user_id, conversation.members[user_id].home)] if user_id in conversation.members else []
