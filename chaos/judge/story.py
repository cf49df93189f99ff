"""Short ledgers, told step by step, for what one checker says of one case; `rehearsal` makes long ones."""

from itertools import count

from chaos.judge import events as e
from chaos.judge.judgement import Judgement, judge
from chaos.judge.ledger import numbered
from chaos.judge.sufficiency import Needs

TALK = "d1-us"
ANN, BOB, EVE = "u1-us", "u2-eu", "u3-ap"
HOMES = {ANN: "us", BOB: "eu", EVE: "ap"}


class Story:
    """A ledger told step by step; each step takes a second. Ann and Bob talk, Eve is there, and all are connected."""

    def __init__(self, *, fifo: bool = False, connected: bool = True) -> None:
        self.events: list[e.Event] = [e.Run(0.0, 1, fifo=fifo)]
        self._ops = count(1)
        for user in (ANN, BOB):
            self.events.append(e.Member(0.0, TALK, user, HOMES[user]))
        for user in HOMES if connected else ():
            self.connect(user)

    @property
    def now(self) -> float:
        """Return when the last thing happened."""
        return self.events[-1].at

    def note(self, event: e.Event) -> None:
        """Something happens."""
        self.events.append(event)

    def connect(self, user: str, connection: str = "", *, resumed: bool = False) -> None:
        """A device connects."""
        self.note(e.Opened(self.now + 1, connection or user, "v" + user, user, HOMES[user], resumed))

    def invoke(self, text: str, by: str = ANN) -> int:
        """A send begins."""
        op = next(self._ops)
        self.note(e.Invoke(self.now + 1, op, "send", "v" + by, by, HOMES[by], TALK, text))
        return op

    def send(self, text: str, by: str = ANN) -> int:
        """A send is accepted."""
        op = self.invoke(text, by)
        self.note(e.Ok(self.now + 1, op, TALK, "m" + text))
        return op

    def fail(self, text: str) -> None:
        """Ann sends, and is told that it certainly did not happen."""
        op = self.invoke(text)
        self.note(e.Fail(self.now + 1, op, "busy"))

    def time_out(self, text: str) -> None:
        """Ann sends, and is told nothing."""
        op = self.invoke(text)
        self.note(e.Info(self.now + 1, op, "timeout"))

    def entry(self, text: str | None, seq: int, epoch: int = 1, status: str = "") -> e.Sighting:
        """Return an entry; texts of Bob begin with a b."""
        return e.Sighting(epoch, seq, f"m{text}", BOB if (text or "").startswith("b") else ANN, text, status)

    def show(
        self, user: str, text: str | None, seq: int, *, epoch: int = 1, over: str = "", again: bool = False
    ) -> None:
        """A device is shown an entry."""
        self.note(e.Live(self.now + 1, over or user, TALK, self.entry(text, seq, epoch), again))

    def show_both(self, text: str, seq: int, epoch: int = 1) -> None:
        """Both are shown an entry."""
        for user in (ANN, BOB):
            self.show(user, text, seq, epoch=epoch)

    def read(self, user: str, *entries: e.Sighting, whole: bool = True) -> None:
        """A history is read."""
        op = next(self._ops)
        self.note(e.Invoke(self.now + 1, op, "history", "v" + user, user, HOMES[user], TALK))
        self.note(e.Page(self.now + 1, op, TALK, list(entries)))
        self.note(e.Ok(self.now + 1, op, whole=whole))

    def settle(self) -> None:
        """All has had its time."""
        self.note(e.Settled(self.now + 10))

    def judged(self, *, settled: bool = True) -> Judgement:
        """Judge it; settled at its end, if it did not settle before."""
        if settled and not any(isinstance(event, e.Settled) for event in self.events):
            self.settle()
        return judge(numbered([*self.events, e.Ended(self.now)]), Needs(faults=0))
