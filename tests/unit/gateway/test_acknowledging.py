"""What a device is told of a send that is to be acknowledged by the standby, too: nothing too early, and after the wait that it is not known."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, cast

import psycopg
import pytest
from msgspec.structs import replace as changed

from infra.errors import BusyError, OutcomeUnknownError, SettingsError
from infra.settings import read
from infra.tasks import beside
from region.gateway import acknowledging as module
from region.gateway.acknowledging import Acknowledging, Late, Mode
from region.gateway.choices import Choices
from region.gateway.finality import Finality
from region.gateway.messages import Messages
from region.gateway.outcomes import Decided, Outcomes
from region.gateway.settings import GatewaySettings
from region.gateway.stored import Stored
from region.store.repository.copies import Reach
from replication.records import MessageSent, Outcome, Submission

GROUP, OTHER, DIRECT = "g" + "a" * 32 + "-us", "g" + "c" * 32 + "-us", "d" + "b" * 32 + "-us"

QUEUED = Submission(
    id="m1",
    author="u" + "a" * 24 + "-us",
    home="us",
    home_epoch=1,
    body=MessageSent("u" + "b" * 24 + "-eu", "c", "hi"),
    submitted_at=0,
    content_hash=b"x",
)
"""What became of it, where another region decides."""


class Standby:
    """A standby that has everything, or nothing yet."""

    has = True

    async def look(self) -> Reach:
        """Tell how far it is."""
        return Reach(1, 1 if self.has else 0)


@pytest.fixture
async def standby() -> AsyncIterator[tuple[Standby, Finality]]:
    """Return one, with what asks it."""
    there = Standby()
    finality = Finality(there.look)
    async with beside(finality.run()):
        yield there, finality


def appended(*, fails: bool = False) -> "asyncio.Future[int]":
    """Return what a journal says of a record that it has, or has not."""
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    if fails:
        future.set_exception(ConnectionError())
    else:
        future.set_result(1)
    return future


async def test_nothing_is_told_before_it_is_decided_and_the_standby_has_it(standby: tuple[Standby, Finality]) -> None:
    """The journal's word alone is not enough, nor is the decision."""
    there, finality = standby
    there.has = False
    outcomes, acknowledging = Outcomes(cast("Any", None)), Acknowledging(finality=finality, seconds=30)
    expected = outcomes.expect("m1", b"x")
    answering = asyncio.create_task(acknowledging.outcome(expected, appended(), acknowledging.now(), "m1"))
    await asyncio.sleep(0.05)
    assert not answering.done()
    outcomes.resolve("m1", Decided(QUEUED, known=False))
    await asyncio.sleep(0.05)
    assert not answering.done()
    there.has = True

    assert await answering


async def test_a_refusal_is_no_acceptance_though_the_standby_has_it(standby: tuple[Standby, Finality]) -> None:
    """The device was told of it."""
    _, finality = standby
    outcomes, acknowledging = Outcomes(cast("Any", None)), Acknowledging(finality=finality, seconds=30)
    expected = outcomes.expect("m1", b"x")
    outcomes.resolve("m1", Decided(changed(QUEUED, content_hash=b"y"), known=False))
    outcomes.resolve("m1", Decided(Outcome(id="m1", code="content-conflict", content_hash=b"x"), known=False))
    assert await acknowledging.outcome(expected, appended(), acknowledging.now(), "m1") is None


@pytest.mark.parametrize(("has", "accepted"), [(b"x", True), (b"y", False), (None, False)])
async def test_while_fan_out_is_silent_the_store_is_asked(
    standby: tuple[Standby, Finality], monkeypatch: pytest.MonkeyPatch, *, has: bytes | None, accepted: bool
) -> None:
    """By one look for all; what is another text there is not what was sent, and stays unknown here."""
    monkeypatch.setattr(module, "FIRST_LOOK", 0.02)
    _, finality = standby
    looks: list[Sequence[str]] = []

    async def read(messages: Sequence[str]) -> Mapping[str, bytes]:
        looks.append(messages)
        if len(looks) == 1:
            raise psycopg.OperationalError
        return {} if has is None else dict.fromkeys(messages, has)

    outcomes = Outcomes(cast("Any", None))
    acknowledging = Acknowledging(finality=finality, seconds=30 if accepted else 0.2, stored=Stored(read))
    names = [f"m{n}" for n in range(50)]
    found = await asyncio.gather(
        *(acknowledging.outcome(outcomes.expect(name, b"x"), appended(), acknowledging.now(), name) for name in names),
        return_exceptions=True,
    )
    assert all(one is True if accepted else isinstance(one, OutcomeUnknownError) for one in found)
    assert len(looks[0]) > 1, "they are looked for together"


async def test_a_store_that_stands_still_holds_no_answer_of_fan_out(
    standby: tuple[Standby, Finality], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look goes on behind."""
    monkeypatch.setattr(module, "FIRST_LOOK", 0.01)
    _, finality = standby
    asked = asyncio.Event()

    async def read(_messages: Sequence[str]) -> Mapping[str, bytes]:
        asked.set()
        await asyncio.Event().wait()
        return {}

    outcomes = Outcomes(cast("Any", None))
    acknowledging = Acknowledging(finality=finality, seconds=30, stored=Stored(read))
    expected = outcomes.expect("m1", b"x")
    answering = asyncio.create_task(acknowledging.outcome(expected, appended(), acknowledging.now(), "m1"))
    await asked.wait()
    outcomes.resolve("m1", Decided(QUEUED, known=False))
    assert await answering


@pytest.mark.parametrize("decided", [False, True])
@pytest.mark.parametrize("late", list(Late))
async def test_when_time_is_up_the_answer_is_what_was_set(
    standby: tuple[Standby, Finality], late: Late, *, decided: bool
) -> None:
    """Unknown, so that it is sent again; or that the region alone has it, and said so."""
    there, finality = standby
    there.has = False
    outcomes = Outcomes(cast("Any", None))
    acknowledging = Acknowledging(finality=finality, seconds=0.05, late=late)
    expected = outcomes.expect("m1", b"x")
    if decided:
        outcomes.resolve("m1", Decided(QUEUED, known=False))
    answering = acknowledging.outcome(expected, appended(), acknowledging.now(), "m1")
    if late is Late.LOCAL:
        assert not await answering
    else:
        with pytest.raises(OutcomeUnknownError) as caught:
            await answering
        assert caught.value.details["message_id"] == "m1"


@pytest.mark.parametrize("late", list(Late))
async def test_what_the_journal_did_not_take_is_never_said_to_be_accepted(
    standby: tuple[Standby, Finality], late: Late
) -> None:
    """Neither by the region nor by its standby; and nobody waits for it."""
    _, finality = standby
    outcomes, acknowledging = Outcomes(cast("Any", None)), Acknowledging(finality=finality, seconds=30, late=late)
    with pytest.raises(OutcomeUnknownError):
        await acknowledging.outcome(outcomes.expect("m1", b"x"), appended(fails=True), acknowledging.now(), "m1")


async def test_a_group_may_choose_and_is_asked_once_a_second_however_much_is_written_there() -> None:
    """What it has chosen counts, whatever is usual in the region; what is no group has the region's way."""
    now, asked, chosen = [10.0], list[Sequence[str]](), {GROUP: "replicated"}

    async def read(conversations: Sequence[str]) -> Mapping[str, str]:
        asked.append(conversations)
        return dict(chosen)

    choices = Choices(read, clock=lambda: now[0])
    acknowledging = Acknowledging(choices=choices)
    for _ in range(100):
        assert acknowledging.mode(GROUP) is Mode.LOCAL, "nothing is known yet, and nobody waits for it"
    await choices.settled()
    for _ in range(100):
        assert acknowledging.mode(GROUP) is Mode.REPLICATED
        assert acknowledging.mode(DIRECT) is Mode.LOCAL
    assert asked == [[GROUP]]
    chosen[GROUP] = ""
    now[0] += 1.0
    assert acknowledging.mode(GROUP) is Mode.REPLICATED
    await choices.settled()
    assert acknowledging.mode(GROUP) is Mode.LOCAL


async def test_while_the_store_is_away_what_was_known_counts_and_nothing_is_refused() -> None:
    """However old it is; and the store is not asked by each send."""
    now, fails = [10.0], list[bool]()

    async def read(_conversations: Sequence[str]) -> Mapping[str, str]:
        if fails:
            fails.append(True)
            raise psycopg.OperationalError
        return {GROUP: "replicated"}

    choices = Choices(read, clock=lambda: now[0])
    acknowledging = Acknowledging(choices=choices)
    acknowledging.mode(GROUP)
    await choices.settled()
    fails.append(True)
    now[0] += 3600
    for _ in range(10):
        assert acknowledging.mode(GROUP) is Mode.REPLICATED
        assert acknowledging.mode(OTHER) is Mode.LOCAL
        await choices.settled()
    assert len(fails) == 2


@pytest.mark.parametrize("usual", list(Mode))
async def test_a_choice_that_nobody_here_knows_is_none(usual: Mode) -> None:
    """Of a later version, say: the region's own way counts, and no device is cut off by it."""

    async def read(_conversations: Sequence[str]) -> Mapping[str, str]:
        return {GROUP: "hearsay"}

    choices = Choices(read)
    acknowledging = Acknowledging(usual=usual, choices=choices)
    acknowledging.mode(GROUP)
    await choices.settled()
    assert acknowledging.mode(GROUP) is usual


async def test_a_store_that_stands_still_holds_no_send() -> None:
    """All wait for one look, which nobody waits for."""
    looks = 0

    async def read(_conversations: Sequence[str]) -> Mapping[str, str]:
        nonlocal looks
        looks += 1
        await asyncio.Event().wait()
        return {}

    acknowledging = Acknowledging(choices=Choices(read))
    for _ in range(100):
        assert acknowledging.mode(GROUP) is Mode.LOCAL
        await asyncio.sleep(0)
    assert looks == 1


async def test_a_request_that_has_no_place_to_wait_appends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is counted from before it is appended until it is answered, so that the refusal is definite; with `local` there is nothing to count."""
    monkeypatch.setattr(module, "MOST_REQUESTS", 1)
    appended_: list[Submission] = []

    class Away:
        async def send(self, submission: Submission) -> "asyncio.Future[int]":
            appended_.append(submission)
            return asyncio.get_running_loop().create_future()

    unused: Any = None

    def messages(usual: Mode) -> Messages:
        return Messages(
            store=unused,
            recipients=unused,
            clerk=unused,
            outcomes=Outcomes(cast("Any", Away())),
            marks=unused,
            pages=unused,
            composer=unused,
            tenure=unused,
            acknowledging=Acknowledging(usual=usual),
        )

    local, replicated = messages(Mode.LOCAL), messages(Mode.REPLICATED)
    waiting = [asyncio.create_task(one.submit(QUEUED, "c")) for one in (local, local, replicated)]
    await asyncio.sleep(0.01)
    assert len(appended_) == 3
    with pytest.raises(BusyError):
        await replicated.submit(QUEUED, "c")
    assert len(appended_) == 3
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    again = asyncio.create_task(replicated.submit(QUEUED, "c"))
    await asyncio.sleep(0.01)
    assert len(appended_) == 4
    again.cancel()


async def test_where_nobody_stands_by_nothing_is_said_to_be_with_the_standby() -> None:
    """A conversation may want it all the same: then the region's word is all that there is, and it is told so."""
    acknowledging = Acknowledging(usual=Mode.REPLICATED)
    assert acknowledging.mode(GROUP) is Mode.REPLICATED
    assert not await acknowledging.confirm(acknowledging.now(), "m1")
    assert not acknowledging.is_possible


def test_a_promise_that_nobody_can_keep_is_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do about it."""
    for name, value in {
        "INSTANCE": "us/gateway",
        "ADMIN_PORT": "0",
        "REGION": "us",
        "REGIONS": "us,eu",
        "PARTITIONS": "1",
        "KAFKA": "k:1",
        "STORE": "s",
        "REDIS": "r",
        "DIRECTORY": "d",
        "GATEWAY_PORT": "0",
        "GATEWAY_URL": "g",
        "PUBLIC_URL": "p",
        "SIGNING_KEY": "/k",
        "ACKNOWLEDGEMENT": "replicated",
    }.items():
        monkeypatch.setenv(f"CAUSEWAY_{name}", value)
    with pytest.raises(SettingsError, match="CAUSEWAY_STANDBY"):
        read(GatewaySettings).check()
    monkeypatch.setenv("CAUSEWAY_STANDBY", "eu")
    read(GatewaySettings).check()
