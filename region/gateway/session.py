"""The state of one device's WebSocket, pure: frames and events in, instructions out.

    GREETING ──hello──▶ CATCHING_UP ──snapshot──▶ LIVE ──interrupted──▶ SUSPENDED ──restored──▶ CATCHING_UP …

The device is told every output of its user once. `told` says up to which position of each partition it has been; a snapshot
of the store raises it, and whatever comes live at or below is dropped. While a snapshot is read, live events wait for it, and
the answers to repeated sends, whose entries would come before what the device lacks.
`region.gateway.connection` is the caller that carries the instructions out.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec
from msgspec import UNSET

from infra.errors import CausewayError, InvalidFieldError, MalformedRequestError
from region.gateway import frames
from region.gateway.cursors import Place, ResumeToken, read_resume, write_resume
from region.gateway.errors import OutOfOrderError
from region.gateway.frames import (
    Changed,
    ChangedConversation,
    Hello,
    Ping,
    Pong,
    Read,
    Received,
    Resume,
    Send,
    Typing,
    Watch,
    Welcome,
)
from region.gateway.validation import check_address, check_attachments, check_client_message_id, check_text
from replication.ids import is_conversation_id, is_user_id

MALFORMED_HELLO: Final = 4400
BAD_TOKEN: Final = 4401
TOO_SLOW: Final = 4408
NOT_THE_HOLDER: Final = 4421
RATE_LIMITED: Final = 4429
GOING_AWAY: Final = 1001
RESYNC: Final = 1012

MOST_BUFFERED: Final = 2_000
MOST_BUFFERED_CHARACTERS: Final = 2 * 1024 * 1024
"""How many live events and answers, and characters of them, may wait for a snapshot; beyond, events are dropped and the store is read once more."""
MOST_NAMED: Final = 500
"""How many conversations one `changed` frame names; a trunk carries no frame above 128 KiB."""


class Phase(enum.Enum):
    """Where a session is."""

    GREETING = enum.auto()
    CATCHING_UP = enum.auto()
    SUSPENDED = enum.auto()
    LIVE = enum.auto()
    CLOSED = enum.auto()


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Read from the store what the device lacks, then call `snapshot`.

    Attributes:
        resume: What the device was given the last time; None if it brought none that can be read.
        held: The last place that it holds of each conversation; None if it did not say.
        told: Up to which positions it has been told on this connection; None before the first snapshot.
    """

    resume: ResumeToken | None = None
    held: Mapping[str, Place] | None = None
    told: Mapping[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Submit:
    """Append a message to the journal; it is valid in itself, its recipient is yet to be looked up."""

    send: Send


@dataclass(frozen=True, slots=True)
class Mark:
    """Raise a mark of the user."""

    conversation_id: str
    place: Place
    read: bool


@dataclass(frozen=True, slots=True)
class Typed:
    """Have it told that the user types."""

    conversation_id: str


@dataclass(frozen=True, slots=True)
class Watched:
    """Tell the device how these users are there."""

    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """Send this frame."""

    text: str


@dataclass(frozen=True, slots=True)
class Hangup:
    """Send this frame, if any, then close with that code."""

    code: int
    reason: str
    text: str = ""


Instruction: TypeAlias = CatchUp | Submit | Mark | Typed | Watched | Reply | Hangup


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the store holds that the device lacks.

    Attributes:
        positions: Up to where: the last position of each partition when the store was read.
        incarnation: Of the region.
        missed: Frames, in order.
        changed: If it was too much: the conversations that must be paged instead.
        revoked: Why the device was logged out meanwhile, which may have been missed like anything else; None if it was not.
    """

    positions: dict[int, int]
    incarnation: int
    missed: list[str]
    changed: list[ChangedConversation]
    revoked: str | None = None


class Session:
    """One device's WebSocket after its token was found good."""

    __slots__ = (
        "_answers",
        "_buffered",
        "_characters",
        "_interrupted",
        "_ripe",
        "_welcomed",
        "device_id",
        "phase",
        "region",
        "told",
        "until_accepted",
        "user_id",
    )

    def __init__(self, *, user_id: str, device_id: str, region: str, until_accepted: bool = False) -> None:
        """Begin before the device's hello; `until_accepted` is what the welcome says."""
        self.until_accepted = until_accepted
        self.user_id = user_id
        self.device_id = device_id
        self.region = region
        self.phase = Phase.GREETING
        self.told: dict[int, int] = {}
        self._buffered: list[tuple[int, int, str]] = []
        self._answers: list[str] = []
        self._ripe: list[str] = []  # those answers whose entries the snapshot that is being read goes beyond
        self._characters = 0
        self._interrupted = False
        self._welcomed = False

    @property
    def buffered(self) -> int:
        """How many characters of live events and answers wait for a snapshot."""
        return self._characters

    def receive(self, text: str | None) -> Instruction:
        """Take a frame of the device.

        Args:
            text: The text; None for a binary message, which no device sends.
        """
        client_message_id: str | None = None
        try:
            frame = _read(text)
            if self.phase is Phase.GREETING:
                return self._greet(frame)
            match frame:
                case Send():
                    client_message_id = frame.client_message_id
                    _check(frame)
                    return Submit(frame)
                case Received() | Read():
                    _check_conversation(frame.conversation_id)
                    return Mark(frame.conversation_id, Place(frame.epoch, frame.seq), isinstance(frame, Read))
                case Typing():
                    _check_conversation(frame.conversation_id)
                    return Typed(frame.conversation_id)
                case Watch(user_ids=users):
                    if not all(map(is_user_id, users)):
                        raise InvalidFieldError(field="user_ids", reason="one is none")
                    return Watched(tuple(dict.fromkeys(users)))
                case Ping():
                    return Reply(frames.encode(Pong(frame.nonce)))
                case Hello():
                    raise OutOfOrderError(kind="hello", reason="it was said already")
        except CausewayError as error:
            problem = frames.error_frame(error, client_message_id)
            return Hangup(MALFORMED_HELLO, error.code, problem) if self.phase is Phase.GREETING else Reply(problem)

    def snapshot(self, snapshot: Snapshot, *, reliable: bool) -> list[str]:
        """Take what was missed; return the frames to send, in order.

        Args:
            snapshot: What was read.
            reliable: Whether live events reach this gateway; if not, the session waits to be restored.
        """
        self.told = dict(snapshot.positions)
        outgoing = list(snapshot.missed)
        starts = range(0, len(snapshot.changed), MOST_NAMED)
        outgoing += [frames.encode(Changed(snapshot.changed[start : start + MOST_NAMED])) for start in starts]
        token = self.token(snapshot.incarnation)
        if not self._welcomed:
            self._welcomed = True
            complete = not snapshot.changed
            keep = True if self.until_accepted else UNSET
            outgoing.append(frames.encode(Welcome(self.user_id, self.device_id, self.region, token, complete, keep)))
        elif outgoing:
            outgoing.append(frames.encode(Resume(token)))
        outgoing += self._ripe
        self._ripe = []
        if self._interrupted or not reliable:
            self.phase = Phase.SUSPENDED
        else:
            self.phase = Phase.LIVE
            outgoing += [text for partition, position, text in self._buffered if self._is_news(partition, position)]
            outgoing += self._answers
            self._answers = []
        self._interrupted = False
        self._buffered.clear()
        self._characters = sum(map(len, self._answers))
        return outgoing

    def live(self, partition: int, position: int, text: str) -> bool:
        """Take a live event; return whether to send its frame now."""
        if self.phase is Phase.LIVE:
            return self._is_news(partition, position)
        if self.phase is Phase.CATCHING_UP:
            if self._has_room(text):
                self._buffered.append((partition, position, text))
                self._characters += len(text)
            else:
                self._interrupted = True
        return False

    def answer(self, text: str) -> bool:
        """Take the entry of a send that was repeated; return whether to send its frame now.

        A device that lacks something gets it after that: with the first snapshot that is begun from here on, or when it is live again.
        Beyond what may wait it is left out: the device repeats what has no answer when it reconnects.
        """
        if self.phase is Phase.LIVE:
            return True
        if self.phase in (Phase.CATCHING_UP, Phase.SUSPENDED) and self._has_room(text):
            self._answers.append(text)
            self._characters += len(text)
        return False

    def interrupt(self, covered: Mapping[int, int]) -> None:
        """Take in that live events may have been missed.

        Args:
            covered: Up to which positions none were.
        """
        if self.phase is Phase.LIVE:
            self.cover(covered)
            self.phase = Phase.SUSPENDED
        elif self.phase is Phase.CATCHING_UP:
            self._interrupted = True

    def cover(self, covered: Mapping[int, int]) -> None:
        """Take in up to which positions the device has been told everything, besides what it was told by snapshots."""
        for partition, position in covered.items():
            if position > self.told.get(partition, -1):
                self.told[partition] = position

    def restore(self) -> CatchUp | None:
        """Take in that the store can be read for what was missed; return what to read, if anything was.

        A snapshot that is being read now may be too old for that: another one follows it.
        """
        if self.phase is Phase.CATCHING_UP:
            self._interrupted = True
        if self.phase is not Phase.SUSPENDED:
            return None
        self.phase = Phase.CATCHING_UP
        self._ripe, self._answers = self._answers, []
        return CatchUp(told=dict(self.told))

    def close(self) -> None:
        """Take in that the connection is gone."""
        self.phase = Phase.CLOSED
        for waiting in (self._buffered, self._answers, self._ripe):
            waiting.clear()
        self._characters = 0

    def _has_room(self, text: str) -> bool:
        waiting = len(self._buffered) + len(self._answers) + len(self._ripe)
        return waiting < MOST_BUFFERED and self._characters + len(text) <= MOST_BUFFERED_CHARACTERS

    def token(self, incarnation: int) -> str:
        """Return the resume token for what the device has been told."""
        return write_resume(ResumeToken(self.region, incarnation, tuple(self.told[p] for p in sorted(self.told))))

    def _is_news(self, partition: int, position: int) -> bool:
        return position > self.told.get(partition, -1)

    def _greet(self, frame: frames.DeviceFrame) -> Instruction:
        if not isinstance(frame, Hello):
            raise OutOfOrderError(kind=type(frame).__name__.lower(), reason="say hello first")
        if frame.held is not None and len(frame.held) > frames.MOST_HELD:
            raise InvalidFieldError(field="held", reason=f"name at most {frames.MOST_HELD} conversations")
        self.phase = Phase.CATCHING_UP
        held = None if frame.held is None else {name: Place(*place) for name, place in frame.held.items()}
        return CatchUp(resume=read_resume(frame.resume) if frame.resume else None, held=held)


def _read(text: str | None) -> frames.DeviceFrame:
    if text is None:
        raise MalformedRequestError(reason="frames are text")
    try:
        return frames.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        reason = str(error)
        if reason.endswith("`$.type`"):  # it would quote what stands there
            reason = "its type is none that devices send"
        raise MalformedRequestError(reason=reason) from None


def _check_conversation(conversation_id: str) -> None:
    if not is_conversation_id(conversation_id):
        raise InvalidFieldError(field="conversation_id", reason="it is none")


def _check(send: Send) -> None:
    check_client_message_id(send.client_message_id)
    check_address(send.recipient_id, send.conversation_id)
    check_attachments(send.attachments)
    check_text(send.text, may_be_empty=bool(send.attachments or send.forward_of))
