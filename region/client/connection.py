"""One device's conversation with a region: what happened goes in, what is to be done comes out.

Pure: no sockets, clocks or files. `region.client.client` carries the actions out, in order. It outlives the connections that
it is spoken over: `opened` and `lost` say when one begins and ends.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from region.client import events
from region.client.concealed import Concealed
from region.client.events import (
    Arrived,
    ChangedProfile,
    Event,
    Heard,
    Marked,
    Preferred,
    Queued,
    Refused,
    Types,
    Watched,
)
from region.client.frames import (
    Accepted,
    Changed,
    Entry,
    Error,
    Hello,
    Marks,
    Message,
    Pending,
    Pong,
    Position,
    ProfileChanged,
    Read,
    Receipt,
    Received,
    Refusal,
    RegionFrame,
    Resume,
    Send,
    There,
    Typing,
    Typist,
    Watch,
    Welcome,
    Withdrawn,
    encode,
)
from region.client.handles import Stage
from region.client.marks import MarkBook, Seen
from region.client.outbox import Item, Outbox
from region.client.preferences import Preferences
from region.client.timeline import Timeline

MOST_HELD = 400
"""How many positions a hello names; a WebSocket message may have 64 KiB. The others are compared over HTTP."""
RETRYABLE = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Transmit:
    """Send this text over the WebSocket."""

    text: str


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the user."""

    event: Event


@dataclass(frozen=True, slots=True)
class Advance:
    """A message of one's own has come that far."""

    client_message_id: str
    stage: Stage
    message: Message | None = None
    message_id: str = ""
    conversation_id: str = ""
    replicated: bool | None = None


@dataclass(frozen=True, slots=True)
class Settle:
    """The outcome of an item is known: it need not be kept any longer."""

    client_message_id: str


@dataclass(frozen=True, slots=True)
class Repair:
    """Fetch what follows that position, and hand it to `page`.

    Attributes:
        patiently: Whether to wait a while first: the region did not show it when it was asked last.
    """

    conversation_id: str
    after: Position
    patiently: bool = False


@dataclass(frozen=True, slots=True)
class Compare:
    """Fetch the list of conversations, and hand their heads to `heads`."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Remember this resume token, once the user was told what came before it."""

    resume: str


@dataclass(frozen=True, slots=True)
class KeepMarks:
    """Remember how far a conversation was marked; None: the region has confirmed it, so it may be forgotten."""

    conversation_id: str
    seen: Seen | None


@dataclass(frozen=True, slots=True)
class Postpone:
    """The region cannot take messages now: call `retry` after a while.

    Attributes:
        seconds: For how long it asked not to be bothered; 0 if it did not say.
    """

    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Ready:
    """The region has said welcome."""

    region: str
    complete: bool


Action: TypeAlias = Transmit | Tell | Advance | Settle | Repair | Compare | Keep | KeepMarks | Postpone | Ready


class Connection:
    """What a device knows of its conversations and of what it has sent.

    Attributes:
        online: Whether the region has said welcome over the present connection.
        watched: Of whom is asked, over each connection, how they are there.
        away_for: For how many seconds the region asked this device to stay away before it closed the connection; 0 if it did not.
    """

    def __init__(
        self,
        *,
        resume: str | None = None,
        positions: Mapping[str, Position] | None = None,
        items: Iterable[Item] = (),
        marks: Mapping[str, Seen] | None = None,
    ) -> None:
        """Begin with what an earlier run has left.

        Args:
            resume: The last resume token.
            positions: Conversation to the last entry that its user was told of. One that is missing begins before its first entry.
            items: What was typed and has no outcome yet, in order.
            marks: Conversation to what was marked and is not confirmed yet.
        """
        self.online = False
        self.away_for = 0.0
        self.watched: tuple[str, ...] = ()
        self._resume = resume
        self._timelines = {name: Timeline(position) for name, position in (positions or {}).items()}
        self._outbox = Outbox(items)
        self._repairing: set[str] = set()
        self._postponed = False
        self._marks = MarkBook(marks or {})
        self._me = ""
        self._until_accepted = True  # before a region has said anything: entries come before its welcome
        self._unsure: dict[str, tuple[Message, Stage]] = {}

    @property
    def positions(self) -> dict[str, Position]:
        """Conversation to the last entry that went on to the user."""
        return {name: timeline.held for name, timeline in self._timelines.items() if timeline.held.seq}

    @property
    def unsettled(self) -> tuple[Item, ...]:
        """What was typed and has no outcome yet."""
        return self._outbox.items

    def opened(self) -> list[Action]:
        """A WebSocket was opened."""
        self.away_for = 0.0
        held = {name: timeline.held for name, timeline in self._timelines.items()}
        newest = dict(list(held.items())[-MOST_HELD:])
        return [
            Transmit(
                encode(Hello(self._resume, {name: (position.epoch, position.seq) for name, position in newest.items()}))
            )
        ]

    def lost(self) -> None:
        """The WebSocket was closed; what it carried may or may not have arrived."""
        self.online = False
        self._outbox.rewind()

    def start_over(self) -> None:
        """Forget the resume token: the region could not read it."""
        self._resume = None

    def retry(self) -> list[Action]:
        """The wait after `Postpone` is over."""
        self._postponed = False
        self._outbox.rewind(accepted=False)
        return self._flush()

    def type(self, item: Item) -> list[Action]:
        """The user typed a message, and it is safe on this device."""
        self._outbox.add(item)
        return self._flush()

    def mark(self, mark: Received | Read) -> list[Action]:
        """The user has received or read a conversation up to an entry."""
        seen = self._marks.raise_mark(mark)
        if seen is None:
            return []
        kept = KeepMarks(mark.conversation_id, seen)
        return [Transmit(encode(mark)), kept] if self.online else [kept]

    def typing(self, conversation_id: str) -> list[Action]:
        """The user types there; nobody is told while there is no connection."""
        return [Transmit(encode(Typing(conversation_id)))] if self.online else []

    def watch(self, user_ids: Iterable[str]) -> list[Action]:
        """Ask how these are there, from now on."""
        self.watched = tuple(user_ids)
        return [Transmit(encode(Watch(self.watched)))] if self.online else []

    def page(self, conversation_id: str, messages: Iterable[Message]) -> list[Action]:
        """Take in a page of history that was asked for by `Repair`, oldest first.

        Args:
            conversation_id: The conversation.
            messages: What follows the position that `Repair` named.
        """
        self._repairing.discard(conversation_id)
        before = self._timeline(conversation_id).held
        actions = self._arrive(conversation_id, [Arrived(message) for message in messages])
        stuck = self._timeline(conversation_id).held == before
        return [replace(action, patiently=stuck) if isinstance(action, Repair) else action for action in actions]

    def heads(self, heads: Iterable[tuple[str, int]]) -> list[Action]:
        """Take in how far conversations have come: pairs of conversation and last seq."""
        actions: list[Action] = []
        for conversation_id, head in heads:
            self._timeline(conversation_id).learn(head)
            actions += self._repair(conversation_id)
        return actions

    def received(self, frame: RegionFrame | None) -> list[Action]:  # noqa: C901, PLR0912  # one arm a frame
        """A frame came; None stands for one that this version does not know."""
        match frame:
            case Entry(message=message, hops=hops):
                return self._arrive(message.conversation_id, [Arrived(message, tuple(hops))])
            case Receipt(message=message):
                return [Tell(Heard(message))]
            case Preferences():
                return [Tell(Preferred(frame))]
            case Typist(conversation_id=conversation_id, user_id=user_id, seconds=seconds):
                return [Tell(Types(conversation_id, user_id, seconds))]
            case ProfileChanged(user_id=user_id):
                return [Tell(ChangedProfile(user_id))]
            case There(user_id=user_id, presence=presence, last_seen=last_seen):
                return [Tell(Watched(user_id, presence, last_seen))]
            case Concealed():
                return [Tell(frame)]
            case Withdrawn():
                return self._withdraw(frame)
            case Accepted():
                return self._accept(frame)
            case Marks():
                return self._show(frame)
            case Pending(message=message):
                return [*self._advance(message, Stage.PENDING), Tell(Queued(message))]
            case Refusal(client_message_id=name, code=code, detail=detail):
                return self._refuse(name, code, detail)
            case Error(client_message_id=str(name), definite=True, status=status) if status not in RETRYABLE:
                return self._refuse(name, frame.code, frame.detail)
            case Error(client_message_id=str(), definite=False) | Error(client_message_id=str(), status=429 | 503):
                return self._postpone(frame.retry_after)
            case Resume(token=token):
                self._resume = token
                return [Keep(token)]
            case Changed(conversations=conversations):
                return self.heads((changed.conversation_id, changed.head) for changed in conversations)
            case Welcome():
                return self._begin(frame)
            case Error(retry_after=seconds) if seconds > 0:
                self.away_for = seconds
                return []
            case Pong() | Error() | None:
                return []
            case _:
                assert_never(frame)

    def _begin(self, welcome: Welcome) -> list[Action]:
        self.online, self._me, self._until_accepted = True, welcome.user_id, welcome.until_accepted
        actions: list[Action] = [Ready(welcome.region, welcome.complete)]
        if welcome.resume is not None:
            self._resume = welcome.resume
            actions.append(Keep(welcome.resume))
        if not welcome.complete or len(self._timelines) > MOST_HELD:
            actions.append(Compare())
        if not self._until_accepted:
            for message, stage in self._unsure.values():
                actions += self._advance(message, stage)
            self._unsure.clear()
        # Entries that were being fetched when the last connection broke, and marks that it may have swallowed.
        self._repairing.clear()
        for conversation_id in self._timelines:
            actions += self._repair(conversation_id)
        actions += [Transmit(encode(mark)) for mark in self._marks.unconfirmed()]
        actions += [Transmit(encode(Watch(self.watched)))] if self.watched else []
        return actions + self._flush()

    def _withdraw(self, frame: Withdrawn) -> list[Action]:
        place = Position(frame.epoch, frame.seq)
        self._marks.withdraw(frame.conversation_id, place)
        if not self._timeline(frame.conversation_id).withdraw(place):
            return []
        return [Tell(events.Withdrawn(frame.conversation_id, frame.seq, frame.epoch))]

    def _show(self, marks: Marks) -> list[Action]:
        told = Tell(Marked(marks.conversation_id, marks.user_id, marks.received, marks.read))
        if marks.user_id == self._me and self._marks.confirm(marks):
            return [told, KeepMarks(marks.conversation_id, None)]
        return [told]

    def _arrive(self, conversation_id: str, entries: list[Arrived]) -> list[Action]:
        timeline = self._timeline(conversation_id)
        actions: list[Action] = []
        for entry in entries:
            actions += self._advance(entry.message, Stage.NUMBERED)
        actions += [Tell(entry) for entry in timeline.offer(entries)]
        return actions + self._repair(conversation_id)

    def _repair(self, conversation_id: str) -> list[Action]:
        timeline = self._timeline(conversation_id)
        if not timeline.lacks or conversation_id in self._repairing:
            return []
        self._repairing.add(conversation_id)
        return [Repair(conversation_id, timeline.held)]

    def _accept(self, frame: Accepted) -> list[Action]:
        if not self._outbox.accepted(frame.client_message_id, frame.conversation_id):
            return []
        advance = Advance(
            frame.client_message_id,
            Stage.ACCEPTED,
            message_id=frame.message_id,
            conversation_id=frame.conversation_id,
            replicated=frame.replicated,
        )
        if frame.client_message_id in self._unsure:
            actions = self._advance(*self._unsure.pop(frame.client_message_id))
            return [
                replace(action, replicated=frame.replicated) if isinstance(action, Advance) else action
                for action in actions
            ]
        return [advance, *self._flush()]

    def _advance(self, message: Message, stage: Stage) -> list[Action]:
        name = message.client_message_id
        if name is None or not self._outbox.may_be(name, message):
            return []
        if self._until_accepted and name in self._outbox and not self._outbox.is_accepted(name):
            self._unsure[name] = message, stage
            self._outbox.placed(name)
            return self._flush()
        actions: list[Action] = [Advance(name, stage, message, message.message_id, message.conversation_id)]
        self._outbox.accepted(name, message.conversation_id)
        if stage >= Stage.NUMBERED and self._outbox.settle(name):
            actions.append(Settle(name))
        return actions + self._flush()

    def _refuse(self, client_message_id: str, code: str, detail: str) -> list[Action]:
        self._unsure.pop(client_message_id, None)
        actions: list[Action] = [Tell(Refused(client_message_id, code, detail))]
        if self._outbox.settle(client_message_id):
            actions.append(Settle(client_message_id))
        return actions + self._flush()

    def _postpone(self, seconds: float) -> list[Action]:
        # One wait for all that were turned down: each repeats everything, so one for each would multiply them.
        if self._postponed:
            return []
        self._postponed = True
        return [Postpone(seconds)]

    def _flush(self) -> list[Action]:
        if not self.online or self._postponed:
            return []
        return [
            Transmit(
                encode(
                    Send(
                        item.client_message_id,
                        item.text,
                        item.recipient_id,
                        item.conversation_id,
                        item.attachments,
                        item.reply_to,
                        item.forward_of,
                        item.mentions,
                    )
                )
            )
            for item in self._outbox.due()
        ]

    def _timeline(self, conversation_id: str) -> Timeline:
        return self._timelines.setdefault(conversation_id, Timeline())
