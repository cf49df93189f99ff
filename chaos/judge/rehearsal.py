"""Good ledgers, made up from a seed: a federation in miniature in which nothing goes wrong but what may.

People sit in a ring, write to their neighbours, and live in regions by turns. Sends time out (and arrive, or not), fail for certain, are
refused, are repeated; devices lose their connections and resume. In a group, somebody comes and goes meanwhile. Events are made one after another, so that a ledger of any
length costs no more memory than what is on its way.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random

from msgspec.structs import replace

from chaos.judge import events as e
from chaos.judge.channels import is_channel
from chaos.judge.herald import Herald
from chaos.judge.ledger import digest
from chaos.judge.retold import Retold
from chaos.judge.troupe import Troupe

PAGE = 50


@dataclass(frozen=True)
class Plan:
    """What is rehearsed.

    Attributes:
        seed: Decides everything.
        people: At least three, so that somebody is nobody's neighbour.
        regions: In which they live, by turns.
        messages: How many are invoked.
        rate: How many a second.
        trouble: The share of sends that do not simply succeed, and of moments at which a device loses its connection.
        faults: How many, one after another.
        altered: The share of messages to which their authors, or those who got them, do something later.
        channels: How many; each has an owner, a poster, a subscriber who comes and goes, and somebody who never belongs to it.
        groups: How many; each has an owner, a member, a guest who comes and goes, and somebody who never belongs to it.
    """

    seed: int = 1
    people: int = 4
    regions: tuple[str, ...] = ("us", "eu", "ap")
    messages: int = 240
    rate: float = 20.0
    trouble: float = 0.1
    faults: int = 1
    altered: float = 0.0
    groups: int = 0
    channels: int = 0


@dataclass(slots=True)
class _Person:
    user: str
    home: str
    device: str
    connection: str = ""
    connections: int = 0
    shown: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    busy_until: float = 0.0


@dataclass(slots=True)
class _Conversation:
    name: str
    members: tuple[_Person, _Person]
    log: list[e.Sighting] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    retold: Retold = field(default_factory=Retold)


class _Rehearsal:
    """The miniature: a clock, what is on its way, and what has happened since it was last asked."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.random = Random(plan.seed)
        self.now = 0.0
        self.out: list[e.Event] = []
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._ties = count()
        self._ops = count(1)
        regions = plan.regions
        self.people = [
            _Person(f"u{number:04d}-{regions[number % len(regions)]}", regions[number % len(regions)], f"v{number:04d}")
            for number in range(plan.people)
        ]
        following = [*self.people[1:], self.people[0]]
        self.conversations = [
            _Conversation(f"d{number:04d}-{one.home}", (one, other))
            for number, (one, other) in enumerate(zip(self.people, following, strict=True))
        ]

        ring = [person.user for person in (*self.people, *self.people)]
        self.troupes = [
            kind(f"{letter}{number:04d}-{self.people[number].home}", tuple(ring[number : number + 3]))
            for kind, letter, many in ((Troupe, "g", plan.groups), (Herald, "c", plan.channels))
            for number in range(many)
        ]
        self._of = {person.user: person for person in self.people}

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        heappush(self._waiting, (self.now + seconds, next(self._ties), what))

    def until(self, at: float) -> None:
        """Let everything happen that is due by then."""
        while self._waiting and self._waiting[0][0] <= at:
            self.now, _, what = heappop(self._waiting)
            what()
        self.now = max(self.now, at)

    def finish(self) -> None:
        """Let everything happen that is on its way."""
        while self._waiting:
            self.until(self._waiting[0][0])

    def begin(self) -> None:
        self.out.append(e.Run(0.0, self.plan.seed, "a rehearsal", fifo=True))
        for conversation in self.conversations:
            for person in conversation.members:
                self.out.append(e.Member(0.0, conversation.name, person.user, person.home))
        for person in self.people:
            self.out.append(e.Lives(0.0, person.user, person.home))
            self.connect(person)
        for troupe in self.troupes:
            for author, change in troupe.opening():
                self.deed(troupe, author, change, surely=True)
                self.finish()

    def connect(self, person: _Person) -> None:
        person.connections += 1
        person.connection = f"{person.device}.{person.connections}"
        resumed = person.connections > 1
        region = self.random.choice(self.plan.regions)
        self.out.append(e.Opened(self.now, person.connection, person.device, person.user, region, resumed))
        for conversation in self.conversations:
            if person in conversation.members:
                held = person.shown[conversation.name]
                person.shown[conversation.name] = max(0, held - self.random.randrange(3))  # its token is a little old
                self.tell(conversation, person)
        for troupe in self.troupes:
            troupe.shown[person.user] = max(0, troupe.shown[person.user] - self.random.randrange(3))
            self.show(troupe, person)

    def disconnect(self, person: _Person) -> None:
        if person.connection:
            self.out.append(e.Closed(self.now, person.connection))
            person.connection = ""
            self.later(self.random.uniform(0.1, 2.0), lambda: self.connect(person))

    def tell(self, conversation: _Conversation, person: _Person) -> None:
        """Send a device what it lacks of a conversation; a reader marks that and the other is told."""
        if not person.connection:
            return
        told = person.shown[conversation.name]
        for entry in map(conversation.retold.live, conversation.log[told:]):
            self.out.append(e.Live(self.now, person.connection, conversation.name, entry))
        head = len(conversation.log)
        person.shown[conversation.name] = head
        if head > conversation.read[person.user]:
            conversation.read[person.user] = head
            self.later(self.random.uniform(0.001, 0.05), lambda: self.mark(conversation, person))

    def mark(self, conversation: _Conversation, reader: _Person) -> None:
        read = conversation.read[reader.user]
        for person in conversation.members:
            if person.connection:
                self.out.append(e.Marked(self.now, person.device, conversation.name, reader.user, 1, read, read))

    def show(self, troupe: Troupe, person: _Person) -> None:
        """Send a device what it lacks of a group, which it has read then; all others are told that."""
        if not person.connection:
            return
        for entry in troupe.live(person.user, troupe.shown[person.user]):
            self.out.append(e.Live(self.now, person.connection, troupe.name, entry))
            troupe.shown[person.user] = entry.seq
        read = troupe.shown[person.user]
        if read > troupe.read[person.user] and person.user in troupe.state.roles:
            troupe.read[person.user] = read
            self.later(self.random.uniform(0.001, 0.05), lambda: self.tell_read(troupe, person.user))

    def tell_read(self, troupe: Troupe, reader: str) -> None:
        read = troupe.read[reader]
        for other in {reader} & troupe.state.roles.keys() if is_channel(troupe.name) else troupe.state.roles:
            if self._of[other].connection:
                self.out.append(e.Marked(self.now, self._of[other].device, troupe.name, reader, 1, read, read))

    def show_all(self, troupe: Troupe) -> None:
        for user in troupe.people:
            self.later(self.random.uniform(0.002, 0.08), lambda user=user: self.show(troupe, self._of[user]))  # type: ignore[misc]

    def deed(self, troupe: Troupe, author: str, change: e.Change, *, surely: bool = False) -> None:
        """Do something in a group; now and then nobody is told whether it happened, and it did or not; in a channel that is looked up."""
        person, op = self._of[author], next(self._ops)
        where = None if change.kind.endswith("_created") else troupe.name
        surely = surely or is_channel(troupe.name)
        self.out.append(
            e.Invoke(self.now, op, "change", person.device, author, person.home, where, None, change)
        )  # fmt: skip
        message = f"m{op:06d}g"

        uncertain = not surely and self.random.random() < self.plan.trouble
        happens = not uncertain or self.random.random() < 0.5  # noqa: PLR2004  # half of those

        def happen() -> None:
            if happens:
                troupe.change(author, message, change)
                self.show_all(troupe)
            done = e.Info(self.now, op, "timeout") if uncertain else e.Ok(self.now, op, troupe.name, message)
            self.out.append(done)
            if is_channel(troupe.name):
                self.look_up(troupe, author)

        self.later(0.001, happen)

    def look_up(self, troupe: Troupe, author: str) -> None:
        """Show somebody the last thing in a log, which they have done; a device that was away is not told it."""
        op = self.invoke(self._of[author], "history", troupe.name)
        self.out += [e.Page(self.now, op, troupe.name, [troupe.log[-1]]), e.Ok(self.now, op)]

    def post(self, troupe: Troupe, number: int) -> None:
        """Post into a group or a channel; who has been removed meanwhile, or is no poster, is refused."""
        author = self.random.choice(troupe.people)
        content, message = digest(f"{self.plan.seed}:{number}"), f"m{number:06d}"
        op = self.invoke(self._of[author], "send", troupe.name, content)

        def judge() -> None:
            if author in troupe.may_post():
                troupe.number(author, message, content)
                self.show_all(troupe)
            else:
                self.out.append(e.Refused(self.now, op, self._of[author].device, "not-a-member"))

        self.ok(op, troupe.name, message, self.now)
        self.later(0.03, judge)

    def number(self, conversation: _Conversation, author: _Person, content: str, message: str) -> None:
        """Append an entry to the log, and show it to both members."""
        entry = e.Sighting(1, len(conversation.log) + 1, message, author.user, content, "unread")
        conversation.log.append(entry)
        self.tell_both(conversation)
        if self.plan.altered and self.random.random() < self.plan.altered:
            for number in range(self.random.randrange(1, 4)):
                self.later(
                    0.2 * number + self.random.uniform(0.1, 0.3), lambda: self.alter(conversation, author, entry)
                )

    def alter(self, conversation: _Conversation, author: _Person, entry: e.Sighting) -> None:
        """Edit or delete a message, or let its recipient react to it; a deleted one is left alone, and now and then nobody is told what came of it."""
        op = next(self._ops)
        kind = self.random.choice((e.EDITED, e.EDITED, e.DELETED, e.REACTED))
        actor = author if kind != e.REACTED else next(one for one in conversation.members if one is not author)
        text = digest(f"{entry.message} {op}") if kind == e.EDITED else ""
        change = e.Change(kind, target=entry.message, text=text, of=entry.content or "")
        where = conversation.name
        self.out.append(e.Invoke(self.now, op, "change", actor.device, actor.user, actor.home, where, None, change))
        message, uncertain = f"m{op:06d}a", self.random.random() < self.plan.trouble

        def happen() -> None:
            if conversation.retold.refuses(actor.user, change):
                self.out.append(e.Fail(self.now, op, "message-deleted"))
                return
            told = e.Change(kind, target=entry.message, text=text)
            seq = len(conversation.log) + 1
            conversation.log.append(e.Sighting(1, seq, message, actor.user, digest(message), "unread", 0, told))
            conversation.retold.take(seq, actor.user, told)
            self.tell_both(conversation)
            done = e.Info(self.now, op, "timeout") if uncertain else e.Ok(self.now, op, where, message)
            self.out.append(done)

        self.later(0.001, happen)

    def tell_both(self, conversation: _Conversation) -> None:
        for person in conversation.members:
            self.later(self.random.uniform(0.002, 0.08), lambda person=person: self.tell(conversation, person))  # type: ignore[misc]

    def go_on(self, number: int) -> None:
        """Send what is next: each third into a group, if there is one, where something is done after each third of those."""
        if not self.troupes or number % 3 < 2:  # noqa: PLR2004  # see above
            self.send(number)
            return
        turn = number // 3
        troupe = self.troupes[turn % len(self.troupes)]
        self.post(troupe, number)
        if turn % 3 == 2:  # noqa: PLR2004  # see above
            self.later(0.04, lambda: self.deed(troupe, *troupe.next_deed(turn // 3)))

    def send(self, number: int) -> None:
        """Invoke a send, and decide what becomes of it."""
        conversation = self.random.choice(self.conversations)
        author = self.random.choice(conversation.members)
        content, message = digest(f"{self.plan.seed}:{number}"), f"m{number:06d}"
        numbered = max(self.now + self.random.uniform(0.001, 0.03), author.busy_until)
        author.busy_until = numbered

        def appear() -> None:
            self.number(conversation, author, content, message)

        op = self.invoke(author, "send", conversation.name, content)
        fate = self.random.random()
        trouble = self.plan.trouble
        if fate >= trouble or number < self.plan.people:
            self.later(numbered - self.now, appear)
            self.ok(op, conversation.name, message, numbered)
        elif fate < trouble * 0.2:
            self.later(0.01, lambda: self.out.append(e.Fail(self.now, op, "too-large")))
        elif fate < trouble * 0.4:
            self.later(3.0, lambda: self.out.append(e.Info(self.now, op, "timeout")))
        elif fate < trouble * 0.6:
            self.later(3.0, lambda: self.out.append(e.Info(self.now, op, "timeout")))
            self.later(self.random.uniform(0.1, 6.0), appear)
        elif fate < trouble * 0.8:
            self.ok(op, conversation.name, message, numbered)
            refused = e.Refused(numbered + 0.5, op, author.device, "recipient-unknown")
            self.later(numbered + 0.5 - self.now, lambda: self.out.append(refused))
        else:
            self.later(numbered - self.now, appear)
            self.later(0.1, lambda: self.out.append(e.Info(self.now, op, "outcome-unknown")))
            self.later(0.5, lambda: self.again(author, conversation, content, message))

    def again(self, author: _Person, conversation: _Conversation, content: str, message: str) -> None:
        """Repeat a send whose outcome was unknown; it is the same message."""
        op = self.invoke(author, "send", conversation.name, content)
        self.ok(op, conversation.name, message, self.now)

    def ok(self, op: int, conversation: str, message: str, numbered: float) -> None:
        at = max(numbered, self.now) + self.random.uniform(0.0, 0.02)
        self.later(at - self.now, lambda: self.out.append(e.Ok(self.now, op, conversation, message)))

    def invoke(self, person: _Person, kind: str, conversation: str, content: str | None = None) -> int:
        op = next(self._ops)
        region = self.random.choice(self.plan.regions)
        assert kind in ("send", "history")
        self.out.append(
            e.Invoke(self.now, op, "send" if kind == "send" else "history", person.device, person.user, region, conversation, content)
        )  # fmt: skip
        return op

    def read(self, conversation: _Conversation, person: _Person) -> Iterator[e.Event]:
        """Read a whole history; what it shows is marked by whom it was read."""
        op = self.invoke(person, "history", conversation.name)
        for start in range(0, len(conversation.log), PAGE):
            self.until(self.now + 0.001)
            yield from self.drain()
            page = [self.status(conversation, entry) for entry in conversation.log[start : start + PAGE]]
            yield e.Page(self.now, op, conversation.name, page)
        yield from self.drain()
        yield e.Ok(self.now, op, whole=True)

    def read_group(self, troupe: Troupe, user: str) -> Iterator[e.Event]:
        """Read what one may see of a group, page by page."""
        op, above, last = self.invoke(self._of[user], "history", troupe.name), 0, -1
        while above != last:
            self.until(self.now + 0.001)
            yield from self.drain()
            page, last = troupe.page(user, above)[:PAGE], above
            yield e.Page(self.now, op, troupe.name, page)
            above = page[-1].seq if page else above
        yield from self.drain()
        yield e.Ok(self.now, op, whole=True)

    def status(self, conversation: _Conversation, entry: e.Sighting) -> e.Sighting:
        other = next(person.user for person in conversation.members if person.user != entry.sender)
        status = "read" if entry.seq <= conversation.read[other] else "unread"
        return replace(conversation.retold.page(entry), status=status)

    def probe(self) -> None:
        """Everybody asks for what is not theirs, and is told that there is no such thing."""
        for person in self.people:
            for conversation in self.conversations:
                if person not in conversation.members:
                    op = self.invoke(person, "history", conversation.name)
                    self.out.append(e.Fail(self.now, op, "not-found"))
            for troupe in self.troupes:
                if person.user not in troupe.people:
                    self.out.append(e.Fail(self.now, self.invoke(person, "history", troupe.name), "not-found"))

    def digests(self) -> None:
        for conversation in self.conversations:
            if conversation.log:
                of_all = digest("".join(entry.content or "" for entry in conversation.log))
                for region in {person.home for person in conversation.members}:
                    last = len(conversation.log)
                    self.out.append(e.Digest(self.now, region, conversation.name, 1, last, of_all))
        for troupe in self.troupes:  # the first entry is what all three homes have of it for certain
            for region in {self._of[user].home for user in troupe.people}:
                self.out.append(e.Digest(self.now, region, troupe.name, 1, 1, digest(troupe.name)))

    def drain(self) -> Iterator[e.Event]:
        yield from self.out
        self.out.clear()


def rehearse(plan: Plan) -> Iterator[e.Event]:
    """Make up a good ledger.

    Args:
        plan: What is rehearsed; the same plan gives the same ledger.

    Returns:
        Its events, in order of time.
    """
    play = _Rehearsal(plan)
    play.begin()
    seconds = plan.messages / plan.rate
    third = seconds / (2 * plan.faults + 1)
    for number in range(plan.faults):
        begin, name = third * (2 * number + 1), f"f{number}"
        play.later(begin, lambda name=name: play.out.append(e.FaultBegun(play.now, name, "kill", "us/projector")))  # type: ignore[misc]
        play.later(begin + third / 4, lambda name=name: play.out.append(e.FaultSeen(play.now, name, "status")))  # type: ignore[misc]
        play.later(begin + third, lambda name=name: play.out.append(e.FaultEnded(play.now, name)))  # type: ignore[misc]
    for number in range(plan.messages):
        play.until((number + 1) / plan.rate)
        play.go_on(number)
        if play.random.random() < plan.trouble / 10:
            play.disconnect(play.random.choice(play.people))
        if play.random.random() < plan.trouble / 10:
            conversation = play.random.choice(play.conversations)
            yield from play.read(conversation, play.random.choice(conversation.members))
        yield from play.drain()
    play.finish()
    play.until(play.now + 10.0)
    play.out.append(e.Settled(play.now))
    for conversation in play.conversations:
        for person in conversation.members:
            for _ in plan.regions:
                yield from play.read(conversation, person)
    for troupe in play.troupes:
        for user in troupe.people:
            yield from play.read_group(troupe, user)
    play.probe()
    play.digests()
    play.out.append(e.Ended(play.now))
    yield from play.drain()
