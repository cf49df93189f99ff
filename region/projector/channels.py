"""What may happen in a channel, and what it changes there: a group's rules and effects, with a count of subscribers instead of a list. Pure.

Of those who belong to a channel only the owners, the posters and whomever a batch names are in memory. So nothing here goes through
all of them, and the state says how many there are, and in which regions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from region.projector import effects, rules
from region.projector.rules import ADMIN, OWNER, Denial, Question, Ruling
from region.store.rows import Conversation, Member
from replication import channels as c
from replication import groups as g
from replication.alterations import ALTERATIONS
from replication.ids import region_of
from replication.records import Entry

CHANNEL_FULL: Final = "channel-full"
SLOW_MODE: Final = "slow-mode"
TOO_MANY_STAFF: Final = "too-many-posters"

DETAILS: Final = {
    CHANNEL_FULL: f"The channel has {c.MOST_SUBSCRIBERS:,} subscribers, which is the most. Somebody must leave first.",
    SLOW_MODE: "The channel is in slow mode, and your last post is too recent. Wait, and post anew.",
    TOO_MANY_STAFF: f"The channel has {c.MOST_STAFF} owners and posters, which is the most. Make one a subscriber first.",
}
"""What a refusal's author reads, by code."""

Effect = Callable[[Conversation, Entry, Any], list[Member]]  # Any: each takes its own body


@dataclass(frozen=True, slots=True)
class Kind:
    """How one sort of body is judged in a channel, and what it changes; see `kinds.Kind`.

    Attributes:
        rule: Whether it may happen.
        effect: What it changes; returns whom it concerned.
        gain: By how many the channel has more subscribers then.
    """

    rule: Callable[[Question, Any], Ruling]  # Any: each takes its own body
    effect: Effect
    gain: int = 0


def state_of(conversation: Conversation) -> c.ChannelState:
    """Return what only a channel has; of one that has not begun, nothing yet."""
    return conversation.details.channel or c.ChannelState()


def create(_: Question, body: c.ChannelCreated) -> Ruling:
    """Anybody may."""
    return body


def post(question: Question, body: c.ChannelMessageSent) -> Ruling:
    """Owners and posters may; posters no faster than slow mode lets them, by the clock of their own home alone."""
    if denied := question.objection(ADMIN):
        return denied
    state = state_of(question.conversation)
    last = next((pace.at for pace in state.paces if pace.user_id == question.author), None)
    if state.slow and last is not None and question.rank < OWNER and question.at - last < state.slow * 1_000_000:
        return Denial(SLOW_MODE)
    return replace(body, follows=state.shown)


def change(question: Question, body: c.ChannelChanged) -> Ruling:
    """Owners may."""
    return question.objection(OWNER) or replace(body, follows=state_of(question.conversation).shown)


def subscribe(question: Question, body: g.MemberJoined) -> Ruling:
    """Anybody may while the channel is public, else who has a good link; but who is banned may not."""
    if denied := rules.obstacle(question):
        return denied
    state = state_of(question.conversation)
    if not state.subscribers:
        return Denial(rules.NOBODY_LEFT)
    link = "" if state.public and not body.token else rules.good_link(question, body.token)
    if link is None:
        return Denial(rules.INVITE)
    if state.subscribers >= c.MOST_SUBSCRIBERS:
        return Denial(CHANNEL_FULL)
    return replace(body, token="", invite_id=link)


def leave(question: Question, body: g.MemberLeft) -> Ruling:
    """Subscribers may; the last owner only when nobody is left behind."""
    if denied := question.objection(1):
        return denied
    alone = state_of(question.conversation).subscribers == 1
    return Denial(rules.LAST_OWNER) if rules.is_last_owner(question, question.author) and not alone else body


def ban(question: Question, body: g.MemberBanned) -> Ruling:
    """Owners may, who is subscribed and no owner."""
    denied = question.objection(OWNER)
    if denied is None and question.member(body.user_id) is None:
        denied = Denial(rules.NO_SUCH_MEMBER)
    return denied or rules.ban(question, body)


def change_role(question: Question, body: g.RoleChanged) -> Ruling:
    """Owners may, while there is room among owners and posters; see `rules.change_role`."""
    ruling = rules.change_role(question, body)
    target = question.member(body.user_id)
    if isinstance(ruling, Denial) or target is None or target.rank >= ADMIN or body.role == "member":
        return ruling
    staff = sum(member.rank >= ADMIN for member in question.conversation.members.values())
    return Denial(TOO_MANY_STAFF) if staff >= c.MOST_STAFF else ruling


def by_owners(rule: Callable[[Question, Any], Ruling]) -> Callable[[Question, Any], Ruling]:  # Any: as in `Kind`
    """Return a rule of groups that, in a channel, asks for an owner."""
    return lambda question, body: question.objection(OWNER) or rule(question, body)


def created(conversation: Conversation, entry: Entry, body: c.ChannelCreated) -> list[Member]:
    """The channel begins, with its author as its owner."""
    begun = g.GroupCreated(body.client_message_id, body.name, body.description, picture=body.picture)
    concerned = effects.created(conversation, entry, begun)
    state = c.ChannelState(body.public, body.slow, 1, (c.Presence(entry.home, 1),), entry.seq)
    conversation.details = replace(conversation.details, channel=state)
    return concerned


def posted(conversation: Conversation, entry: Entry, _: c.ChannelMessageSent) -> list[Member]:
    """Subscribers are shown a post more; its author waits from now on, in slow mode."""
    state = state_of(conversation)
    staff = {user_id for user_id, member in conversation.members.items() if member.rank >= ADMIN}
    kept = tuple(pace for pace in state.paces if pace.user_id in staff and pace.user_id != entry.author)
    paces = (*kept, c.Pace(entry.author, entry.sent_at))
    conversation.details = replace(conversation.details, channel=replace(state, shown=entry.seq, paces=paces))
    return []


def changed(conversation: Conversation, entry: Entry, body: c.ChannelChanged) -> list[Member]:
    """Take over what is not None."""
    named = g.GroupChanged(
        body.client_message_id, body.name, body.description, picture=body.picture, acknowledgement=body.acknowledgement
    )
    effects.changed(conversation, entry, named)
    state = state_of(conversation)
    public = state.public if body.public is None else body.public
    slow = state.slow if body.slow is None else body.slow
    conversation.details = replace(
        conversation.details, channel=replace(state, public=public, slow=slow, shown=entry.seq)
    )
    return []


def role_changed(conversation: Conversation, entry: Entry, body: g.RoleChanged) -> list[Member]:
    """Somebody has another role; where only the owner's region and the own one knew of the subscriber, this one does from now on."""
    effects.whoever(conversation, body.user_id, region_of(body.user_id))
    return effects.role_changed(conversation, entry, body)


def showed(conversation: Conversation, entry: Entry) -> None:
    """Subscribers are shown what was done to a post."""
    state = conversation.details.channel
    if state is not None:
        conversation.details = replace(conversation.details, channel=replace(state, shown=entry.seq))


KINDS: Final[dict[type, Kind]] = {
    c.ChannelCreated: Kind(create, created),
    c.ChannelMessageSent: Kind(post, posted),
    c.ChannelChanged: Kind(change, changed),
    g.MemberJoined: Kind(subscribe, effects.joined, 1),
    g.MemberLeft: Kind(leave, effects.left, -1),
    g.MemberRemoved: Kind(by_owners(rules.remove), effects.removed, -1),
    g.MemberBanned: Kind(ban, effects.banned, -1),
    g.MemberUnbanned: Kind(by_owners(rules.unban), effects.let_be),
    g.RoleChanged: Kind(change_role, role_changed),
    g.InviteMade: Kind(by_owners(rules.invite), effects.invited),
    g.InviteEnded: Kind(by_owners(rules.change), effects.invite_ended),
}
"""What can stand in a channel's log."""


def take_effect(conversation: Conversation, entry: Entry) -> list[Member]:
    """Change a channel's state as an entry says; return whom it concerned. The count follows from the kind, as not all are in memory."""
    kind = KINDS[type(entry.body)]
    concerned = kind.effect(conversation, entry, entry.body)
    if kind.gain:
        _count(conversation, entry, kind.gain)
    return concerned


def home_of(entry: Entry) -> str:
    """Return where whom an entry concerns lives: its author, or who is named."""
    named = getattr(entry.body, "user_id", None)
    return entry.home if named is None else region_of(named)


def audience(conversation: Conversation, here: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the channel itself, in whose name its devices are told, and the other regions that have a subscriber."""
    regions = (presence.region for presence in state_of(conversation).regions)
    return (conversation.conversation_id,), tuple(region for region in regions if region != here)


def listeners(entry: Entry, here: str) -> tuple[str, ...]:
    """Return who at home here is told of an entry: the channel, of what is shown; else those whom it concerns, who are told of the beginning, too."""
    named: str | None = getattr(entry.body, "user_id", None)
    people = (user for user in (entry.author, named) if user is not None and region_of(user) == here)
    if isinstance(entry.body, c.ChannelCreated):
        return tuple(people)
    return (
        (entry.conversation_id,)
        if isinstance(entry.body, (*c.CHANNEL_BODIES, *ALTERATIONS))
        else tuple(dict.fromkeys(people))
    )


def bystanders(conversation: Conversation) -> list[tuple[str, str]]:
    """Return somebody who was subscribed, and the region, of each region where nobody is any more."""
    return [(past.user_id, past.region) for past in state_of(conversation).past]


def _count(conversation: Conversation, entry: Entry, gain: int) -> None:
    state, region = state_of(conversation), home_of(entry)
    past = tuple(one for one in state.past if one.region != region)
    counts = {presence.region: presence.subscribers for presence in state.regions}
    counts[region] = counts.get(region, 0) + gain
    regions = tuple(c.Presence(name, count) for name, count in sorted(counts.items()) if count > 0)
    if not counts[region]:
        past = (*past, c.Past(region, getattr(entry.body, "user_id", entry.author)))
    channel = replace(state, subscribers=state.subscribers + gain, regions=regions, past=past)
    conversation.details = replace(conversation.details, channel=channel)
