"""What can stand in a group's log: for each body its rule and its effect. Whoever adds a body adds it here. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import astuple

from region.projector import channels, effects, friends, rules
from region.projector.alterations import repinned
from region.projector.cases import ImpossibleRecordError
from region.projector.homes import home_of
from region.projector.rules import Denial, Question, Ruling
from region.store.rows import Conversation, Member
from replication import groups as g
from replication.alterations import Alteration
from replication.channels import ChannelBody, ChannelChanged, ChannelCreated
from replication.friends import FRIEND_BODIES
from replication.ids import channel_id, group_id, is_blob_id, is_channel_id, is_group_id, is_user_id, region_of
from replication.pictures import NO_PICTURE, Picture, objection_to
from replication.records import Entry, LogBody, MessageSent


@dataclass(frozen=True, slots=True)
class Kind:
    """How one sort of body is judged, and what it changes.

    Attributes:
        rule: Whether it may happen; None for what nobody submits, since it follows from something else.
        effect: What it changes; returns whom it concerned.
    """

    rule: Callable[[Question, Any], Ruling] | None  # Any: each takes its own body
    effect: Callable[[Conversation, Entry, Any], list[Member]]  # Any: likewise


KINDS: Final[dict[type, Kind]] = {
    g.GroupCreated: Kind(rules.create, effects.created),
    g.GroupMessageSent: Kind(rules.post, effects.none),
    g.GroupChanged: Kind(rules.change, effects.changed),
    g.MemberAdded: Kind(rules.add, effects.added),
    g.MemberJoined: Kind(rules.join, effects.joined),
    g.MemberLeft: Kind(rules.leave, effects.left),
    g.MemberRemoved: Kind(rules.remove, effects.removed),
    g.MemberBanned: Kind(rules.ban, effects.banned),
    g.MemberUnbanned: Kind(rules.unban, effects.let_be),
    g.RoleChanged: Kind(rules.change_role, effects.role_changed),
    g.InviteMade: Kind(rules.invite, effects.invited),
    g.InviteEnded: Kind(rules.change, effects.invite_ended),
    g.JoinAsked: Kind(None, effects.asked),
    g.JoinDeclined: Kind(rules.decline, effects.let_be),
}


def decide(question: Question, body: g.GroupBody | ChannelBody) -> Ruling:
    """Return what is numbered, or why nothing is.

    Raises:
        ImpossibleRecordError: Nobody submits that.
    """
    kind = _kind(question.conversation, body)
    if kind.rule is None:
        raise ImpossibleRecordError(reason="nobody submits that: it follows from something else")
    if not question.conversation.head and not isinstance(body, g.GroupCreated | ChannelCreated):
        return Denial(rules.NOT_A_MEMBER)
    return kind.rule(question, body)


def take_effect(conversation: Conversation, entry: Entry) -> list[Member]:
    """Change a conversation's state as an entry says, which is its head by now; return whom it concerned."""
    if isinstance(entry.body, MessageSent | Alteration):
        repinned(conversation, entry)
        channels.showed(conversation, entry)
        return []
    if isinstance(entry.body, FRIEND_BODIES):
        return friends.take_effect(conversation, entry, entry.body)
    if conversation.is_channel:
        return channels.take_effect(conversation, entry)
    return KINDS[type(entry.body)].effect(conversation, entry, entry.body)


def newcomers_home(entry: Entry) -> str | None:
    """Return the region in which an entry makes somebody a member, if it does and the group is there already."""
    if isinstance(entry.body, g.MemberAdded):
        return entry.body.home
    return entry.home if isinstance(entry.body, g.MemberJoined) else None


def bystander(entry: Entry) -> str:
    """Return who is told of an entry, besides the members and its author; empty if nobody is."""
    return entry.body.user_id if isinstance(entry.body, g.JoinDeclined) else ""


def check(author: str, conversation_id: str, body: LogBody) -> None:
    """Refuse what can be in no group, whatever its state.

    Raises:
        ImpossibleRecordError: Ids that do not follow from each other, nobody's ids, texts that no store keeps.
    """
    if not is_user_id(author) or not (is_group_id(conversation_id) or is_channel_id(conversation_id)):
        raise ImpossibleRecordError(reason="its author is no user, or its conversation no group and no channel")
    if type(body) not in (channels.KINDS if is_channel_id(conversation_id) else KINDS):
        raise ImpossibleRecordError(reason="that does not happen in a conversation of this kind")
    _check_beginning(author, conversation_id, body)
    if isinstance(body, g.GroupCreated | g.GroupChanged | ChannelCreated | ChannelChanged) and (
        len(body.name or "") > g.LONGEST_NAME or len(body.description or "") > g.LONGEST_DESCRIPTION
    ):
        raise ImpossibleRecordError(reason="its name or its description is too long")
    if isinstance(body, g.GroupChanged | ChannelChanged) and body.acknowledgement not in {None, *g.ACKNOWLEDGEMENTS}:
        raise ImpossibleRecordError(reason="messages cannot be acknowledged so")
    if isinstance(picture := getattr(body, "picture", None), Picture):
        _check_picture(author, picture)
    if (concerned := getattr(body, "user_id", None)) is not None:
        _check_user(concerned)
    if isinstance(body, g.MemberAdded) and home_of(body.user_id) != body.home:
        raise ImpossibleRecordError(reason="who is added lives elsewhere")
    if any(isinstance(value, str) and "\0" in value for value in astuple(body)):
        raise ImpossibleRecordError(reason="it holds a NUL character, which no store keeps")


def _check_beginning(author: str, conversation_id: str, body: LogBody) -> None:
    if isinstance(body, ChannelCreated) and conversation_id != channel_id(author, body.client_message_id):
        raise ImpossibleRecordError(reason="the channel's id does not follow from what its author called it")
    if isinstance(body, g.GroupCreated):
        if conversation_id != group_id(author, body.client_message_id):
            raise ImpossibleRecordError(reason="the group's id does not follow from what its author called it")
        ids = [seat.user_id for seat in body.members]
        if len({author, *ids}) <= len(ids) or any(home_of(seat.user_id) != seat.home for seat in body.members):
            raise ImpossibleRecordError(reason="somebody is named twice, or lives elsewhere")
        for user_id in ids:
            _check_user(user_id)


def _kind(conversation: Conversation, body: g.GroupBody | ChannelBody) -> "Kind | channels.Kind":
    return channels.KINDS[type(body)] if conversation.is_channel else KINDS[type(body)]


def _check_picture(author: str, picture: Picture) -> None:
    if picture == NO_PICTURE:
        return
    if not is_blob_id(picture.blob_id) or region_of(picture.blob_id) != home_of(author):
        raise ImpossibleRecordError(reason="its picture is no blob of its author's home")
    if objection := objection_to(picture):
        raise ImpossibleRecordError(reason=f"its picture {objection}")


def _check_user(user_id: str) -> None:
    if not is_user_id(user_id):
        raise ImpossibleRecordError(reason="it concerns somebody whose id is none")
