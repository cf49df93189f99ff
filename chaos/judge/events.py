"""What a ledger records, in the order in which it happened; times are seconds of one monotonic clock.

A message is known by its `content`, a digest of its text: texts of a run carry a number of their own, so that whoever sees one
can tell which send it was, whatever id it has got. A repeated send has the same content; other content is another message.
"""

from typing import Final, Literal, TypeAlias

import msgspec

VERSION = 1
EDITED: Final = "message_edited"
DELETED: Final = "message_deleted"
REACTED: Final = "reaction_added"
ALTERATIONS: Final = frozenset({EDITED, DELETED, REACTED})


class Change(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was done in a group or a channel, as far as membership follows from it; or to a message that is there.

    Attributes:
        kind: The event name that it has in the log: `member_removed` and so on.
        users: Whom it was done to; of `group_created`, the first members but for its author.
        role: Of `role_changed`, the new one.
        hand_over: Of `role_changed`, whether the author becomes an admin by it.
        history: Whether those who join later see what was before; None if that is not told, or stays.
        target: The id of the message that it was done to; empty if it is no alteration.
        text: Of an edit, the digest of the new text; empty if it is gone with its message.
        of: When it is invoked, the digest of what its target said at first.
    """

    kind: str
    users: tuple[str, ...] = ()
    role: str = ""
    hand_over: bool = False
    history: bool | None = None
    target: str = ""
    text: str = ""
    of: str = ""

    @property
    def alters(self) -> bool:
        """Whether it was done to a message that is there."""
        return self.kind in ALTERATIONS


class Aftermath(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a message has come to, as somebody saw it.

    Attributes:
        edited: The seq of the edit by which it has its text; 0 if it has its first one.
        emptied: Whether nothing is left of it.
        reacted: Who has reacted, rising.
    """

    edited: int = 0
    emptied: bool = False
    reacted: tuple[str, ...] = ()


class Sighting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An entry as somebody saw it.

    Attributes:
        epoch: In which it was numbered.
        seq: Its number in its conversation.
        message: Its id.
        sender: The user id that it was shown under.
        content: The digest of its text, or of its id and the change; None for what is hidden (a tombstone).
        status: unread, received, read; empty if that was not seen.
        from_seq: Of what is hidden, the first number of the run; in a channel, the first number that an entry stands for; else 0.
        change: What was done, if it is no message.
        aftermath: What the message has come to; None of one as it was sent.
    """

    epoch: int
    seq: int
    message: str
    sender: str
    content: str | None
    status: str = ""
    from_seq: int = 0
    change: Change | None = None
    aftermath: Aftermath | None = None

    @property
    def first(self) -> int:
        """The first number that it stands for."""
        return self.from_seq or self.seq


class _Event(msgspec.Struct, frozen=True, omit_defaults=True, gc=False, tag_field="type", tag=str.lower):
    """Something that happened.

    Attributes:
        at: When, seconds.
    """

    at: float


class Run(_Event, frozen=True):
    """The first line.

    Attributes:
        seed: What workload and faults follow from.
        about: What was run, for people.
        fifo: Whether each device keeps its sends to a conversation in order, whatever happens (an outbox does).
        standbys: Region to the region that may hold whatever it holds.
    """

    seed: int
    about: str = ""
    fifo: bool = False
    standbys: dict[str, str] = {}
    version: int = VERSION


class Lives(_Event, frozen=True):
    """A user has an account, and lives in that region."""

    user: str
    home: str


class Member(_Event, frozen=True):
    """Somebody may see a stretch of a conversation; said again with the same `first`, it replaces what was said.

    Of groups nobody says so: who may see what follows from the changes in their logs.

    Attributes:
        home: Where the user lives, so where the conversation may rest.
        first: The first seq of the stretch.
        last: The last one; None while it lasts.
    """

    conversation: str
    user: str
    home: str
    first: int = 1
    last: int | None = None


class Invoke(_Event, frozen=True):
    """A device begins an operation; one of ok, fail, info follows, or nothing if the ledger ends before.

    Attributes:
        op: Its number; never used twice.
        kind: `history` is read to be judged; `repair` is what a device reads to fill its screen.
        region: Where the user lives; of an observer, through which region's edge.
        conversation: None if the device doesn't know it yet.
        content: Of a send.
        change: What is to be done, in a group or to a message; of kind `change`.
    """

    op: int
    kind: Literal["send", "change", "history", "repair", "other"]
    device: str
    user: str
    region: str
    conversation: str | None = None
    content: str | None = None
    change: Change | None = None


class Ok(_Event, frozen=True):
    """It happened; a send or a change was accepted.

    Attributes:
        whole: Of a history: everything was read, from the first entry to the head.
        replicated: Of a send: whether its region's standby has what became of it; None where that was not waited for.
    """

    op: int
    conversation: str | None = None
    message: str | None = None
    whole: bool = False
    replicated: bool | None = None


class Fail(_Event, frozen=True):
    """It certainly did not happen, and will not."""

    op: int
    code: str = ""


class Info(_Event, frozen=True):
    """Nobody knows whether it happened or will (a timeout); `Ok` or `Fail` may follow when that was learned later."""

    op: int
    code: str = ""


class Refused(_Event, frozen=True):
    """Who had sent or changed something was told that it was refused, and why; that is final."""

    op: int
    device: str
    code: str


class Opened(_Event, frozen=True):
    """A device was welcomed on a new connection.

    Attributes:
        resumed: Whether it said where it was; if not, it is told only what happens from now on.
        pinned: Whether the device never comes through another region's edge.
    """

    connection: str
    device: str
    user: str
    region: str
    resumed: bool = False
    pinned: bool = False


class Through(_Event, frozen=True):
    """A device that fails over by itself is online through that region's edge from now on; until it says so, through that of its user's home."""

    device: str
    user: str
    region: str


class Closed(_Event, frozen=True):
    """A connection ended."""

    connection: str


class Live(_Event, frozen=True):
    """An entry came over a connection.

    Attributes:
        again: Whether it answers a send that the device had repeated.
    """

    connection: str
    conversation: str
    entry: Sighting
    again: bool = False


class Withdrawn(_Event, frozen=True):
    """A device was told that what it had been shown of a conversation above a place stands there no more, and comes again.

    Attributes:
        epoch: In which what stands was numbered, at most.
        seq: The last that stands.
    """

    connection: str
    conversation: str
    epoch: int
    seq: int


class Changed(_Event, frozen=True):
    """A device was told that a conversation goes up to `head`, and that it is to read what it lacks."""

    connection: str
    conversation: str
    head: int


class Page(_Event, frozen=True):
    """A page of a history was read."""

    op: int
    conversation: str
    entries: list[Sighting]


class Marked(_Event, frozen=True):
    """A device was told how far a member has received and read."""

    device: str
    conversation: str
    user: str
    epoch: int
    received: int
    read: int


class Expectation(msgspec.Struct, frozen=True, gc=False):
    """What must hold though a fault lasts, and once it is over.

    Attributes:
        spares: Regions, by those among which everything goes on as ever while it lasts; empty if nothing is said of that.
        soon: Within which time what is sent there is accepted and shown there, seconds.
        converges: Within which time after its end everything accepted until then is shown, seconds; 0 if nothing is said of that.
        once_well: Whether that is counted from when what it struck is well again, and not from when it is taken off.
        lapses: Regions whose lease lapses by it, though another stands by: they must try to let somebody in, and refuse it.
        keeps: Regions whose lease is renewed by who stands by, though it keeps the directory away: somebody must be let in there, and nobody refused for it.
        taken_over: Regions that are gone while it lasts, and by which another stands: that one must serve their people before it is over.
        prompt: Within which time every request that is under way when it begins, or begins after it, is served, whoever's, seconds; 0 if nothing is said of that.
        usual: Within which time nearly all of those are to be: the share is told, and not judged, seconds.
    """

    spares: tuple[tuple[str, ...], ...] = ()
    soon: float = 0.0
    converges: float = 0.0
    once_well: bool = False
    lapses: tuple[str, ...] = ()
    taken_over: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    prompt: float = 0.0
    usual: float = 0.0


class FaultBegun(_Event, frozen=True):
    """A fault is put on.

    Attributes:
        expects: What must hold all the same; None if nothing is said of that.
    """

    fault: str
    kind: str
    target: str
    expects: Expectation | None = None


class FaultSeen(_Event, frozen=True):
    """A fault has shown itself to somebody who did not put it on: a process is gone, a link answers nobody."""

    fault: str
    by: str


class FaultEnded(_Event, frozen=True):
    """A fault is taken off, and what it struck is well again.

    Attributes:
        failed: Why it could not be put on; empty if it was.
        lifted: When it began to be taken off, seconds; what it struck was not well yet.
    """

    fault: str
    failed: str = ""
    lifted: float | None = None


class Decided(_Event, frozen=True):
    """Something was decided, or done, by whoever operates the federation, while a fault lasted: for the timeline.

    Attributes:
        what: For people.
    """

    fault: str
    what: str


class Islanded(_Event, frozen=True):
    """Who decides for a region says that its lease has lapsed, or does not say so any more.

    Attributes:
        region: Whose duties hang on the lease.
        since: Whether it says so from now on.
        last: If it does not, when it was last asked and said so, seconds.
    """

    region: str
    since: bool
    last: float = 0.0


class Settled(_Event, frozen=True):
    """Nothing is sent any more, all faults have ended, and time enough has passed for everything to arrive."""


class Digest(_Event, frozen=True):
    """What a region says it holds of a conversation, from `first` to `last`."""

    region: str
    conversation: str
    first: int
    last: int
    digest: str


class Held(_Event, frozen=True):
    """A region's own store says whether it has a message, whoever may see it."""

    region: str
    conversation: str
    message: str
    has: bool = False


class Ended(_Event, frozen=True):
    """The last line: the ledger is whole."""


Event: TypeAlias = (
    Run | Lives | Member | Invoke | Ok | Fail | Info | Refused | Opened | Through | Closed | Live | Withdrawn | Changed | Page | Marked
    | FaultBegun | FaultSeen | FaultEnded | Decided | Islanded | Settled | Digest | Held | Ended
)  # fmt: skip
