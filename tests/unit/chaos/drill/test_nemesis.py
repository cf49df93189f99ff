"""The nemesis carries a schedule out, slot after slot, and notes only what a witness saw."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

import pytest

from chaos.drill import nemesis
from chaos.drill.faults.injector import NotPossibleError
from chaos.drill.nemesis import Nemesis, NotHealedError, NotRecoveredError
from chaos.drill.schedule import Fault, Kind
from chaos.judge import events as e
from chaos.judge.ledger import Ledger, read
from infra.local.control import Act, Request, Reshape, Status
from infra.local.supervisor import LinksDownError

LIMIT_SECONDS = 30.0


class Injector:
    """Strikes nothing; tells what was asked of it.

    Attributes:
        calls: In order.
    """

    def __init__(self, *, possible: bool = True, seen: bool = True, recovers: bool = True) -> None:
        """Say how it goes."""
        self.calls: list[str] = []
        self.is_on = asyncio.Event()
        self._possible, self._seen, self._recovers = possible, seen, recovers

    async def put_on(self) -> None:
        """Take note."""
        self.calls.append("put on")
        if not self._possible:
            self.is_on.set()
            raise NotPossibleError(reason="so it is.")
        self.is_on.set()

    async def saw(self) -> str:
        """See it once it is on, or never."""
        await (self.is_on if self._seen else asyncio.Event()).wait()
        return "it is on"

    async def take_off(self) -> None:
        """Take note."""
        self.calls.append("taken off")

    async def recovered(self) -> None:
        """Be well at once, or never."""
        if not self._recovers:
            await asyncio.Event().wait()

    async def abandon(self) -> None:
        """Take note."""
        self.calls.append("abandoned")


FaultEvent = e.FaultBegun | e.FaultSeen | e.FaultEnded | e.Decided
Play = Callable[..., Awaitable[list[FaultEvent]]]


def fault(number: int, *, slot: int = 1, later: float = 0.0) -> Fault:
    """Return a fault that lasts a moment."""
    return Fault(number, slot, 0.0, Kind.KILL, f"part {number}", 0.05, later, rest=0.0)


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Play:
    """Give the test a way to carry faults out, and to see what the ledger has of them."""
    status = Status("healthy", "/home", None, {}, {})
    monkeypatch.setattr("chaos.drill.nemesis.control.ask", lambda *_: status)
    monkeypatch.setattr(nemesis, "RECOVERY_SECONDS", 0.1)
    monkeypatch.setattr(nemesis, "SIGHT_SECONDS", 0.1)

    async def carry_out(
        faults: dict[Fault, Injector], under_way: Callable[[], AbstractSet[str]] = frozenset
    ) -> list[FaultEvent]:
        by_name = {one.name: injector for one, injector in faults.items()}
        monkeypatch.setattr(nemesis, "injector_of", lambda one, *_: by_name[one.name])
        path = tmp_path / "ledger.jsonl"
        try:
            with Ledger(path, seed=1) as ledger:
                async with asyncio.timeout(LIMIT_SECONDS):
                    await Nemesis(Path("/home"), ledger, under_way).run(list(faults), elapsed=ledger.now)
        finally:
            events = [event for _, event in read(path)]
        return [event for event in events if isinstance(event, FaultEvent)]

    return carry_out


def told(events: list[FaultEvent]) -> list[str]:
    """Return the events in short."""
    return [f"{type(event).__name__.removeprefix('Fault').lower()} {event.fault}" for event in events]


async def test_slots_follow_one_another(play: Play) -> None:
    """Nothing begins before what came before it is over; what was seen is noted while it lasts."""
    events = await play({fault(1): Injector(), fault(2, slot=2): Injector()})

    assert told(events) == ["begun f1", "seen f1", "ended f1", "begun f2", "seen f2", "ended f2"]


def holding_up(times: int, asked: list[int]) -> Iterator[AbstractSet[str]]:
    """Return what is under way each time that somebody asks: something new, and so many times what an earlier fault has held up."""
    for number in range(1_000):
        asked.append(number)
        yield {f"new {number}", *(["held up"] if number < times else [])}


@pytest.mark.parametrize("times", [6, 1_000])
async def test_what_an_earlier_fault_has_held_up_comes_before_somebody_is_spared(
    play: Play, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Other messages may be under way by then; and what never comes is not waited for without end."""
    monkeypatch.setattr(nemesis, "LATE_SECONDS", 0.01)
    monkeypatch.setattr(nemesis, "CATCHING_UP_SECONDS", LIMIT_SECONDS if times == 6 else 0.1)
    spares = replace(fault(2, slot=2), expects=e.Expectation(spares=(("us",),)))
    asked: list[int] = []
    comes = holding_up(times, asked)

    events = await play({fault(1): Injector(), spares: Injector()}, lambda: next(comes))

    meant = ["begun f1", "seen f1", "ended f1", "begun f2", "seen f2", "ended f2"]
    assert told(events) == (meant if times == 6 else [*meant[:3], "decided f2", *meant[3:]])
    assert (len(asked) > times) is (times == 6)


async def test_whom_nobody_spares_is_waited_for_by_nobody(play: Play) -> None:
    """Such a fault begins when it is its turn."""

    def under_way() -> AbstractSet[str]:
        pytest.fail("nobody asks for it")

    assert told(await play({fault(1): Injector(), fault(2, slot=2): Injector()}, under_way))[-1] == "ended f2"


async def test_faults_of_a_slot_meet(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second begins while the first lasts, which here is until a moment after the second is on."""
    monkeypatch.setattr(nemesis, "SIGHT_SECONDS", LIMIT_SECONDS)
    first, second = Injector(), Injector()
    first.saw = second.saw  # type: ignore[method-assign]
    events = await play({fault(1): first, fault(2, later=0.02): second})

    assert told(events).index("begun f2") < told(events).index("ended f1")


async def test_what_cannot_be_put_on_is_not_seen(play: Play) -> None:
    """Though something looks like it; the judge is told why it could not be, and the drill goes on."""
    events = await play({fault(1): Injector(possible=False), fault(2, slot=2): Injector()})

    assert told(events) == ["begun f1", "ended f1", "begun f2", "seen f2", "ended f2"]
    assert [bool(event.failed) for event in events if isinstance(event, e.FaultEnded)] == [True, False]


async def test_a_fault_lasts_its_time_from_when_it_is_seen(play: Play) -> None:
    """However long the witness of a busy machine needs; so enough is sent while it is known to be there."""
    late = Injector()
    put_on = late.put_on

    async def put_on_and_be_seen_later() -> None:
        await put_on()
        late.is_on.clear()
        asyncio.get_running_loop().call_later(0.08, late.is_on.set)

    late.put_on = put_on_and_be_seen_later  # type: ignore[method-assign]
    events = await play({fault(1): late})

    seen, ended = (event.at for event in events[1:])
    assert told(events) == ["begun f1", "seen f1", "ended f1"]
    assert ended - seen >= 0.05


async def test_what_nobody_sees_is_not_noted_as_seen(play: Play) -> None:
    """Whoever put it on does not count."""
    assert told(await play({fault(1): Injector(seen=False)})) == ["begun f1", "ended f1"]


async def test_a_drill_that_is_given_up_undoes_what_the_supervisor_cannot(play: Play) -> None:
    """One part does not become well; the fault that lasts beside it is undone as well."""
    stuck, beside = Injector(recovers=False), Injector(recovers=False)

    with pytest.raises(NotRecoveredError):
        await play({fault(1): stuck, fault(2, later=0.02): beside})

    assert stuck.calls == beside.calls == ["put on", "taken off", "abandoned"]


async def test_healing_tries_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Links first; parts also if no link can be shaped; and what could not be is told, with what to do."""
    asked: list[str] = []

    def ask(_: Path, request: Request, *__: object) -> Status:
        asked.append(type(request).__name__)
        if isinstance(request, Reshape):
            raise LinksDownError
        return Status("healthy", "/home", None, {}, {})

    monkeypatch.setattr("chaos.drill.nemesis.control.ask", ask)
    with (
        Ledger(tmp_path / "ledger", seed=1) as ledger,
        pytest.raises(NotHealedError, match=r"local heal links.*`causeway local heal`"),
    ):
        await Nemesis(Path("/home"), ledger).heal()

    assert asked == ["Ask", "Reshape", "Act"]


async def test_a_request_of_a_drill_that_was_broken_off_does_not_overtake_healing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is under way in a thread, which nobody can cancel: all is healed once it is done, too, or a region would stand still for good."""
    done: list[str] = []
    is_slow, goes_on = threading.Event(), threading.Event()

    def ask(_: Path, request: Request, *__: object) -> Status:
        if isinstance(request, Act) and request.verb == "kill":
            is_slow.set()
            goes_on.wait(LIMIT_SECONDS)
        done.append(request.verb if isinstance(request, Act) else type(request).__name__)
        if done[-1] == "heal":
            goes_on.set()
        return Status("healthy", "/home", None, {}, {})

    monkeypatch.setattr("chaos.drill.nemesis.control.ask", ask)
    with Ledger(tmp_path / "ledger", seed=1) as ledger:
        striker = Nemesis(Path("/home"), ledger)
        striking = asyncio.create_task(striker._ask(Act("kill", ("us/kafka",))))  # noqa: SLF001  # what every fault asks through
        await asyncio.to_thread(is_slow.wait, LIMIT_SECONDS)
        striking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await striking
        async with asyncio.timeout(LIMIT_SECONDS):
            await striker.heal()

    assert done.index("kill") < len(done) - 1
    assert done[-1] == "heal"
    assert done.count("heal") == 2
