"""Who waits for what becomes of a submission: requests over HTTP, and devices whose send may turn out to be a conflict.

A request is answered by the projector's output, which fan-out publishes to this gateway; should that not come, the store is
asked; and when time is up, the answer is that the outcome is unknown.
"""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import prometheus_client
import psycopg
from prometheus_client import Gauge

from infra.errors import BusyError, OutcomeUnknownError
from infra.postgres import STORE_FAILURES
from region.gateway.journal import Journal
from replication.records import Entry, Outcome, Refusal, Submission

FIRST_LOOK: Final = 1.0
"""After how many seconds the store is asked for the first time; and between two looks after that."""
LOOK_SECONDS: Final = 2.0
"""How long a request waits for one look; a store that stands still lets go of it only later, behind."""
LAST_LOOK: Final = 0.5
"""How long the last one may take beyond the deadline."""
DEADLINE: Final = 8.5
"""Seconds until the answer is that the outcome is unknown: more than several brokers are given to do without one of them
(`region.gateway.journal`); with the last look it is less than the 10 s for which an edge waits (`relay.edge.app`)."""
MOST_IN_FLIGHT: Final = 50_000
MOST_WAITING: Final = 2_000
"""Requests that may wait for an outcome; each holds its connection and its body, and may ask the store."""
MOST_EACH: Final = 1_000
WINDOW_SECONDS: Final = 30.0
"""So many sends of one user may lack an outcome, of those within that time: whoever sends more than is projected is told so.
Older ones do not count: an outcome may have been missed here, for good."""

WAITING = Gauge("causeway_gateway_waiting_requests", "Requests that wait for the projector's outcome.")
IN_FLIGHT = Gauge("causeway_gateway_in_flight_sends", "Sends of devices whose outcome has not come by yet.")
ANSWERED = prometheus_client.Counter(
    "causeway_gateway_outcomes_total", "Requests that waited for an outcome, by what answered them.", ["by"]
)
BY_FANOUT, BY_STORE, BY_NOBODY = (ANSWERED.labels(by) for by in ("fanout", "store", "nobody"))

Decision: TypeAlias = Entry | Refusal | Submission | Outcome
"""What became of a submission; a submission is one that is pending."""

Look = Callable[[], Awaitable[Decision | None]]
"""Asks the store what became of a submission; None while nothing has."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The answer to a submission.

    Attributes:
        decision: What became of it.
        known: Whether it repeats the outcome of an earlier submission.
    """

    decision: Decision
    known: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    content_hash: bytes
    future: "asyncio.Future[Decided]"


class Expected:
    """What is to become of a submission, which somebody else appends; a context manager, in which it may be waited for."""

    def __init__(self, outcomes: "Outcomes", identifier: str, content_hash: bytes) -> None:
        """Wait from now on; see `Outcomes.expect`."""
        future: asyncio.Future[Decided] = asyncio.get_running_loop().create_future()
        self._outcomes, self._identifier = outcomes, identifier
        self._waiter = outcomes.enter(identifier, _Waiter(content_hash, future))

    def __enter__(self) -> "asyncio.Future[Decided]":
        """Return what is done when it is decided."""
        return self._waiter.future

    def __exit__(self, *_: object) -> None:
        """Wait no more."""
        self.forget()

    def accepts(self, decision: Decision) -> bool:
        """Whether that is what was sent, numbered or queued: no refusal, and no other text under its id."""
        return isinstance(decision, Entry | Submission) and decision.content_hash == self.content_hash

    @property
    def content_hash(self) -> bytes:
        """Of what was sent."""
        return self._waiter.content_hash

    def forget(self) -> None:
        """Wait no more."""
        self._outcomes.leave(self._identifier, self._waiter)


class Outcomes:
    """Waiting requests by submission id."""

    def __init__(self, journal: Journal) -> None:
        """Say where submissions are appended."""
        self._journal = journal
        self._waiting: dict[str, list[_Waiter]] = {}
        self._looks: set[asyncio.Task[Decision | None]] = set()
        self._count = 0

    async def submit(self, submission: Submission, look: Look) -> Decided:
        """Append a submission and wait for what becomes of it.

        Args:
            submission: Whose `reply_to` names this gateway.
            look: How to ask the store, should the answer not come.

        Raises:
            UnavailableError: The journal is away; nothing was sent.
            BusyError: Too many requests wait; nothing was sent.
            OutcomeUnknownError: Neither fan-out nor the store told in time.
        """
        if self._count >= MOST_WAITING:
            raise BusyError(what="This gateway")
        future: asyncio.Future[Decided] = asyncio.get_running_loop().create_future()
        waiter = self.enter(submission.id, _Waiter(submission.content_hash, future))
        self._count += 1
        WAITING.inc()
        try:
            appended = await self._journal.send(submission)
            return await self._await(submission, appended, future, look)
        finally:
            self._count -= 1
            WAITING.dec()
            self.leave(submission.id, waiter)

    def expect(self, identifier: str, content_hash: bytes) -> Expected:
        """Return what tells, from now on, when a submission of that id and content is decided; whoever takes it bounds how many there are."""
        return Expected(self, identifier, content_hash)

    def resolve(self, identifier: str, decided: Decided) -> None:
        """Tell whoever waits for that submission and sent that content: who sent another under the same id is told of its own conflict."""
        decision = decided.decision
        anybody = isinstance(decision, Outcome) and not decision.code
        for waiter in self._waiting.get(identifier, ()):
            if not waiter.future.done() and (anybody or waiter.content_hash == decision.content_hash):
                waiter.future.set_result(decided)
                BY_FANOUT.inc()

    async def _await(
        self, submission: Submission, appended: "asyncio.Future[int]", future: "asyncio.Future[Decided]", look: Look
    ) -> Decided:
        clock = asyncio.get_running_loop().time
        deadline = clock() + DEADLINE
        looking: asyncio.Task[Decision | None] | None = None
        while True:
            await asyncio.wait({future}, timeout=min(FIRST_LOOK, max(0.0, deadline - clock())))
            if future.done():
                return future.result()
            looking = looking or self._begin_look(look)
            either: tuple[asyncio.Future[Any], ...] = (future, looking)
            patience = min(LOOK_SECONDS, max(LAST_LOOK, deadline - clock()))
            await asyncio.wait(either, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if future.done():
                return future.result()
            if looking.done():
                decision, looking = looking.result(), None
                if decision is not None:
                    BY_STORE.inc()
                    return Decided(decision, known=False)
            failed = appended.done() and (appended.cancelled() or appended.exception() is not None)
            if failed or clock() >= deadline:
                BY_NOBODY.inc()
                what = "The message" if submission.conversation_id else "The change"
                extra = {"message_id": submission.id} if submission.conversation_id else {}
                raise OutcomeUnknownError(what=what, **extra)

    async def look(self, look: Look) -> Decision | None:
        """Ask the store once.

        Raises:
            TimeoutError: It does not answer in time.
        """
        looking = self._begin_look(look)
        await asyncio.wait({looking}, timeout=LOOK_SECONDS)
        if not looking.done():
            raise TimeoutError
        return looking.result()

    def _begin_look(self, look: Look) -> "asyncio.Task[Decision | None]":
        """Ask the store by a task of its own: psycopg waits on with a server that stands still, even when it is cancelled."""
        looking = asyncio.create_task(_look(look))
        self._looks.add(looking)
        looking.add_done_callback(self._looks.discard)
        return looking

    def enter(self, identifier: str, waiter: "_Waiter") -> "_Waiter":
        """Note who waits, and return it."""
        self._waiting.setdefault(identifier, []).append(waiter)
        return waiter

    def leave(self, identifier: str, waiter: "_Waiter") -> None:
        """Forget who waited."""
        waiting = self._waiting[identifier]
        waiting.remove(waiter)
        if not waiting:
            del self._waiting[identifier]


async def _look(look: Look) -> Decision | None:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await look()
    except (*STORE_FAILURES, psycopg.Error, TimeoutError):
        return None


@dataclass(frozen=True, slots=True)
class Sent:
    """A send of a device, for as long as its outcome has not come by.

    Attributes:
        user_id: Whose device.
        client_message_id: What the device called it.
        conversation_id: Where it goes.
    """

    user_id: str
    client_message_id: str
    conversation_id: str


class InFlight:
    """Sends of devices by message id and content, as often as they were sent; the oldest are forgotten when there are too many.

    By content as well: the late answer to one send must not be taken for that to another text under the same name.
    """

    def __init__(
        self, most: int = MOST_IN_FLIGHT, *, each: int = MOST_EACH, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin empty.

        Args:
            most: How many are remembered.
            each: How many of one user may lack an outcome at a time; 0 for any number.
            clock: Tells seconds.
        """
        self._sent: OrderedDict[tuple[str, bytes], tuple[Sent, int]] = OrderedDict()
        self._fresh: OrderedDict[tuple[str, bytes], tuple[str, float]] = OrderedDict()
        self._of_user: Counter[str] = Counter()
        self._most = most
        self._each = each
        self._clock = clock

    def __len__(self) -> int:
        """How many messages wait, by content."""
        return len(self._sent)

    def has_room(self, user_id: str) -> bool:
        """Whether that user may send one more: not so while too many of the last half minute have no outcome."""
        long_ago = self._clock() - WINDOW_SECONDS
        while self._fresh and next(iter(self._fresh.values()))[1] < long_ago:
            self._uncount(next(iter(self._fresh)))
        return not self._each or self._of_user[user_id] < self._each

    def add(self, message_id: str, content_hash: bytes, sent: Sent) -> None:
        """Remember a send; those of the same id and content are the same, so they are counted."""
        key = message_id, content_hash
        _, times = self._sent.get(key, (sent, 0))
        self._sent[key] = sent, times + 1
        if key not in self._fresh:
            self._fresh[key] = sent.user_id, self._clock()
            self._of_user[sent.user_id] += 1
        if len(self._sent) > self._most:
            oldest, _ = self._sent.popitem(last=False)
            self._uncount(oldest)

    def pop(self, message_id: str, content_hash: bytes) -> Sent | None:
        """Forget one send of that id and content, and return it."""
        key = message_id, content_hash
        sent, times = self._sent.get(key, (None, 0))
        if sent is None:
            return None
        self._uncount(key)
        if times == 1:
            del self._sent[key]
        else:
            self._sent[key] = sent, times - 1
        return sent

    def _uncount(self, key: tuple[str, bytes]) -> None:
        user_id, _ = self._fresh.pop(key, ("", 0.0))
        if user_id:
            self._of_user[user_id] -= 1
            if not self._of_user[user_id]:
                del self._of_user[user_id]

    def measure(self) -> None:
        """Report how many there are."""
        IN_FLIGHT.set(len(self._sent))
