"""What one batch changes in the store; a judge fills it, `repository.committing` writes it."""

from dataclasses import dataclass, field

from region.store.rows import Concealed, Conversation, Device, Member, Pending, Place, PreferencesRow, User
from replication.alterations import Aftermath
from replication.moderation import ModerationBody
from replication.outputs import Batch, RelayRow
from replication.poison.records import Poison
from replication.records import Entry, Refusal, Submission, attachments_of


@dataclass(slots=True)
class Move:
    """How far a batch takes one journal partition.

    Attributes:
        before: Where the projector believes it to be.
        next_offset: The next offset to read afterwards.
        position: The last output position afterwards.
    """

    before: Place
    next_offset: int
    position: int


@dataclass(slots=True)
class Writes:
    """What one batch changes.

    Attributes:
        entries: New entries, each with the position at which it became visible; 0 while it is held.
        revealed: Held entries that became visible: (conversation, seq) to position.
        conversations: Conversations that changed.
        members: Members that changed, by conversation and user.
        removed: Conversations that were never opened and go.
        pendings: New pendings, by message id.
        resolved: Message ids of pendings that were decided.
        claimed: Entries of owners elsewhere by authors who live here, by message id; each has a pending, or is made up.
        refusals: New refusals, by message id, each with its position.
        users: Users that changed.
        renamed: Those of them who are found by something else than before, or not any more.
        devices: Devices that changed.
        preferences: Preferences that changed, by user and conversation.
        concealed: What grew of what users have taken away from themselves, by user and conversation.
        blocks: (who, whom) to whether it is blocked now.
        writers: User to who may begin to write now.
        listed: Channels owned here that are found by something else than before, or not any more.
        pictured: User or conversation to the blob that stands for it now; empty for none any more.
        moderation: Reports, and what moderators decided, in order.
        poison: Records that were put aside.
        replayed: Records that had been, and are taken in by this batch.
        aftermaths: What was made of messages, by conversation and seq.
        redacted: What is left of the bodies of entries that were deleted, encoded; empty if the other columns say it.
        outputs: The batches of outputs, one a partition.
        relay_rows: What goes to other regions.
    """

    entries: list[tuple[Entry, int]] = field(default_factory=list)
    revealed: dict[tuple[str, int], int] = field(default_factory=dict)
    conversations: dict[str, Conversation] = field(default_factory=dict)
    members: dict[tuple[str, str], Member] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    pendings: dict[str, Pending] = field(default_factory=dict)
    resolved: set[str] = field(default_factory=set)
    claimed: dict[str, Entry] = field(default_factory=dict)
    refusals: dict[str, tuple[Refusal, int]] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    renamed: set[str] = field(default_factory=set)
    devices: dict[tuple[str, str], Device] = field(default_factory=dict)
    preferences: dict[tuple[str, str], PreferencesRow] = field(default_factory=dict)
    concealed: dict[tuple[str, str], Concealed] = field(default_factory=dict)
    blocks: dict[tuple[str, str], bool] = field(default_factory=dict)
    writers: dict[str, str] = field(default_factory=dict)
    listed: dict[str, Conversation] = field(default_factory=dict)
    pictured: dict[str, str] = field(default_factory=dict)
    moderation: list[tuple[Submission, ModerationBody]] = field(default_factory=list)
    poison: list[Poison] = field(default_factory=list)
    replayed: list[Poison] = field(default_factory=list)
    aftermaths: dict[tuple[str, int], Aftermath] = field(default_factory=dict)
    redacted: dict[tuple[str, int], bytes] = field(default_factory=dict)
    outputs: list[Batch] = field(default_factory=list)
    relay_rows: list[RelayRow] = field(default_factory=list)

    @property
    def rare(self) -> bool:
        """Whether there is anything to write that most batches do not have."""
        if self.aftermaths or any(attachments_of(entry.body) for entry, _ in self.entries):
            return True
        rarities = (
            self.refusals,
            self.revealed,
            self.removed,
            self.users,
            self.devices,
            self.listed,
            self.pictured,
            self.preferences,
            self.concealed,
            self.blocks,
            self.writers,
            self.moderation,
            self.poison,
            self.replayed,
        )
        return any(rarities)
