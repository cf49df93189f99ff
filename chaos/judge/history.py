"""One pass over a ledger: every message, every conversation's log, and what each view of it showed.

A log's place (epoch, seq) belongs to the message first seen there; what later shows it otherwise is kept as an oddity, and judged
at the end, when it is known what else that view showed. What is kept grows with messages and views, not with sightings.
"""

from collections import defaultdict

from chaos.judge.altered import Altered
from chaos.judge.channels import Channel, is_channel
from chaos.judge.deeds import Deeds
from chaos.judge.events import (
    Digest,
    Fail,
    Info,
    Invoke,
    Live,
    Lives,
    Member,
    Ok,
    Opened,
    Page,
    Refused,
    Run,
    Sighting,
    Withdrawn,
)
from chaos.judge.facts import Gap, Glimpse, Log, Membership, Message, Oddity, Phantom, View
from chaos.judge.groups import Group, gathered
from chaos.judge.ranges import Ranges

MOST_ODDITIES = 10_000
_NOT_A_MEMBER = Membership()


class History:
    """Everything that checkers ask of a ledger; `judgement` feeds it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.messages: dict[str, Message] = {}
        self.deeds = Deeds()
        self.altered = Altered()
        self.groups: dict[str, Group] = {}
        self.homes: dict[str, str] = {}
        self.logs: dict[str, Log] = defaultdict(Log)
        self.members: dict[str, dict[str, Membership]] = {}
        self.screens: dict[str, View] = {}
        self.histories: list[View] = []
        self.seen: dict[tuple[str, str], tuple[Ranges, int]] = {}
        self.observers: set[str] = set()
        self.glimpses: list[Glimpse] = []
        self.oddities: list[Oddity] = []
        self.phantoms: list[Phantom] = []
        self.gaps: dict[tuple[View, str, int], Gap] = {}
        self.broken: list[tuple[int, str]] = []
        self.overflowed = False
        self.settled: float | None = None
        self.fifo = False
        self.standbys: dict[str, str] = {}
        self.digests: dict[tuple[str, int, int], dict[str, tuple[str, int]]] = defaultdict(dict)
        self.holders: dict[tuple[str, str], int] = {}
        self._sends: dict[int, Message] = {}
        self._readings: dict[int, View] = {}
        self._open: dict[int, int] = {}
        self._connected: dict[str, str] = {}

    def membership(self, conversation: str, user: str) -> Membership:
        """Return what a user may see of a conversation; nothing, if nobody said that they may."""
        return self.members.get(conversation, {}).get(user, _NOT_A_MEMBER)

    def target(self, message: str) -> Message | None:
        """Return the message of that id, if it was to be altered."""
        known = self.altered.targets.get(message)
        return None if known is None else self.messages.get(known.content)

    def began(self, event: Run) -> None:
        """The run begins."""
        self.fifo, self.standbys = event.fifo, event.standbys

    def settled_in(self, event: Lives) -> None:
        """A user has an account."""
        self.homes[event.user] = event.home

    def gather(self) -> None:
        """Derive from the logs of groups and channels who belonged to them; once, when all of the ledger was read."""
        for conversation, log in self.logs.items():
            unsure = self.deeds.unsure(conversation) if is_channel(conversation) else set[str]()
            group = gathered(log, Channel(unsure=unsure) if is_channel(conversation) else Group())
            if group is not None:
                self.groups[conversation] = group
                self.members[conversation] = group.members
                for user, membership in group.members.items():
                    membership.homes.update({self.homes[user]} if user in self.homes else ())
                    membership.unsure = user in group.unsure

    def joined(self, event: Member) -> None:
        """Somebody may see a stretch of a conversation."""
        membership = self.members.setdefault(event.conversation, {}).setdefault(event.user, Membership())
        membership.stretches[event.first] = event.last
        membership.homes.add(event.home)

    def invoked(self, line: int, event: Invoke) -> None:
        """An operation begins."""
        if event.op in self._open or event.op in self._sends:
            self.broken.append((line, f"operation {event.op} is invoked again"))
        self._open[event.op] = line
        if event.kind == "send" and event.content is not None:
            message = self.messages.get(event.content)
            if message is None:
                message = Message(
                    event.content, line, event.op, event.user, event.device, event.conversation, event.at
                )  # fmt: skip
                self.messages[event.content] = message
            message.possible += 1
            self._sends[event.op] = message
        elif event.kind == "change" and event.change is not None:
            self.deeds.invoked(line, event)
            if event.change.alters:
                self.altered.invoked(event.at, event.change)
        elif event.kind == "history":
            self.observers.add(event.user)
            self._readings[event.op] = View(str(event.op), event.user, event.region, conversation=event.conversation)
        elif event.kind == "repair":
            self._readings[event.op] = self._screen(event.device, event.user, event.region, event.at)

    def ok(self, line: int, event: Ok) -> bool:
        """An operation happened; return whether it was a send."""
        self._complete(line, event.op, final=True)
        if (deed := self.deeds.get(event.op)) is not None:
            self.deeds.ok(deed, event)
        message = self._sends.get(event.op)
        if message is not None:
            message.accepted = min(message.accepted, event.at)
            message.conversation = message.conversation or event.conversation
            message.id = message.id or event.message
            if event.message is not None and event.message != message.id:
                self._phantom(
                    line, message.device, f"op {event.op}", f"as {event.message} what is known as {message.id}"
                )
        reading = self._readings.pop(event.op, None)
        if reading is not None and event.whole and self.settled is not None:
            reading.standing = True
            reading.conversation = reading.conversation or event.conversation
            self.histories.append(reading)
            for conversation, shown in reading.shown.items():
                for first, last in shown.missing(1, shown.last):
                    self._gap(Gap(line, reading, conversation, first, last))
        return message is not None

    def failed(self, line: int, event: Fail) -> None:
        """An operation certainly did not happen."""
        self._complete(line, event.op, final=True)
        self._readings.pop(event.op, None)
        if (deed := self.deeds.get(event.op)) is not None:
            deed.failed = True
        message = self._sends.get(event.op)
        if message is not None:
            message.possible -= 1

    def unknown(self, line: int, event: Info) -> None:
        """Nobody knows whether an operation happened."""
        self._complete(line, event.op, final=False)
        self._readings.pop(event.op, None)
        message = self._sends.get(event.op)
        if message is not None:
            message.uncertain = True

    def refused(self, line: int, event: Refused) -> None:
        """An author was told of a refusal."""
        if (deed := self.deeds.get(event.op)) is not None:
            deed.refused = True
            return
        message = self._sends.get(event.op)
        if message is None:
            self.broken.append((line, f"operation {event.op} is refused, which never was a send"))
        else:
            message.refused = True

    def opened(self, event: Opened) -> None:
        """A device is connected."""
        self.observers.add(event.user)
        screen = self._screen(event.device, event.user, event.region, event.at)
        if not event.resumed:
            screen.since = event.at
        self._connected[event.connection] = event.device

    def closed(self, connection: str) -> None:
        """A device is not connected any more."""
        self._connected.pop(connection, None)

    def live(self, line: int, event: Live) -> None:
        """An entry came over a connection."""
        device = self._connected.get(event.connection)
        if device is None:
            self.broken.append((line, f"connection {event.connection} is not open"))
        else:
            view = self.screens[device]
            if is_channel(event.conversation) and event.entry.content is not None:
                self.glimpses.append(Glimpse(line, event.at, view.user, event.conversation, event.entry.seq))
            self._sight(line, event.at, view, event.conversation, event.entry)

    def withdrawn(self, line: int, event: Withdrawn) -> str | None:
        """What a screen showed above that place is gone from it; return the device."""
        device = self._connected.get(event.connection)
        if device is None:
            self.broken.append((line, f"connection {event.connection} is not open"))
            return None
        view = self.screens[device]
        view.shown[event.conversation].cut(event.seq)
        view.hidden[event.conversation] = {seq for seq in view.hidden[event.conversation] if seq <= event.seq}
        return device

    def page(self, line: int, event: Page) -> None:
        """A page was read."""
        view = self._readings.get(event.op)
        if view is None:
            self.broken.append((line, f"operation {event.op} reads nothing"))
            return
        entries = sorted(event.entries, key=lambda entry: entry.seq)
        before = None
        for entry in entries:
            self._sight(line, event.at, view, event.conversation, entry)
            if self.settled is not None and not view.screen:
                self.altered.read(line, view, event.conversation, entry)
            if before is not None and entry.first > before + 1:
                self._gap(Gap(line, view, event.conversation, before + 1, entry.first - 1))
            before = entry.seq

    def digested(self, line: int, event: Digest) -> None:
        """A region says what it holds; ranges that may still change are not compared."""
        self.holders.setdefault((event.region, event.conversation), line)
        if self.settled is not None:
            self.digests[event.conversation, event.first, event.last][event.region] = event.digest, line

    def settle(self, at: float) -> None:
        """Everything has had its time; screens are judged by what they show now."""
        if self.settled is None:
            self.settled = at
            for device in self._connected.values():
                self.screens[device].standing = True

    def _screen(self, device: str, user: str, region: str, at: float) -> View:
        if device not in self.screens:
            self.screens[device] = View(device, user, region, screen=True, since=at)
        return self.screens[device]

    def _complete(self, line: int, op: int, *, final: bool) -> None:
        if op not in self._open:
            self.broken.append((line, f"operation {op} is completed, which is not under way"))
        elif final:
            del self._open[op]

    def _gap(self, gap: Gap) -> None:
        if len(self.gaps) < MOST_ODDITIES:
            self.gaps.setdefault((gap.view, gap.conversation, gap.first), gap)
        else:
            self._overflow(gap.line)

    def _phantom(self, line: int, who: str, where: str, what: str) -> None:
        if len(self.phantoms) < MOST_ODDITIES:
            self.phantoms.append(Phantom(line, who, where, what))

    def _sight(self, line: int, at: float, view: View, conversation: str, entry: Sighting) -> None:
        log = self.logs[conversation]
        seq = entry.seq
        if not view.screen or self.settled is None:
            for number in range(entry.first, seq + 1):
                view.shown[conversation].add(number)
        content = entry.content
        if content is None:
            view.hidden[conversation].update(range(entry.first, seq + 1))
            return
        log.numbers.add(seq)
        view.hidden[conversation].update(range(entry.first, seq))  # of what it stands for, nothing is shown
        view.hidden[conversation].discard(seq)  # who is let in again may see what was hidden from them
        log.readers.add(view.user)
        seen = self.seen.get((conversation, view.user))
        if seen is None:
            seen = self.seen[conversation, view.user] = (Ranges(), line)
        seen[0].add(seq)
        self.altered.sighted(line, at, view, conversation, entry)
        message = self._known(line, at, conversation, entry)
        if message is None:
            self._phantom(line, view.name, f"{conversation} {seq}", "a text that nobody had sent")
            return
        if message.conversation is not None and message.conversation != conversation:
            self._phantom(line, view.name, f"{conversation} {seq}", f"what was sent to {message.conversation}")
            return
        if message.author != entry.sender:
            self._phantom(line, view.name, f"{conversation} {seq}", f"as of {entry.sender} what {message.author} sent")
        if message.id is not None and message.id != entry.message:
            self._phantom(line, view.name, f"{conversation} {seq}", f"as {entry.message} what is known as {message.id}")
        held = log.places.get(seq)
        if held is None or held[1] is not message or held[0] != entry.epoch or message.seq != seq:
            self._place(line, at, view, conversation, entry, message=message)

    def _known(self, line: int, at: float, conversation: str, entry: Sighting) -> Message | None:
        """Return what an entry is of: a text that was sent, or a change, whoever may have made it."""
        if entry.change is not None:
            return self.deeds.seen(line, at, conversation, entry)
        return self.messages.get(self.altered.original(entry) or "")

    def _place(self, line: int, at: float, view: View, conversation: str, entry: Sighting, *, message: Message) -> None:
        """Take in a sighting that is the first of its message or its place, or that does not agree with the first."""
        epoch, seq = entry.epoch, entry.seq
        log = self.logs[conversation]
        log.epochs.setdefault(epoch, at)
        held = log.places.get(seq)
        message.sighted = min(message.sighted, at)
        moved = message.seq not in {0, seq}
        newest = max(message.epoch if moved else 0, held[0] if held is not None else 0)
        if epoch < newest and self.settled is None:
            return  # a view that is behind still shows what has been taken out
        if epoch <= newest:
            message.disputed = True
            self._odd(Oddity(line, view, conversation, epoch, seq, message))
            return
        if moved:
            self._odd(Oddity(line, view, conversation, epoch, seq, message, before=message.seq))
        if held is not None and held[1] is not message and held[1].seq == seq:
            held[1].seq = held[1].epoch = 0  # it was taken out with its tail, and must come again
        log.places[seq] = (epoch, message)
        message.epoch, message.seq = epoch, seq
        message.conversation, message.id = conversation, message.id or entry.message

    def _odd(self, oddity: Oddity) -> None:
        if len(self.oddities) < MOST_ODDITIES:
            self.oddities.append(oddity)
        else:
            self._overflow(oddity.line)

    def _overflow(self, line: int) -> None:
        """Not all of it is a violation once everything is known; what was not kept may be one."""
        if not self.overflowed:
            self.overflowed = True
            self.broken.append((line, "there is more that is odd than is kept"))
