"""What the store's tables hold, one class a row; a projector keeps some of them in memory and changes them in place."""

from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from replication.codec import decode_journaled, encode, encode_record
from replication.groups import NO_DETAILS, RANKS, Details, Role
from replication.preferences import PreferencesChanged
from replication.records import Entry, Journaled, Refusal, Submission
from replication.runs import MOST_HIDDEN, Runs, below, bounded, holds

KINDS: Final = {"d": "direct", "g": "group", "c": "channel"}
"""Of conversations, by the first letter of their ids."""


@dataclass(slots=True)
class Place:
    """How far one journal partition has been projected.

    Attributes:
        partition: The journal partition.
        next_offset: The next offset to read.
        position: The last output position given.
    """

    partition: int
    next_offset: int
    position: int


@dataclass(frozen=True, slots=True)
class RegionState:
    """Which incarnation of which region a store belongs to.

    Attributes:
        region: The region's name.
        incarnation: It rises when the region lost its Kafka or its store.
        epoch: In which the region decides.
        partitions: How many partitions the journal has.
    """

    region: str
    incarnation: int
    epoch: int
    partitions: int


@dataclass(slots=True)
class User:
    """A user who is at home here."""

    user_id: str
    handle: str
    display_name: str
    password_hash: str = field(repr=False)
    reservation: str = field(repr=False)
    home_epoch: int
    confirmed: bool
    created_at: int
    status_text: str = ""
    findable: bool = True
    picture: bytes = b""
    """Encoded; empty for none."""


@dataclass(slots=True)
class Device:
    """A device of a user who is at home here.

    `generation` is that of its current refresh token, given at `refreshed_at`; `repeated` the last one that was shown again, 0 for none.
    """

    user_id: str
    device_id: str
    name: str
    family: str
    generation: int
    created_at: int
    revoked_at: int | None = None
    refreshed_at: int = 0
    revoked_why: str = ""
    repeated: int = 0


@dataclass(slots=True)
class PreferencesRow:
    """What a user who is at home here wants of a conversation, as `replication.preferences` explains it.

    Attributes:
        version: How often it was changed; 0 for never.
        position: Output position, in the user's partition, at which it was told.
    """

    user_id: str
    conversation_id: str
    muted_until: int = 0
    archived: bool = False
    marked_unread: bool = False
    draft: str = ""
    version: int = 0
    position: int = 0
    pinned: bool = False

    def changed(self, body: PreferencesChanged) -> "PreferencesRow":
        """Return them with what a change names; the version stays."""
        return replace(
            self,
            muted_until=self.muted_until if body.muted_until is None else body.muted_until,
            archived=self.archived if body.archived is None else body.archived,
            marked_unread=self.marked_unread if body.marked_unread is None else body.marked_unread,
            draft=self.draft if body.draft is None else body.draft,
            pinned=self.pinned if body.pinned is None else body.pinned,
        )

    def as_told(self) -> PreferencesChanged:
        """Return what devices are told."""
        return PreferencesChanged(
            about=self.conversation_id,
            muted_until=self.muted_until,
            archived=self.archived,
            marked_unread=self.marked_unread,
            draft=self.draft,
            pinned=self.pinned,
            version=self.version,
        )


@dataclass(frozen=True, slots=True)
class Concealed:
    """What a user who is at home here has taken away from oneself in a conversation.

    Attributes:
        runs: Seqs, which only become more.
        position: Output position, in the user's partition, at which the last of it was told.
    """

    user_id: str
    conversation_id: str
    runs: Runs = ()
    position: int = 0


@dataclass(frozen=True, slots=True)
class Restraints:
    """Whom users who are at home here keep away.

    Attributes:
        blocked: (who, whom): what the second sends is stopped.
        reserved: Who lets none but friends begin to write.
    """

    blocked: frozenset[tuple[str, str]] = frozenset()
    reserved: frozenset[str] = frozenset()


MEMBER: Final = "member"
FORMER: Final = "former"
BANNED: Final = "banned"
ASKING: Final = "asking"


@dataclass(slots=True)
class Member:
    """Where somebody stands in a conversation, and the user's marks.

    Attributes:
        user_id: The user.
        home: The user's home region.
        received: The last seq that the user's devices have. It may exceed a head that lags; show it clamped.
        read: The last seq that the user has read; likewise.
        sent: How many messages up to the head are the user's, or were stopped, since the user blocks who sent them.
        read_count: The conversation's count of messages at `read`; kept for users at home here only.
        read_sent: How many of those are the user's; likewise.
        position: Output position at which the marks last rose.
        role: `owner`, `admin` or `member`; or, for who is no member, `former`, `banned` or `asking`.
        joined: The seq by which the user became a member last.
        since: The first seq that the user may see; 0 for none at all.
        until: The last seq that the user may see; 0 while there is no end.
        hidden: Runs between them that the user may not see, `MOST_HIDDEN` at most.
    """

    user_id: str
    home: str
    received: int = 0
    read: int = 0
    sent: int = 0
    read_count: int = 0
    read_sent: int = 0
    position: int = 0
    role: str = MEMBER
    joined: int = 0
    since: int = 1
    until: int = 0
    hidden: Runs = ()

    @property
    def active(self) -> bool:
        """Whether the user is a member now."""
        return self.role in RANKS

    @property
    def rank(self) -> int:
        """How much the user may do to others; 0 for who is no member."""
        return RANKS.get(self.role, 0)

    def may_see(self, seq: int) -> bool:
        """Whether the user may see that entry."""
        return 0 < self.since <= seq <= (self.until or seq) and not holds(self.hidden, seq)

    def up_to(self, seq: int) -> int:
        """Return the last seq up to that one which is not hidden."""
        return below(self.hidden, seq)

    def admit(self, seq: int, count: int, role: Role, *, history: bool) -> None:
        """Make the user a member by that seq, with nothing unread.

        Args:
            seq: Of the entry by which.
            count: The conversation's count of messages there.
            role: As what.
            history: Whether the user may see what was before.
        """
        if history:
            self.since, self.hidden = 1, ()
        elif not self.since:
            self.since, self.hidden = seq, ()
        elif self.until:
            away = ((self.until + 1, seq - 1),) if self.until + 1 < seq else ()
            self.hidden = bounded((*self.hidden, *away), MOST_HIDDEN)
        self.role, self.joined, self.until = role, seq, 0
        self.received, self.read = max(self.received, seq), max(self.read, seq)
        self.read_count, self.read_sent = count, self.sent

    def dismiss(self, seq: int, role: str) -> None:
        """Let the user be no member any more, by that seq, which the user still sees."""
        if self.active:
            self.until = seq
        self.role = role


@dataclass(slots=True)
class Conversation:
    """A conversation's state at its head.

    Attributes:
        conversation_id: The conversation.
        members: User id to where the user stands.
        head: The last seq up to which nothing is missing that was to come.
        epoch: That numbered the head.
        message_count: The running count of messages at the head.
        opened: Whether it may have entries; until then its owner waits for the recipient's home.
        position: Output position of its newest change.
        updated_at: When its newest message was applied here, microseconds since the epoch.
        details: What it is called, and how it is joined.
        missing: Runs up to the head that are not here, since nobody here was a member then; above it, messages that were deleted before they came.
        held: Entries above a gap, by seq; stored, not visible.
        tail: (count, author) of the newest entries, the head's last; how many are kept is the holder's choice. Only messages have an author there.
        base_count: The count just below the tail.
    """

    conversation_id: str
    members: dict[str, Member]
    head: int = 0
    epoch: int = 0
    message_count: int = 0
    opened: bool = False
    position: int = 0
    updated_at: int = 0
    details: Details = NO_DETAILS
    missing: Runs = ()
    held: dict[int, Entry] = field(default_factory=dict)
    tail: list[tuple[int, str]] = field(default_factory=list)
    base_count: int = 0
    weighed: tuple[int, int] = (0, 0)
    """How many held entries were weighed last, and their bytes."""

    @property
    def kind(self) -> str:
        """What sort of conversation it is: its id says."""
        return KINDS[self.conversation_id[0]]

    @property
    def is_channel(self) -> bool:
        """Whether it is one: then not all of its members are in memory, but its owners and posters are."""
        return self.conversation_id.startswith("c")

    def forget_subscribers(self) -> None:
        """Let go of a channel's members but those whom each batch needs."""
        self.members = {user_id: one for user_id, one in self.members.items() if one.rank > RANKS[MEMBER]}

    def active(self) -> list[Member]:
        """Return who is a member now."""
        return [member for member in self.members.values() if member.active]

    def held_bytes(self) -> int:
        """Return the bytes of what is held, encoded; weighed anew only when it is less than before."""
        if len(self.held) != self.weighed[0]:
            self.weighed = len(self.held), sum(len(encode_record(entry)) for entry in self.held.values())
        return self.weighed[1]

    def hold(self, entry: Entry) -> None:
        """Take an entry above a gap in."""
        size = self.held_bytes() + len(encode_record(entry))
        self.held[entry.seq] = entry
        self.weighed = len(self.held), size

    def trim(self, most: int) -> None:
        """Keep no more than that many entries' counts in the tail."""
        if (excess := len(self.tail) - most) > 0:
            self.base_count = self.tail[excess - 1][0]
            del self.tail[:excess]

    def counts_at(self, member: Member, seq: int) -> tuple[int, int] | None:
        """Return how many messages there are up to that seq, and how many of them are the member's or stopped; None if it is below the tail."""
        back = self.head - seq
        if back > len(self.tail):
            return None
        count = self.base_count if back == len(self.tail) else self.tail[-back - 1][0]
        above = enumerate(self.tail[len(self.tail) - back :], seq + 1)
        stopped = member.hidden if self.kind == "direct" else ()
        later = sum(author == member.user_id or (author != "" and holds(stopped, at)) for at, (_, author) in above)
        return count, member.sent - later


@dataclass(frozen=True, slots=True)
class Pending:
    """A submission that waits for its owner's decision.

    Attributes:
        submission: What was submitted.
        waits_for: The region that it waits for.
        position: Output position at which its author was told.
        ordinal: Its place among the pendings of its conversation.
    """

    submission: Submission
    waits_for: str
    position: int
    ordinal: int

    def encoded(self) -> bytes:
        """Return the submission's bytes as the store keeps them."""
        return encode(Journaled(record=self.submission))

    @classmethod
    def decoded(cls, record: bytes, waits_for: str, position: int, ordinal: int) -> "Pending":
        """Read what the store keeps.

        Raises:
            UndecodableRecordError: The stored bytes are damaged.
        """
        submission = decode_journaled(record).record
        if not isinstance(submission, Submission):
            raise TypeError(type(submission).__name__)
        return cls(submission, waits_for, position, ordinal)


Known: TypeAlias = Entry | Refusal | Pending
"""What became of a message id: numbered, refused, or waiting."""
