"""What of a returned region's journal is handed in to who holds its duties now, and what of it was overtaken meanwhile. Pure.

All of it was accepted before the region was declared dead, or by somebody who had not heard of that; nobody who decides has seen it. It is submitted again by
its own ids: what is known by then has its outcome already, so nothing is decided twice. It comes later in the order than what was decided
meanwhile; where only the newest counts, what its author has decided meanwhile stays.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from msgspec.structs import replace

from replication.accounts import (
    AccountCreated,
    DeviceRefreshed,
    ProfileChanged,
    UserBlocked,
    UserUnblocked,
    WritersChosen,
)
from replication.alterations import MessageEdited, MessagePinned, MessageUnpinned, ReactionAdded, ReactionRemoved
from replication.channels import ChannelChanged
from replication.concealed import MessageConcealed
from replication.groups import (
    GroupChanged,
    MemberAdded,
    MemberBanned,
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    MemberUnbanned,
    RoleChanged,
)
from replication.ids import region_of
from replication.moderation import AccountRestored, AccountSuspended, ModeratorNamed
from replication.records import LOG_BODIES, Journaled, MessageRead, MessageReceived, Submission

Slot: TypeAlias = tuple[str, ...]
"""What only has a newest value: whose, and of what."""

_NOT_SET: Final = frozenset({"client_message_id", "follows"})
"""Fields of what has several settings that are none."""
_RESTRICTS: Final = (MemberRemoved, MemberBanned, MemberLeft)
"""What takes something away stays, whatever was decided since: of both the more restrictive counts."""
CHANGED: Final = "it was changed meanwhile"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a journal record.

    Attributes:
        submission: What is handed in; None for nothing.
        reason: Why not, or what of it is left out.
        overtaken: Whether it is handed in to be refused, so that its author hears of it, and it is known by its id.
    """

    submission: Submission | None = None
    reason: str = ""
    overtaken: bool = False


def slots_of(submission: Submission) -> frozenset[Slot]:
    """Return what a submission sets of which only the newest counts. What says itself what it replaces needs none: passwords, preferences."""
    body, author = submission.body, submission.author
    match body:
        case ProfileChanged():
            return frozenset(("profile", author, name) for name in _settings(body))
        case UserBlocked() | UserUnblocked():
            return frozenset({("block", author, body.user_id)})
        case DeviceRefreshed():  # an old one that comes late looks like a stolen token
            return frozenset({("session", author, body.device_id)})
        case WritersChosen():
            return frozenset({("writers", author)})
        case AccountSuspended() | AccountRestored():
            return frozenset({("suspension", author)})
        case ModeratorNamed():
            return frozenset({("moderator", author)})
        case _:
            return _slots_in_a_log(submission)


def _slots_in_a_log(submission: Submission) -> frozenset[Slot]:
    body, author, conversation = submission.body, submission.author, submission.conversation_id
    match body:
        case MessageEdited():
            return frozenset({("edit", author, body.target)})
        case ReactionAdded() | ReactionRemoved():
            return frozenset({("reaction", author, body.target, body.emoji)})
        case MessagePinned() | MessageUnpinned():
            return frozenset({("pin", conversation, body.target)})
        case GroupChanged() | ChannelChanged():
            return frozenset(("charter", conversation, name) for name in _settings(body))
        case RoleChanged():
            handed = {("role", conversation, author)} if body.hand_over else set[Slot]()
            return frozenset({("role", conversation, body.user_id), *handed})
        case MemberAdded() | MemberRemoved() | MemberBanned() | MemberUnbanned():
            return frozenset({("member", conversation, body.user_id)})
        case MemberJoined() | MemberLeft():
            return frozenset({("member", conversation, author)})
        case _:
            return frozenset()


def _settings(body: ProfileChanged | GroupChanged | ChannelChanged) -> tuple[str, ...]:
    """Return which settings a body sets."""
    return tuple(name for name in body.__struct_fields__ if name not in _NOT_SET and getattr(body, name) is not None)


def conversation_of(submission: Submission) -> str:
    """Return the conversation whose numbers a submission may name; empty if there is none."""
    return submission.body.about if isinstance(submission.body, MessageConcealed) else submission.conversation_id


def judge(journaled: Journaled, *, here: str, newer: Collection[Slot], stands: Mapping[str, int]) -> Verdict:
    """Judge one record.

    Args:
        journaled: As it stands in the returned region's journal.
        here: That region.
        newer: What was set meanwhile, where the duties are.
        stands: Conversation to the last seq of it that was numbered before the region was gone, and counts.
    """
    record = journaled.record
    if journaled.via is not None or not isinstance(record, Submission):
        return Verdict(reason="it came from another region, and comes from there again")
    record = replace(record, reply_to="")
    if isinstance(record.body, MessageRead | MessageReceived) and region_of(record.conversation_id) == here:
        seq = min(record.body.seq, stands.get(record.conversation_id, 0))
        if seq == 0:
            return Verdict(reason="it marks what is numbered anew")
        return Verdict(replace(record, body=replace(record.body, seq=seq)))
    if isinstance(record.body, MessageConcealed) and region_of(record.body.about) == here:
        if record.body.last > stands.get(record.body.about, 0):
            return Verdict(reason="it takes away what is numbered anew")
        return Verdict(record)
    overtaken = slots_of(record) & set(newer)
    if not overtaken or isinstance(record.body, _RESTRICTS):
        return Verdict(record)
    if overtaken < slots_of(record) and isinstance(record.body, ProfileChanged | GroupChanged | ChannelChanged):
        return Verdict(_only(record, slots_of(record) - overtaken), reason="part of it was changed meanwhile")
    if isinstance(record.body, LOG_BODIES):
        return Verdict(record, reason=f"{CHANGED}, and is refused", overtaken=True)
    return Verdict(reason=CHANGED)


def undone(submissions: Iterable[Submission], handed: Collection[str]) -> list[Submission]:
    """Return what was set meanwhile and then undone by what was handed in behind it, in order: submitted once more, it stands again.

    Args:
        submissions: Everything in the journal of who holds the duties, in the order of each partition.
        handed: The ids of what is handed in.
    """
    newest: dict[Slot, Submission] = {}
    lost: set[Slot] = set()
    for one in submissions:
        if isinstance(one.body, LOG_BODIES):
            continue  # by its id it is known, and would be decided no second time
        slots = slots_of(one)
        if one.id in handed:
            lost |= {slot for slot in slots if slot in newest}
        else:
            newest |= dict.fromkeys(slots, one)
            lost -= slots
    again: dict[int, tuple[Submission, set[Slot]]] = {}
    for slot, one in newest.items():
        if slot in lost and slot[0] != "session":  # a refreshed session that is told twice looks like a stolen token
            again.setdefault(id(one), (one, set()))[1].add(slot)
    return [_only(replace(one, reply_to=""), slots) for one, slots in again.values()]


def _only(submission: Submission, slots: Collection[Slot]) -> Submission:
    """Return what of a submission sets those; only a profile, and what a group or channel is like, have several."""
    body = submission.body
    if not isinstance(body, ProfileChanged | GroupChanged | ChannelChanged):
        return submission
    gone = dict.fromkeys((slot[-1] for slot in slots_of(submission) - set(slots)), None)
    return replace(submission, body=replace(body, **gone))


def must_have_outcome(submissions: Iterable[Submission]) -> list[str]:
    """Return the ids of those that end as an entry or a refusal, or wait for another region's."""
    return [one.id for one in submissions if isinstance(one.body, LOG_BODIES)]


def accounts_of(submissions: Iterable[Submission]) -> list[str]:
    """Return whose accounts are made by those."""
    return [one.author for one in submissions if isinstance(one.body, AccountCreated)]


def counted(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Return how many are handed in, and how many are not, by reason."""
    return dict(
        Counter("handed in" if one.submission is not None and not one.overtaken else one.reason for one in verdicts)
    )
