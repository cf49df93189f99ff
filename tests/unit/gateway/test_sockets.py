"""A device's socket from outside, on fakes: what its sends leave behind, and what it is told when it comes or sends too often."""

import asyncio
import json
import random
from dataclasses import dataclass, field
from typing import cast

import pytest
from redis.asyncio import Redis
from starlette.types import Message

from infra.errors import UnavailableError
from infra.tasks import beside
from region.accounts.tokens import AccessClaims, refused
from region.gateway import acknowledging as acknowledging_module
from region.gateway import sockets as sockets_module
from region.gateway.acknowledging import Acknowledging, Mode
from region.gateway.alterations.composing import Composer
from region.gateway.arrivals import Arrivals
from region.gateway.callers import Callers
from region.gateway.connection import Connection, Limits
from region.gateway.finality import Finality
from region.gateway.guards import Allowances, Guards
from region.gateway.hub import Hub
from region.gateway.interest import Interest
from region.gateway.journal import Journal
from region.gateway.limiter import Limiter
from region.gateway.markkeeper import MarkKeeper
from region.gateway.outcomes import Decided, InFlight, Outcomes
from region.gateway.rates import Rate
from region.gateway.recipients import Recipients
from region.gateway.session import GOING_AWAY, CatchUp, Snapshot
from region.gateway.sockets import AWAY_STEP_SECONDS, TRY_AGAIN_LATER, Sockets
from region.gateway.submissions import Clerk
from region.store.repository.copies import Reach
from replication.ids import direct_conversation_id
from replication.records import Outcome, Refusal, Submission

ADA, BOB = "u" + "a" * 24 + "-us", "u" + "b" * 24 + "-us"
PLENTY = Rate(1_000_000, 1)
Frame = dict[str, object]
HELLO: Frame = {"type": "hello", "resume": None, "held": None}


class AlwaysHere(Limiter):
    """A limiter whose Redis grants everything, by a clock that stands still."""

    def __init__(self) -> None:
        super().__init__(cast("Redis", None), clock=lambda: 1000.0)
        self._away_until = float("inf")


@dataclass
class Region:
    """Everything that a socket stands on; the journal may be away.

    Attributes:
        away: Whether the journal is.
        stored: Set when the store can be read.
        problem: What is wrong with every token; empty: nothing.
        sent: What was appended.
    """

    away: bool = False
    problem: str = ""
    stored: asyncio.Event = field(default_factory=asyncio.Event)
    sent: list[Submission] = field(default_factory=list)

    def known(self, author: str, named: str) -> tuple[str, str]:
        """Find a recipient."""
        return direct_conversation_id(author, named), named

    async def resident(self, _token: str | None) -> AccessClaims:
        """Everybody is Ada, unless tokens are found wrong."""
        if self.problem:
            raise refused(self.problem, "for a test")
        return AccessClaims(sub=ADA, home="us", epoch=1, device="v1", iss="us", iat=0, exp=0)

    async def register(self, _user: str) -> bool:
        """Register interest."""
        return True

    async def settled(self, _user: str) -> bool:
        """Interest is registered."""
        return True

    def withdraw(self, _user: str) -> None:
        """Withdraw interest."""

    async def read(self, _user: str, _device: str, _wanted: CatchUp) -> Snapshot:
        """Read a snapshot."""
        await self.stored.wait()
        return Snapshot({0: 0}, 1, [], [])

    async def send(self, submission: Submission) -> "asyncio.Future[int]":
        """Append to the journal."""
        if self.away:
            raise UnavailableError(what="The journal")
        self.sent.append(submission)
        appended = asyncio.get_running_loop().create_future()
        appended.set_result(0)
        return appended


@dataclass
class Scene:
    """A gateway's sockets.

    Attributes:
        region: What they stand on.
        sockets: The sockets.
        in_flight: Sends whose outcome is not known.
        outcomes: Who waits for outcomes.
    """

    region: Region
    sockets: Sockets
    in_flight: InFlight
    outcomes: Outcomes


class Device:
    """One device's WebSocket: what it was told, and how it ended."""

    def __init__(self, scene: Scene) -> None:
        """Connect."""
        self.told: list[Frame] = []
        self.close: tuple[int, str] | None = None
        self._coming: asyncio.Queue[Message] = asyncio.Queue()
        self._changed = asyncio.Event()
        self._coming.put_nowait({"type": "websocket.connect"})
        scope = {"type": "websocket", "path": "/ws", "headers": [], "query_string": b""}
        self.serving = asyncio.create_task(scene.sockets.serve(scope, self._coming.get, self._take))

    def say(self, frame: Frame) -> None:
        """Send a frame."""
        self._coming.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})

    def send(self, name: str) -> None:
        """Send a message."""
        self.say({"type": "send", "client_message_id": name, "recipient_id": BOB, "text": "hi"})

    async def leave(self) -> None:
        """Disconnect."""
        self._coming.put_nowait({"type": "websocket.disconnect"})
        await asyncio.wait_for(self.serving, 30)

    async def until(self, kind: str, count: int = 1) -> list[Frame]:
        """Wait until that many frames of a type were told."""
        async with asyncio.timeout(30):
            while len(found := [frame for frame in self.told if frame.get("type") == kind]) < count:
                self._changed.clear()
                await self._changed.wait()
        return found

    async def _take(self, message: Message) -> None:
        if message["type"] == "websocket.close":
            self.close = message["code"], message["reason"]
        elif message["type"] == "websocket.send":
            self.told.append(json.loads(message["text"]))
        self._changed.set()


def scene(
    *,
    away: bool = False,
    arriving: int = 100,
    frames: Rate = PLENTY,
    device: Rate = PLENTY,
    connect: Rate = PLENTY,
    rejected: Rate = PLENTY,
    acknowledging: Acknowledging | None = None,
) -> Scene:
    """Return a gateway's sockets, with those limits."""
    region, in_flight = Region(away), InFlight()
    region.stored.set()
    outcomes = Outcomes(cast("Journal", region))
    hub = Hub(
        region="us",
        instance="us/gateway",
        outcomes=outcomes,
        in_flight=in_flight,
        revoked=lambda _user, _device: None,
        repeated=lambda _entry: None,
    )
    hub.restore()
    allowances = Allowances(
        register=PLENTY,
        register_through=PLENTY,
        login_address=PLENTY,
        login_handle=PLENTY,
        login_anywhere=PLENTY,
        login_through=PLENTY,
        connect=connect,
        connect_user=PLENTY,
        send_device=device,
        send_user=PLENTY,
        upload=PLENTY,
        find=PLENTY,
        look=PLENTY,
        profile=PLENTY,
        rejected=rejected,
    )
    sockets = Sockets(
        region="us",
        callers=cast("Callers", region),
        hub=hub,
        interest=cast("Interest", region),
        read=region.read,
        recipients=cast("Recipients", region),
        clerk=Clerk(region="us", instance="us/gateway"),
        journal=cast("Journal", region),
        in_flight=in_flight,
        marks=cast("MarkKeeper", region),
        limits=Limits(),
        guards=Guards(AlwaysHere(), allowances, region="us"),
        arrivals=Arrivals(most=arriving, most_open=arriving, chance=lambda: 0.5),
        frames_rate=frames,
        composer=cast("Composer", None),
        outcomes=outcomes,
        acknowledging=acknowledging or Acknowledging(),
    )
    return Scene(region, sockets, in_flight, outcomes)


async def test_a_send_that_did_not_reach_the_journal_is_not_waited_for() -> None:
    """It is refused at once, and nothing is remembered of it."""
    there = scene(away=True)
    device = Device(there)
    device.say(HELLO)
    device.send("c1")

    (error,) = await device.until("error")
    await device.leave()

    assert (error["code"], error["definite"], error["client_message_id"]) == ("unavailable", True, "c1")
    assert len(there.in_flight) == 0


async def test_a_device_that_sends_too_often_is_told_how_long_to_wait() -> None:
    """Definitely: what it sent is not in the journal. The connection lives on."""
    device = Device(scene(device=Rate(2, 10)))
    device.say(HELLO)
    for name in ("a", "b", "c"):
        device.send(name)

    (error,) = await device.until("error")
    assert (error["code"], error["status"], error["definite"]) == ("rate-limited", 429, True)
    assert (error["client_message_id"], error["retry_after"]) == ("c", 5.0)
    assert len(await device.until("accepted", 2)) == 2
    device.say({"type": "ping", "nonce": "1"})
    await device.until("pong")
    await device.leave()


@pytest.mark.parametrize("kind", ["send", "ping"])
async def test_a_device_that_goes_on_is_cut_off(kind: str) -> None:
    """Whatever it floods the region with; it is told how long to stay away."""
    device = Device(scene(device=Rate(2, 10), frames=PLENTY if kind == "send" else Rate(50, 10)))
    device.say(HELLO)
    for number in range(2_100):
        if kind == "send":
            device.send(f"c{number}")
        else:
            device.say({"type": "ping", "nonce": "1"})
    await asyncio.wait_for(device.serving, 30)

    assert device.close == (4429, "rate-limited")
    assert (await device.until("error"))[-1]["retry_after"] == 5.0


async def test_a_device_that_connects_too_often_is_turned_away() -> None:
    """With the seconds to wait, before anything is read for it."""
    there = scene(connect=Rate(1, 60))
    await Device(there).leave()
    device = Device(there)
    await asyncio.wait_for(device.serving, 30)

    assert device.close == (4429, "rate-limited")
    assert (device.told[0]["code"], device.told[0]["retry_after"]) == ("rate-limited", 60.0)


@pytest.mark.parametrize(
    ("problem", "code"), [("forged", 4429), ("missing", 4429), ("expired", 4401), ("revoked", 4401)]
)
async def test_strangers_who_connect_too_often_are_told_when_to_come_again(problem: str, code: int) -> None:
    """Whose token has expired, or whose device was logged out, is no stranger, and must hear of it."""
    there = scene(rejected=Rate(2, 60))
    there.region.problem = problem
    closes = []
    for _ in range(3):
        device = Device(there)
        await asyncio.wait_for(device.serving, 30)
        closes.append(device.close and device.close[0])

    assert closes == [4401, 4401, code]


async def test_only_so_many_devices_are_on_their_way_in() -> None:
    """Another one is told when to come again; who was welcomed, or has left, makes room."""
    there = scene(arriving=2)
    there.region.stored.clear()
    first, second, third = (Device(there) for _ in range(3))
    await asyncio.wait_for(third.serving, 30)
    assert third.close == (1013, "busy")
    assert (third.told[0]["code"], third.told[0]["definite"], third.told[0]["retry_after"]) == ("busy", True, 3.0)

    await first.leave()
    fourth = Device(there)
    for device in (second, fourth):
        device.say(HELLO)
    there.region.stored.set()
    for device in (second, fourth):
        await device.until("welcome")
        await device.leave()


async def test_a_send_that_the_standby_is_to_have_is_accepted_when_it_has_it() -> None:
    """Not when the journal has it; and the device is told to keep what it sends until then."""
    confirmed = asyncio.Event()

    async def look() -> Reach:
        return Reach(1, 1 if confirmed.is_set() else 0)

    finality = Finality(look)
    there = scene(acknowledging=Acknowledging(usual=Mode.REPLICATED, seconds=30, finality=finality))
    async with beside(finality.run()):
        device = Device(there)
        device.say(HELLO)
        device.send("c1")
        assert (await device.until("welcome"))[0]["until_accepted"] is True
        async with asyncio.timeout(30):
            while len(there.in_flight) == 0:  # noqa: ASYNC110 — a send raises no event
                await asyncio.sleep(0.01)
        [sent] = there.region.sent
        there.outcomes.resolve(sent.id, Decided(sent, known=False))
        await asyncio.sleep(0.05)
        assert not [frame for frame in device.told if frame["type"] == "accepted"]
        confirmed.set()

        (accepted,) = await device.until("accepted")
        await device.leave()

    assert (accepted["client_message_id"], accepted["replicated"]) == ("c1", True)


async def test_sends_beyond_what_may_wait_for_the_standby_are_refused_before_they_are_appended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Definitely; and a place is free again once the one that held it is answered, or did not reach the journal."""
    monkeypatch.setattr(acknowledging_module, "MOST_WAITING", 1)

    async def look() -> Reach:
        return Reach(1, 1)

    finality = Finality(look)
    there = scene(away=True, acknowledging=Acknowledging(usual=Mode.REPLICATED, seconds=30, finality=finality))
    async with beside(finality.run()):
        device = Device(there)
        device.say(HELLO)
        device.send("c0")
        assert (await device.until("error"))[0]["code"] == "unavailable"
        there.region.away = False
        device.send("c1")
        device.send("c2")
        refused_ = (await device.until("error", 2))[1]
        assert (refused_["code"], refused_["definite"], refused_["client_message_id"]) == ("busy", True, "c2")
        [sent] = there.region.sent
        there.outcomes.resolve(sent.id, Decided(sent, known=False))
        await device.until("accepted")
        await asyncio.sleep(0)
        device.send("c2")
        async with asyncio.timeout(30):
            while len(there.region.sent) < 2:  # noqa: ASYNC110 — a send raises no event
                await asyncio.sleep(0.01)
        await device.leave()


async def test_of_two_texts_under_one_name_one_is_accepted_and_none_that_was_refused() -> None:
    """Though the standby has all of it; the other one is told of its own conflict."""

    async def look() -> Reach:
        return Reach(1, 1)

    finality = Finality(look)
    there = scene(acknowledging=Acknowledging(usual=Mode.REPLICATED, seconds=30, finality=finality))
    async with beside(finality.run()):
        device = Device(there)
        device.say(HELLO)
        await device.until("welcome")
        for name, text in (("c1", "hi"), ("c1", "ho"), ("c2", "hi")):
            device.say({"type": "send", "client_message_id": name, "recipient_id": BOB, "text": text})
        async with asyncio.timeout(30):
            while len(there.region.sent) < 3:  # noqa: ASYNC110 — a send raises no event
                await asyncio.sleep(0.01)
        first, second, other = there.region.sent
        conflict = Outcome(id=first.id, code="content-conflict", content_hash=second.content_hash)
        refusal = Refusal(
            message_id=other.id,
            conversation_id=other.conversation_id,
            author=ADA,
            code="not-a-member",
            detail="",
            content_hash=other.content_hash,
            epoch=1,
        )
        there.outcomes.resolve(other.id, Decided(refusal, known=False))
        there.outcomes.resolve(first.id, Decided(first, known=False))
        there.outcomes.resolve(first.id, Decided(conflict, known=False))
        await device.until("accepted")
        await asyncio.sleep(0.05)
        await device.leave()

    assert [frame["client_message_id"] for frame in device.told if frame["type"] == "accepted"] == ["c1"]


async def test_a_send_that_the_standby_does_not_have_in_time_is_answered_as_unknown() -> None:
    """So the device sends it again, by the same name."""

    async def look() -> Reach:
        return Reach(1, None)

    finality = Finality(look)
    there = scene(acknowledging=Acknowledging(usual=Mode.REPLICATED, seconds=0.05, finality=finality))
    async with beside(finality.run()):
        device = Device(there)
        device.say(HELLO)
        device.send("c1")
        (error,) = await device.until("error")
        await device.leave()

    assert (error["code"], error["definite"], error["client_message_id"]) == ("outcome-unknown", False, "c1")


async def test_devices_are_told_to_move_a_few_at_a_time_and_in_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """As chance has it, and not as they came, evenly over the time that there is; who comes meanwhile is turned away."""
    there, count, steps = scene(), 40, 20
    devices = [Device(there) for _ in range(count)]
    for device in devices:
        device.say(HELLO)
        await device.until("welcome")
    by_chance: list[Connection] = []
    gone: list[set[int]] = []
    slept: list[float] = []
    late: list[Device] = []
    moment = asyncio.sleep

    def shuffle(leaving: list[Connection]) -> None:
        random.shuffle(leaving)
        by_chance.extend(leaving)

    async def pass_time(seconds: float) -> None:
        slept.append(seconds)
        late.extend([] if late else [Device(there)])
        for _ in range(50):  # whoever was told has closed by then
            await moment(0)
        gone.append({place for place, connection in enumerate(by_chance) if connection.ended.is_set()})

    monkeypatch.setattr(sockets_module, "shuffle", shuffle)
    monkeypatch.setattr(asyncio, "sleep", pass_time)
    await there.sockets.send_away(within=steps * AWAY_STEP_SECONDS)
    monkeypatch.undo()

    await asyncio.wait_for(asyncio.gather(*(device.serving for device in (*devices, *late))), 30)
    assert len(set(by_chance)) == count
    assert sum(slept) == pytest.approx(steps * AWAY_STEP_SECONDS)
    assert gone == [{place for place in range(count) if place % steps <= step} for step in range(steps)]
    assert {device.close for device in devices} == {(GOING_AWAY, "going away")}
    assert [device.close and device.close[0] for device in late] == [TRY_AGAIN_LATER]
