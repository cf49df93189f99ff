"""An evacuation with stores and a directory that are remembered alone: in which order what is done, what is handed back, and from where it goes on."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest

from global_directory.holding.schemas import Claim, DutyView, LayingDown, ProposalView, Sighted
from global_directory.operators.errors import GivenUpError
from infra.errors import OutcomeUnknownError, UnavailableError
from infra.kafka import KafkaError
from region.evacuation import announcing, copying, moving, repository
from region.evacuation.copying import CopyDiffersError, CopyFailedError
from region.evacuation.errors import ChangedMeanwhileError, StuckError, WentOnError
from region.evacuation.moving import Evacuation
from region.evacuation.plan import LostTrackError, Step
from region.evacuation.seats import Seat
from region.evacuation.telling import Told
from replication.turns.records import Phase, Turn

SERVICES = frozenset({"gateway", "projector"})


@dataclass
class World:
    """Two sites of us and the directory.

    Attributes:
        turns: URL of a store to what it says; those that are missing are not there.
        duty: What the directory says.
        undecided: Records of the journal that nobody has decided, each time somebody asks; the last one is repeated.
        broken: What fails, by its name, with what; each once.
        done: What was done, in order.
        meanwhile: What happens elsewhere as something is done, by its name; each once.
        following: Whether eu's store follows us's by replication: it has what that one says a moment later.
        last: After what eu's store dies.
        away: URLs of stores that do not answer.
        emptied: Up to where the source's journal was emptied, each time.
        plans: Whether the directory was told of a plan, or that there is none any more, in order.
    """

    turns: dict[str, Turn] = field(default_factory=lambda: {"us": Turn("us", 1, 1, "us")})
    duty: DutyView = field(default_factory=lambda: DutyView("us", "us", 1, 1, "eu", (), 6.0, laid_down=False))
    undecided: list[int] = field(default_factory=lambda: [0])
    broken: dict[str, Exception] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    meanwhile: dict[str, Callable[[], None]] = field(default_factory=dict)
    following: bool = False
    last: str = ""
    away: set[str] = field(default_factory=set)
    plans: list[bool] = field(default_factory=list)
    emptied: list[dict[int, int]] = field(default_factory=list)

    def do(self, what: str) -> None:
        """Note it, or fail."""
        if (error := self.broken.pop(what, None)) is not None:
            raise error
        self.done.append(what)
        if (happens := self.meanwhile.pop(what, None)) is not None:
            happens()
        if what == self.last:
            self.away.add("eu")

    def turn(self, url: str, what: str, **changes: Any) -> bool:
        """Change what a store says."""
        if f"{what} {url}" not in self.broken:
            self.turns[url] = replace(self.turns[url], **changes)
        self.do(f"{what} {url}")
        return True

    async def duties(self) -> tuple[DutyView, ...]:
        """Return what the directory says."""
        return (self.duty,)

    async def lay_down(self, region: str, wanted: LayingDown) -> DutyView:
        """Take the lease back."""
        assert (wanted.holder, wanted.epoch) == (self.duty.holder, self.duty.epoch)
        self.do(f"{region} laid down")
        self.duty = replace(self.duty, laid_down=True)
        return self.duty

    async def note_claim(self, store: str, region: str, epoch: int, incarnation: int, *, laid_down: bool) -> None:
        """Note that the epoch's end is claimed; again after whoever did it had died."""
        assert (store, epoch, incarnation, laid_down) == ("eu", self.duty.epoch, self.duty.incarnation, True)
        self.do(f"{region}'s end noted")

    async def sighted(self, region: str, wanted: Sighted) -> tuple[ProposalView, ...]:
        """Take a plan down."""
        if (error := self.broken.get("plan" if wanted.planned else "plan over")) is not None:
            raise error
        self.plans.append(bool(wanted.planned))
        assert (wanted.sees, set(wanted.planned) - {region}) == (False, set())
        return ()

    async def claim(self, region: str, wanted: Claim) -> DutyView:
        """Begin the next epoch."""
        assert self.duty.laid_down
        self.do(f"{region} claimed by {wanted.claimer}")
        self.duty = DutyView(
            region, wanted.claimer, wanted.ended + 1, wanted.incarnation, "us", (), 6.0, laid_down=False
        )
        return self.duty

    async def cut(self, _: str, topic: str, offsets: dict[int, int]) -> None:
        """Empty a journal, once the target holds and serves."""
        assert topic == ("journal" if self.duty.holder == "eu" else "held.us.journal")
        if (error := self.broken.pop("cut", None)) is not None:
            raise error
        self.emptied.append(offsets)

    async def copy_store(
        self, source: str, target: str, _: Path, *, prepare: Callable[..., Any], **__: object
    ) -> dict[str, int]:
        """Copy."""
        assert prepare.keywords == {"offsets": {0: 5}}  # type: ignore[attr-defined]  # a partial
        self.do(f"copy {source} to {target}")
        self.turns[target] = self.turns[source]
        return {"entries": 3}


class Journal:
    """A journal of one partition, whose end is at 5 and beyond by what nobody has decided."""

    world: World

    def __init__(self, *_: object, **__: object) -> None:
        pass

    async def __aenter__(self) -> Self:
        """Connect."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""

    async def ends(self, _: object) -> dict[int, int]:
        """Return where it ends."""
        waiting = self.world.undecided
        return {0: 5 + (waiting.pop(0) if len(waiting) > 1 else waiting[0])}

    async def bounds(self, _: int) -> tuple[int, int]:
        """Return where it begins and ends."""
        return 0, 5


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[str]:
    yield url


class Stores:
    """What is asked of stores, by their URLs."""

    def __init__(self, world: World) -> None:
        """Ask these."""
        self._world = world

    async def connect(self, url: str, **_: object) -> Any:
        """Return what stands for a connection: the URL."""
        return _connected(url)

    async def read_turn(self, url: str) -> Turn | None:
        """Return what it says; a copy that follows says it the next time."""
        if url in self._world.away:
            raise psycopg.OperationalError("it does not answer")
        found = self._world.turns.get(url)
        if url == "eu" and self._world.following:
            self._world.turns["eu"] = self._world.turns["us"]
        return found

    async def follows(self, url: str) -> bool:
        """Whether it follows another one."""
        return url == "eu" and self._world.following

    async def compare_sums(self, source: str, target: str) -> int:
        """Compare."""
        self._world.do(f"compare {source} with {target}")
        return 3

    async def drain(self, url: str, *, mark: str, seen: Turn, **_: object) -> bool:
        """Let nothing more in, unless it says something else than was seen."""
        return self._world.turns[url] == seen and self._world.turn(url, "drain", phase=Phase.DRAINING, mark=mark)

    async def hand_over(self, url: str, *, to: str, mark: str, seen: Turn, **_: object) -> bool:
        """Let nobody serve, unless it was taken back."""
        return self._world.turns[url] == seen and self._world.turn(
            url, "hand over", phase=Phase.HANDED, holder=to, mark=mark
        )

    async def take_back(self, url: str, *, holder: str, seen: Turn | None, **_: object) -> bool:
        """Let it serve again, unless it says something else than was seen."""
        if seen is not None and self._world.turns[url] != seen:
            return False
        return self._world.turn(url, "take back", phase=Phase.SERVING, holder=holder, mark="")

    async def take_over(self, url: str, turn: Turn, *, offsets: dict[int, int], **_: object) -> bool:
        """Begin an epoch, and where its journal goes on, at once."""
        self._world.do(f"begin {url}" + (f" at {offsets}" if offsets else ""))
        self._world.turns[url] = turn
        return True

    async def next_offsets(self, _: str) -> dict[int, int]:
        """Return what is decided."""
        return {0: 5}

    async def unsent(self, _: str) -> dict[str, int]:
        """Return nothing."""
        return {}

    async def still_serving(self, *_: object) -> list[str]:
        """Return nobody."""
        return []

    async def serving(self, _: str) -> frozenset[str]:
        """Return all."""
        return SERVICES


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The world, in the place of everything that is asked."""
    made = World()
    stores, Journal.world = Stores(made), made
    for name in ("connect", "read_turn", "drain", "hand_over", "take_back", "take_over"):
        monkeypatch.setattr(moving, name, getattr(stores, name))
    for name in ("next_offsets", "unsent", "still_serving", "serving", "follows"):
        monkeypatch.setattr(repository, name, getattr(stores, name))
    monkeypatch.setattr(moving, "Consumer", Journal)
    monkeypatch.setattr(moving, "cut", made.cut)
    monkeypatch.setattr(moving, "note_claim", made.note_claim)
    monkeypatch.setattr(moving, "LOOK_SECONDS", 0)
    monkeypatch.setattr(copying, "copy_store", made.copy_store)
    monkeypatch.setattr(copying, "compare_sums", stores.compare_sums)
    return made


def seat(site: str) -> Seat:
    """Return a seat of us's duties."""
    return Seat("us", site, site, "", 1, ("ap", "eu"), None, SERVICES, ())


def evacuation(world: World, told: list[Told] | None = None) -> Evacuation:
    """Return one from us to eu."""
    said: list[Told] = [] if told is None else told
    return Evacuation(seat("us"), seat("eu"), world, Path("/"), said.append)


ALL = [
    "drain us",
    "drain us",
    "hand over us",
    "copy us to eu",
    "us's end noted",
    "us laid down",
    "us claimed by eu",
    "begin eu",
]


async def test_each_step_follows_the_one_before(world: World) -> None:
    """What waits is told, once; at its end the target holds, in the next epoch and a life of its own."""
    world.undecided = [2, 2, 1, 0]
    told: list[Told] = []

    took = await evacuation(world, told).run()

    assert world.done == ALL
    assert world.plans[0]
    assert not world.plans[-1]
    assert list(took) == ["drain", "settle", "copy", "claim", "begin"]
    assert world.turns["eu"] == Turn("us", 2, 2, "eu")
    waited = [one.what for one in told if one.what.startswith("waiting: ")]
    assert waited == [f"waiting: {left} records of the journal are not decided yet" for left in (2, 1)]
    assert told[-1].what == "eu holds the duties of us in epoch 2"
    assert world.emptied == [{0: 5}], "what is decided is not kept where nobody trims it"


async def test_a_journal_that_cannot_be_emptied_fails_nothing(world: World) -> None:
    """All is done by then. Nor is one emptied by a run that has not seen that all of it was decided."""
    world.broken["cut"] = KafkaError()
    told: list[Told] = []
    await evacuation(world, told).run()
    assert "keeps what it has" in told[-2].what
    await evacuation(world).run()
    assert world.emptied == []


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("hand over us", UnavailableError(what="The store")),
        ("copy us to eu", CopyFailedError(reason="no room")),
        ("copy us to eu", KafkaError()),
        ("us laid down", UnavailableError(what="The directory")),
    ],
)
async def test_what_fails_before_the_lease_is_laid_down_is_handed_back(
    world: World, what: str, error: Exception
) -> None:
    """The source serves again; another run begins anew, and copies anew."""
    world.broken[what] = error
    with pytest.raises(type(error)):
        await evacuation(world).run()
    assert world.done[-1] == "take back us"
    assert not world.plans[-1]
    assert world.turns["us"] == Turn("us", 1, 1, "us")
    assert world.duty.holder == "us"
    world.done.clear()

    await evacuation(world).run()

    assert world.done == ALL


async def test_a_directory_that_cannot_be_told_that_a_plan_is_over_fails_nothing(world: World) -> None:
    """The target holds; whoever ran it again would bring the region home. Nor does handing back fail by that."""
    world.broken["plan over"] = UnavailableError(what="The directory")
    told: list[Told] = []

    await evacuation(world, told).run()

    assert world.done == ALL
    assert told[-1].what == "eu holds the duties of us in epoch 2"
    assert "was not told that the plan is over" in told[-2].what

    world.turns, world.duty = {"us": Turn("us", 1, 1, "eu", Phase.HANDED, "m")}, World().duty
    assert await evacuation(world).hand_back()


async def test_a_plan_is_told_again_while_it_is_carried_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Since the directory believes it for a while only."""
    monkeypatch.setattr(announcing, "PLAN_SECONDS", 0)
    world.undecided = [2] * 50 + [0]

    await evacuation(world).run()

    assert world.plans.count(True) > len([one for one in world.done if one == "drain us"])
    assert not world.plans[-1]


@pytest.mark.parametrize("last", ["drain us", "hand over us", "copy us to eu"])
async def test_a_target_that_dies_does_not_hold_the_source(world: World, last: str) -> None:
    """Its store is not asked whether the source may go on; the directory says so."""
    world.last = last
    with pytest.raises(psycopg.OperationalError):
        await evacuation(world).run()
    assert world.turns["us"] == Turn("us", 1, 1, "us")
    assert await evacuation(world).hand_back()


async def test_what_is_never_decided_is_waited_for_and_handed_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said what it was."""
    monkeypatch.setattr(moving, "PATIENCE", dict.fromkeys(moving.PATIENCE, 0.0))
    world.undecided = [7]
    with pytest.raises(StuckError, match="7 records of the journal are not decided yet"):
        await evacuation(world).run()
    assert world.turns["us"] == Turn("us", 1, 1, "us")


@pytest.mark.parametrize("what", ["us claimed by eu", "begin eu"])
async def test_what_fails_later_is_gone_on_with(world: World, what: str) -> None:
    """A lease that was laid down is so for good: the source stays as it is, and another run does what is left."""
    world.broken[what] = UnavailableError(what="It")
    with pytest.raises(UnavailableError):
        await evacuation(world).run()
    assert world.turns["us"].phase is Phase.HANDED
    assert world.plans[-1], "it is on its way still, and nobody takes it for down"
    assert not await evacuation(world).hand_back()
    done = len(world.done)

    await evacuation(world).run()

    assert [one for one in world.done[done:] if one not in {"us's end noted", "us laid down"}] == ALL[ALL.index(what) :]
    assert world.turns["eu"] == Turn("us", 2, 2, "eu")


async def test_a_laying_down_that_comes_after_the_handing_back_leads_to_a_takeover(world: World) -> None:
    """Its answer was lost, and it was under way still: the store goes on, and whoever starts there decides nothing; it is said what leads on, and nobody drains it."""
    told: list[Told] = []
    world.broken["us laid down"] = OutcomeUnknownError(what="The change of the directory")

    def arrive() -> None:
        world.duty = replace(world.duty, laid_down=True)

    world.meanwhile["take back us"] = arrive
    with pytest.raises(OutcomeUnknownError):
        await evacuation(world, told).run()
    assert told[-1].what.endswith("Run the same command again"), told[-1]
    assert world.plans[-1], "it is on its way still"
    assert world.turns["us"] == Turn("us", 1, 1, "us")
    world.done.clear()

    with pytest.raises(LostTrackError, match="causeway region fail us"):
        await evacuation(world, told).run()

    assert world.done == []
    assert "Run the same command again" not in told[-1].what


async def test_on_the_way_home_nothing_is_handed_back_while_a_laying_down_may_be_under_way(world: World) -> None:
    """Nobody could take over whose store went on behind it: so the store stands still until it is known."""
    world.broken["us laid down"] = OutcomeUnknownError(what="The change of the directory")
    world.turns["eu"] = world.turns["us"] = Turn("us", 2, 2, "us", Phase.HANDED, "m")
    world.duty = replace(world.duty, holder="eu", epoch=2, incarnation=2)
    told: list[Told] = []
    back = Evacuation(seat("eu"), seat("us"), world, Path("/"), told.append)
    with pytest.raises(OutcomeUnknownError):
        await back.run()
    assert world.done == []
    assert told[-1].what.endswith("Run the same command again, or with --abort")


@pytest.mark.parametrize(
    ("as_it", "error", "lead"),
    [
        ("us's end noted", ChangedMeanwhileError, "run this command again, or with --abort"),
        ("us laid down", WentOnError, "`causeway region fail us`"),
    ],
)
async def test_nothing_is_claimed_for_a_copy_of_a_store_that_was_taken_back(
    world: World, as_it: str, error: type[Exception], lead: str
) -> None:
    """The source has gone on since, on another's word: what it has decided by then the copy lacks; and it is not this command's to be handed back."""

    def take_back() -> None:
        world.turns["us"] = Turn("us", 1, 1, "us")

    world.meanwhile[as_it] = take_back
    with pytest.raises(error, match=f"us, epoch 1, serving.*{lead}"):
        await evacuation(world).run()
    assert world.done == ALL[: ALL.index(as_it) + 1]
    assert world.duty.holder == "us"


@pytest.mark.parametrize("what", ["plan", "us laid down"])
async def test_what_another_has_given_up_hands_nothing_back(world: World, what: str) -> None:
    """Whoever gave it up does, and may have begun anew since; it is said who that was."""
    world.broken[what] = GivenUpError(verb="evacuate", target="us", what="ada asked for `evacuate-abort`")
    world.turns["us"] = Turn("us", 1, 1, "eu", Phase.HANDED, "m")
    told: list[Told] = []
    with pytest.raises(GivenUpError, match="ada asked"):
        await evacuation(world, told).run()
    assert "take back us" not in world.done
    assert told[-1].what.startswith("given up: `evacuate` of us was given up meanwhile")
    if what == "plan":
        assert world.done == []


@pytest.mark.parametrize("others", [Phase.DRAINING, Phase.HANDED, Phase.SERVING])
@pytest.mark.parametrize("last", ["drain us", "hand over us"])
async def test_whoever_fails_undoes_nothing_that_another_has_begun_since(
    world: World, last: str, others: Phase
) -> None:
    """It was given up elsewhere, and another command is at it by now: its handing over is not this one's to be handed back."""
    theirs = Turn("us", 1, 1, "eu" if others is Phase.HANDED else "us", others, "theirs" if others.value else "")

    def begin_anew() -> None:
        world.turns["us"] = theirs
        world.away.add("eu")

    world.meanwhile[last] = begin_anew
    told: list[Told] = []
    with pytest.raises((psycopg.OperationalError, ChangedMeanwhileError)):
        await evacuation(world, told).run()
    assert world.turns["us"] == theirs
    assert "take back us" not in world.done
    assert not told[-1].what.endswith("us goes on")


async def test_whoever_was_given_up_and_fails_by_something_else_asks_first(world: World) -> None:
    """The one that gave it up has not come to taking back yet, or has begun anew with what it found."""
    world.turns["us"] = Turn("us", 1, 1, "eu", Phase.HANDED, "m")
    world.broken["us laid down"] = UnavailableError(what="The directory")

    def give_up() -> None:
        world.broken["plan"] = GivenUpError(verb="evacuate", target="us", what="ada asked for `evacuate-abort`")

    world.meanwhile["copy us to eu"] = give_up
    with pytest.raises(UnavailableError):
        await evacuation(world).run()
    assert "take back us" not in world.done


@pytest.mark.parametrize("last", ["drain us", "hand over us"])
async def test_whoever_was_given_up_hands_back_what_it_has_done_itself(world: World, last: str) -> None:
    """Whoever gave it up may have died right after, or have handed back right before: then nobody would serve, and nobody be at it."""

    def give_up() -> None:
        world.broken["plan"] = GivenUpError(verb="evacuate", target="us", what="ada asked")

    world.meanwhile[last] = give_up
    with pytest.raises(GivenUpError):
        await evacuation(world).run()
    assert world.done[-2:] == [last, "take back us"]
    assert world.turns["us"] == Turn("us", 1, 1, "us")


@pytest.mark.parametrize("as_it", ["drain us", "hand over us"])
async def test_a_directory_that_does_not_answer_for_a_moment_ends_nothing(world: World, as_it: str) -> None:
    """Nobody is served by then; what lays the lease down and claims is asked of it all the same."""

    def fall_silent() -> None:
        world.broken["plan"] = UnavailableError(what="The directory")

    def answer() -> None:
        del world.broken["plan"]

    world.meanwhile[as_it] = fall_silent
    world.undecided = [1, 0]
    moving_ = evacuation(world)
    moving_.tell = lambda told: answer() if told.what.startswith("the directory could not be asked") else None
    await moving_.run()
    assert world.done == ALL


async def test_who_gives_up_takes_back_what_is_changed_meanwhile(world: World) -> None:
    """The run that is given up may come one step further in between."""
    seen = [Turn("us", 1, 1, "us"), Turn("us", 1, 1, "us", Phase.DRAINING, "m")]
    world.turns["us"] = seen[1]

    async def read_turn(_: str) -> Turn:
        return seen.pop(0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moving, "read_turn", read_turn)
        assert await evacuation(world).hand_back()
    assert world.turns["us"] == Turn("us", 1, 1, "us")


async def test_a_store_that_was_taken_back_is_not_handed_over(world: World) -> None:
    """Whoever gave the evacuation up while it waited has let the source go on."""
    world.undecided = [2, 0]

    def tell(_: Told) -> None:
        world.turns["us"] = Turn("us", 1, 1, "us")

    moving_ = evacuation(world)
    moving_.tell = lambda one: tell(one) if one.what.startswith("waiting") else None
    with pytest.raises(ChangedMeanwhileError, match="serving"):
        await moving_.run()
    assert world.done == ALL[:2]


async def test_whoever_is_interrupted_before_goes_on_where_it_stood(world: World) -> None:
    """Whatever was done already is not done again."""
    world.turns["us"] = Turn("us", 1, 1, "eu", Phase.HANDED, "m")
    await evacuation(world).run()
    assert world.done == ALL[3:]


async def test_nothing_is_claimed_before_the_blobs_are_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever put the copy of the store in its place may have died before they were carried; who has seen that they are there carries them no third time."""

    async def carry(_: Evacuation, step: Step) -> None:
        world.do(f"blobs, {step.value}")

    monkeypatch.setattr(Evacuation, "_copy_blobs", carry)
    await evacuation(world).run()
    assert [one for one in world.done if one.startswith("blobs")] == ["blobs, drain", "blobs, copy"]

    world.turns["us"] = world.turns["eu"] = Turn("us", 1, 1, "eu", Phase.HANDED, "m")
    world.duty = World().duty
    world.done.clear()
    await evacuation(world).run()
    assert world.done == ["blobs, claim", *ALL[4:]]


async def test_a_copy_that_follows_is_waited_for_and_begun_with(world: World) -> None:
    """By the mark of this handing over, which comes after everything else; nothing is copied, and it follows nobody any more before it begins."""
    world.following = True
    world.turns["eu"] = world.turns["us"]
    moving_ = evacuation(world)

    async def detach() -> None:
        world.do("detach eu")
        world.following = False

    moving_.detach = detach

    await moving_.run()

    assert world.done == [*ALL[:3], "compare us with eu", *ALL[4:7], "detach eu", "begin eu at {0: 5}"]
    assert world.turns["eu"] == Turn("us", 2, 2, "eu")


@pytest.mark.parametrize(
    ("handed_in", "place"),
    [
        ({0: 4}, 4),  # what it accepted while it was taken for dead is decided
        ({0: 2}, 3),  # of an earlier time: it has decided more since
        ({}, 3),
    ],
)
async def test_back_home_nothing_is_decided_a_second_time(
    world: World, monkeypatch: pytest.MonkeyPatch, handed_in: dict[int, int], place: int
) -> None:
    """In no later cycle of evacuations either."""

    async def read_handed_in(url: str, site: str) -> dict[int, int]:
        assert (url, site) == ("eu", "us")
        return handed_in

    async def next_offsets(url: str) -> dict[int, int]:
        return {0: {"us": 3, "eu": 5}[url]}

    async def copy_store(
        source: str, target: str, _: Path, *, prepare: Callable[..., Any], **__: object
    ) -> dict[str, int]:
        world.do(f"{target} goes on at {prepare.keywords['offsets']}")  # type: ignore[attr-defined]  # a partial
        world.turns[target] = world.turns[source]
        return {}

    monkeypatch.setattr(moving, "read_handed_in", read_handed_in)
    monkeypatch.setattr(repository, "next_offsets", next_offsets)
    monkeypatch.setattr(copying, "copy_store", copy_store)
    world.turns["eu"] = Turn("us", 2, 2, "eu")
    world.duty = replace(world.duty, holder="eu", epoch=2, incarnation=2)

    await Evacuation(seat("eu"), seat("us"), world, Path("/"), lambda _: None).run()

    assert f"us goes on at {{0: {place}}}" in world.done


async def test_changes_that_nobody_reads_are_told_of_and_let_go_by_the_next_run(world: World) -> None:
    """The target serves all the same; else the source's disk would fill, and nobody know."""
    told: list[Told] = []

    async def release() -> None:
        world.do("release us")

    world.broken["release us"] = TimeoutError()
    for _ in range(2):
        moving_ = evacuation(world, told)
        moving_.release = release
        await moving_.run()
    assert world.done == [*ALL, "release us"]
    assert any("the store at us goes on keeping changes for the copy at eu" in one.what for one in told)
    assert told[-1].what == "eu holds the duties of us in epoch 2"


@pytest.mark.parametrize("fails", [False, True])
async def test_changes_that_nobody_reads_are_let_go_before_the_target_serves(
    world: World, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    """Whoever waits for that in vain would leave them; once, unless it fails."""

    async def release() -> None:
        world.do("release us")

    async def serving(_: str) -> frozenset[str]:
        return SERVICES if "release us" in world.done or (fails and "release us" not in world.broken) else frozenset()

    monkeypatch.setattr(repository, "serving", serving)
    if fails:
        world.broken["release us"] = TimeoutError()
    moving_ = evacuation(world)
    moving_.release = release
    await moving_.run()
    assert world.done == [*ALL, "release us"]


async def test_a_copy_that_follows_is_not_touched_by_whoever_cannot_detach_it(world: World) -> None:
    """What was begun is handed back."""
    world.following = True
    world.turns["eu"] = world.turns["us"]
    with pytest.raises(CopyFailedError, match="follows the store by replication"):
        await evacuation(world).run()
    assert world.done[-1] == "take back us"


async def test_a_copy_that_follows_is_compared_though_it_has_the_mark_already(world: World) -> None:
    """It has what the store says of its turn as it has all else: that alone skips no step, and what differs is handed back."""
    world.following = True
    world.turns["us"] = world.turns["eu"] = Turn("us", 1, 1, "eu", Phase.HANDED, "m")
    world.broken["compare us with eu"] = CopyDiffersError(what="entries")
    moving_ = evacuation(world)

    async def detach() -> None:
        world.do("detach eu")

    moving_.detach = detach
    with pytest.raises(CopyDiffersError):
        await moving_.run()
    assert world.done == ["take back us"]


async def test_nothing_is_dumped_where_a_copy_is_to_follow(world: World) -> None:
    """The database there is not this command's to replace: another service makes the copy anew."""

    async def detach() -> None:
        world.do("detach eu")

    moving_ = evacuation(world)
    moving_.detach = detach
    with pytest.raises(CopyFailedError, match="none at eu follows the store"):
        await moving_.run()
    assert world.done[-1] == "take back us"
    assert "copy us to eu" not in world.done
