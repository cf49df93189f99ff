"""A standby is let take over by itself, on a real store and over real HTTP: once, by a pass, in the trace; never while anything speaks against it, up to the claim itself."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from global_directory.app import make_app
from global_directory.client import DirectoryClient
from global_directory.directory import Directory
from global_directory.holding.schemas import Claim, Keeping, LayingDown, LeaseRequest, Permit, ProposalView, Sighted
from global_directory.operators.actors import Shown
from global_directory.operators.client import OperatorsClient
from global_directory.operators.desk import Desk
from global_directory.operators.detector import Detector
from global_directory.operators.errors import GivenUpError, HeldBackError, NoPassError, NothingBegunError
from global_directory.operators.passes import Seal
from global_directory.operators.schemas import Asked, Granted, OperationEnd, OperationRequest, OperationView
from global_directory.operators.session import new_operation_id
from global_directory.operators.verbs import DEPLOYMENT, HANDS_OVER
from global_directory.schemas import Announcement
from global_directory.transactions import Transactions
from infra.local import ports
from infra.local.keys import new_signing_key
from infra.passwords import Cost, Passwords
from infra.web import serve_app
from replication.holding.acting import Policy
from replication.holding.detecting import SECOND

pytestmark = pytest.mark.integration
LAPSED = 7.0
PAUSE = 600.0
PASSWORD = "a good password"
EU = Claim("eu", incarnation=2, ended=1)
AUTOMATIC = Policy(automatic=True, pause=int(PAUSE) * SECOND)


class Clock(Protocol):
    """The directory's clock, moved by the test."""

    now: int

    def __call__(self) -> int:
        """Return microseconds since the epoch."""
        ...

    def forward(self, seconds: float) -> None:
        """Let time pass."""


@dataclass
class World:
    """A directory in which eu stands by for us, and takes over by itself."""

    directory: Directory
    url: str
    seal: Seal
    clock: Clock
    desk: Desk

    def client(self, token: str = "") -> DirectoryClient:
        """Ask it, as who shows that."""
        return DirectoryClient(self.url, token=token)

    async def tell(self, *, down: bool = True, lapsed: bool = True) -> None:
        """Have both others tell whether us is down."""
        if lapsed:
            self.clock.forward(LAPSED)
        for name, other in (("ap", "eu"), ("eu", "ap")):
            seen = ((other,), ("us",)) if down else ((other, "us"), ())
            await self.directory.detection.report(name, Sighted("gateway", *seen))

    async def proposed(self) -> ProposalView:
        """Return the one proposal."""
        async with self.client() as client:
            [one] = (await client.proposals()).proposals
            return one

    async def permit(self) -> Permit:
        """Ask as eu."""
        async with self.client() as client:
            return await client.take_over("us", "eu")

    async def claim(self, token: str) -> str:
        """Claim as eu, by that pass; return who holds."""
        async with self.client(token) as client:
            return (await client.claim("us", EU)).holder

    async def end(self, permit: Permit) -> None:
        """Tell that it is done."""
        async with OperatorsClient(self.url, token=permit.token) as client:
            await client.end(permit.operation_id, OperationEnd(done=True, detail="eu holds"))

    async def begin(self, verb: str) -> Granted:
        """Begin an operation as the operator ada."""
        async with OperatorsClient(self.url) as client:
            session = (await client.login("ada", PASSWORD)).session
        async with OperatorsClient(self.url, token=session) as client:
            return await client.begin(OperationRequest(new_operation_id(), verb, "us", "a test", "us"))

    async def finish(self, granted: Granted) -> None:
        """End it."""
        async with OperatorsClient(self.url, token=granted.token) as client:
            await client.end(granted.operation_id, OperationEnd(done=True))

    async def operations(self) -> dict[str, tuple[str, str]]:
        """Return what ada did: verb to result and detail."""
        async with OperatorsClient(self.url, token=self.key()) as client:
            return {one.verb: (one.result, one.detail) for one in await client.trace(Asked(who="ada"))}

    async def holder(self) -> str:
        """Return who holds us's duties."""
        async with self.client() as client:
            return next(one.holder for one in await client.duties() if one.region == "us")

    def key(self) -> str:
        """Return a session of who has the deployment's key."""
        return self.seal.session(DEPLOYMENT, 0, seconds=300, now=self.clock.now / 1e6)

    async def trace(self) -> list[OperationView]:
        """Return what the detector did, the newest first."""
        async with OperatorsClient(self.url, token=self.key()) as client:
            return list(await client.trace(Asked(who="detector")))


@contextlib.asynccontextmanager
async def served(engine: AsyncEngine, directory: Directory, clock: Clock, policy: Policy) -> AsyncIterator[World]:
    """A directory of us, ap and eu, which stands by for us and has everything, with that policy, and the operator ada."""
    for region, standby in (("us", "eu"), ("eu", ""), ("ap", "")):
        url = f"http://{region}.example"
        await directory.announce(region, Announcement(region, 1, 1, url, url, standby=standby))
    await directory.duties.renew("us", LeaseRequest("us", 1, 1, 7, 5, standby="eu"))
    await directory.duties.keep("us", Keeping("us", 1, 1, "eu"))
    seal, passwords = Seal(new_signing_key()), Passwords(Cost(memory=8, passes=1, lanes=1))
    desk = Desk.on(Transactions(engine), seal, passwords, clock=clock)
    app = make_app(directory, operators=desk, detector=Detector(desk.actors, directory.detection, policy))
    port, started = ports.some_free(1)[0], asyncio.Event()
    serving = asyncio.create_task(serve_app(app, host="127.0.0.1", port=port, started=started))
    await asyncio.wait_for(started.wait(), 20)
    world = World(directory, f"http://127.0.0.1:{port}", seal, clock, desk)
    async with OperatorsClient(world.url, token=world.key()) as client:
        await client.add("ada", "admin", PASSWORD)
    yield world
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    passwords.close()


@pytest.fixture
async def world(engine: AsyncEngine, make_directory: Callable[[], Directory], clock: Clock) -> AsyncIterator[World]:
    """One in which eu takes us over by itself."""
    async with served(engine, make_directory(), clock, AUTOMATIC) as made:
        yield made


async def test_who_stands_by_is_let_take_over_once(world: World) -> None:
    """The trace names the detector and its witnesses; who asks again, or after the claim, goes on with the same, until it has ended."""
    with pytest.raises(HeldBackError, match="not taken for down"):
        await world.permit()
    await world.tell()
    assert (await world.proposed()).hindrance == ""
    permit = await world.permit()
    assert (await world.permit()).operation_id == permit.operation_id
    [line] = await world.trace()
    assert (line.verb, line.target, line.result) == ("fail", "us", "begun")
    assert line.why == "taken for down by ap and eu for 0.0 s, in epoch 1"

    assert await world.claim(permit.token) == "eu"
    assert await world.claim(permit.token) == "eu", "it may be repeated"
    assert (await world.permit()).operation_id == permit.operation_id, "after a crash"
    await world.end(permit)
    with pytest.raises(NothingBegunError):
        await world.permit()
    [line] = await world.trace()
    assert (line.result, line.detail) == ("done", "eu holds")


async def test_an_operator_claims_by_their_own_pass_where_nobody_shows_a_certificate(world: World) -> None:
    """As while TLS is off: it is judged as it would be with the directory's."""
    world.clock.forward(LAPSED)
    granted = await world.begin("fail")

    assert await world.claim(granted.token) == "eu"
    await world.finish(granted)
    with pytest.raises(NoPassError, match="over"):
        await world.claim(granted.token)


async def test_nobody_but_the_standby_is_let(world: World) -> None:
    """Nor is a pass good that is another's, or whose operation is over."""
    await world.tell()
    async with world.client() as client:
        with pytest.raises(HeldBackError, match="eu was named"):
            await client.take_over("us", "ap")
        with pytest.raises(HeldBackError, match="nobody was named"):
            await client.take_over("ap", "eu")
    for wrong in ("nonsense", world.seal.grant("ada", "o1", "fail", "us", now=world.clock.now / 1e6)):
        with pytest.raises(NoPassError):
            await world.claim(wrong)
    permit = await world.permit()
    await world.end(permit)
    with pytest.raises(NoPassError, match="over"):
        await world.claim(permit.token)
    assert await world.holder() == "us"


async def test_by_default_it_is_only_proposed(
    engine: AsyncEngine, make_directory: Callable[[], Directory], clock: Clock
) -> None:
    """And said so, with the proposal."""
    async with served(engine, make_directory(), clock, Policy()) as world:
        await world.tell()
        async with world.client() as client:
            assert (await client.proposals()).policy == "propose"
        assert "only proposed" in (await world.proposed()).hindrance
        with pytest.raises(HeldBackError, match="only proposed"):
            await world.permit()
        assert await world.trace() == []


@pytest.mark.parametrize("against", ["a witness reaches it", "reports are old", "it was passed by", "it was expelled"])
async def test_what_speaks_against_it_after_the_permit_stops_the_claim(world: World, against: str) -> None:
    """In the transaction of the claim itself: between the two anything may happen."""
    await world.tell()
    permit = await world.permit()
    if against == "a witness reaches it":
        await world.directory.detection.report("ap", Sighted("gateway", ("eu", "us"), ()))
    elif against == "reports are old":
        world.clock.forward(60)
    elif against == "it was passed by":
        await world.directory.duties.keep("us", Keeping("us", 1, 1))
    else:
        await world.directory.expel("us")
    with pytest.raises(HeldBackError):
        await world.claim(permit.token)
    assert await world.holder() == "us"


async def test_a_region_that_is_back_has_what_was_begun_given_up(world: World) -> None:
    """In the trace, too; when it is down again that is another operation."""
    await world.tell()
    permit = await world.permit()
    for _ in range(5):
        world.clock.forward(3)
        await world.tell(down=False, lapsed=False)
    with pytest.raises(HeldBackError, match="not taken for down"):
        await world.permit()
    [line] = await world.trace()
    assert (line.result, line.detail.startswith("given up")) == ("failed", True)

    await world.tell()
    again = await world.permit()
    assert again.operation_id != permit.operation_id
    with pytest.raises(NoPassError, match="over"):
        await world.claim(permit.token)
    assert await world.claim(again.token) == "eu"


@pytest.mark.parametrize("verb", ["evacuate", "evacuate-abort", "fail", "fail-abort", "restore", "restore-abort"])
async def test_nothing_is_done_beside_an_operator_nor_right_after(world: World, verb: str) -> None:
    """From the moment at which the operation is begun, also after the permit; and for a while after it has ended."""
    await world.tell()
    permit = await world.permit()
    granted = await world.begin(verb)
    with pytest.raises(HeldBackError, match=f"`{verb}` by ada is under way"):
        await world.claim(permit.token)
    with pytest.raises(HeldBackError, match="under way"):
        await world.permit()
    assert "under way" in (await world.proposed()).hindrance
    await world.finish(granted)
    world.clock.forward(PAUSE - LAPSED - 1)
    await world.tell()
    with pytest.raises(HeldBackError, match="nothing is done by itself for 1 s more"):
        await world.claim(permit.token)
    world.clock.forward(2)
    await world.tell(lapsed=False)
    assert await world.claim(permit.token) == "eu"


async def test_what_has_claimed_is_not_gone_on_with_beside_an_operator(world: World) -> None:
    """They may be about to do the same, or to restore it."""
    await world.tell()
    permit = await world.permit()
    await world.claim(permit.token)
    granted = await world.begin("fail")
    with pytest.raises(HeldBackError, match="under way"):
        await world.permit()
    await world.finish(granted)
    assert (await world.permit()).operation_id == permit.operation_id, "it has claimed: no pause"


async def test_what_was_handed_over_by_plan_meanwhile_is_not_gone_on_with(world: World) -> None:
    """The copy at the standby is another one then."""
    await world.tell()
    await world.permit()
    await world.directory.duties.lay_down("us", LayingDown("us", 1))
    await world.directory.duties.claim("us", EU)
    with pytest.raises(NothingBegunError):
        await world.permit()


async def test_what_was_given_up_does_nothing_more_wherever_it_runs(world: World) -> None:
    """It hears that as it lays down or claims, with who did it and why; and may still tell that it has failed."""
    granted, other = await world.begin("fail"), await world.begin("reincarnate")
    world.clock.forward(LAPSED)
    await world.begin("fail-abort")
    with pytest.raises(GivenUpError, match=r"`fail` of us was given up.*ada asked for `fail-abort`: a test"):
        await world.claim(granted.token)
    assert await world.holder() == "us"
    async with OperatorsClient(world.url, token=granted.token) as client:
        await client.end(granted.operation_id, OperationEnd(done=False, detail="it stopped"))
    found = await world.operations()
    assert found["fail"] == ("failed", "given up: ada asked for `fail-abort`: a test")
    assert found["reincarnate"] == ("begun", ""), "which is not what was given up"
    await world.finish(other)


async def test_what_was_admitted_before_it_was_given_up_is_stopped_in_its_transaction(world: World) -> None:
    """Else a lease would be laid down for a store that is being taken back."""
    operations = world.desk.operations
    granted = await world.begin("restore")
    await operations.admit(Shown(granted.token), "us", verbs=HANDS_OVER)
    await world.begin("evacuate-abort")
    with pytest.raises(GivenUpError):
        await world.directory.duties.lay_down(
            "us", LayingDown("us", 1), guard=operations.guard(Shown(granted.token), claims=False)
        )
    async with world.client() as client:
        assert not any(one.laid_down for one in await client.duties())


@pytest.mark.parametrize("too_late", ["claimed", "laid down"])
async def test_what_only_goes_forward_is_not_given_up(world: World, too_late: str) -> None:
    """Whoever asks for that is told that it is too late, and it comes to its end in peace."""
    granted = await world.begin("evacuate")
    world.clock.forward(LAPSED)
    if too_late == "claimed":
        assert await world.claim(granted.token) == "eu"
    else:
        await world.directory.duties.lay_down("us", LayingDown("us", 1))
    await world.finish(await world.begin("evacuate-abort"))
    assert (await world.operations())["evacuate"] == ("begun", "it has claimed" if too_late == "claimed" else "")
    assert await world.claim(granted.token) == "eu"
    await world.finish(granted)
    assert (await world.operations())["evacuate"][0] == "done"


async def test_all_who_ask_at_once_get_the_same(world: World) -> None:
    """Several processes of the standby: one line, one epoch."""
    await world.tell()
    permits = await asyncio.gather(*(world.permit() for _ in range(6)))
    assert len({one.operation_id for one in permits}) == 1
    assert await asyncio.gather(*(world.claim(one.token) for one in permits)) == ["eu"] * 6
    assert len(await world.trace()) == 1
    async with world.client() as client:
        assert {one.region: one.epoch for one in await client.duties()}["us"] == 2
