"""Leases on a real store: only the holder in its epoch has one, whoever races, and what was promised never gets shorter."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from global_directory.client import Announcement, DirectoryClient
from global_directory.directory import Directory
from global_directory.errors import IncarnationConflictError, UnknownRegionError
from global_directory.holding import repository
from global_directory.holding.schemas import DutyView, Keeper, LeaseRequest
from infra.errors import InvalidFieldError, NotTheHolderError
from replication.holding.duty import Duty
from replication.holding.errors import LaidDownError
from replication.holding.lease import Terms, waiting

pytestmark = pytest.mark.integration
US = LeaseRequest(holder="us", epoch=1, incarnation=1, boot=7, asked_at=5, standby="eu")
WAITED = waiting(Terms()) / 1_000_000
Announce = Callable[..., Announcement]


class Clock(Protocol):
    """The directory's clock, moved by the test."""

    def forward(self, seconds: float) -> None:
        """Let time pass."""


async def duty(directory: Directory, region: str = "us") -> DutyView:
    """Return what the directory says of a region's duties."""
    return next(one for one in (await directory.duties.all()).duties if one.region == region)


async def test_each_region_holds_its_own_duties_and_nobody_stands_by(directory: Directory) -> None:
    """From when it has announced itself; without a lease until it asks."""
    found = (await directory.duties.all()).duties

    assert [(one.region, one.holder, one.epoch, one.standby) for one in found] == [
        (region, region, 1, "") for region in ("ap", "eu", "us")
    ]
    assert found[0] == DutyView("ap", "ap", 1, 1, "", (Keeper("ap", 1),), promised_seconds=0.0, laid_down=False)


async def test_a_grant_echoes_what_was_asked_and_is_promised_for_longer(directory: Directory, clock: Clock) -> None:
    """By what clocks may differ; it goes by, and is granted anew."""
    granted = await directory.duties.renew("us", US)

    assert (granted.holder, granted.epoch, granted.boot, granted.asked_at) == ("us", 1, 7, 5)
    assert granted.length == Terms().length
    assert (await duty(directory)).promised_seconds == WAITED > granted.length / 1_000_000
    assert (await duty(directory)).standby == "eu"
    clock.forward(WAITED - 1)
    assert (await duty(directory)).promised_seconds == pytest.approx(1)
    await directory.duties.renew("us", US)
    assert (await duty(directory)).promised_seconds == WAITED
    clock.forward(WAITED + 1)
    assert (await duty(directory)).promised_seconds == 0


async def test_only_the_holder_in_its_epoch_and_life_has_one(directory: Directory, announcement: Announce) -> None:
    """Others are told who does, and since when; nothing is written for them."""
    await directory.duties.renew("us", US)
    for stranger in (replace(US, holder="eu", standby=""), replace(US, epoch=2)):
        with pytest.raises(NotTheHolderError) as refused:
            await directory.duties.renew("us", stranger)
        assert (refused.value.details["holder"], refused.value.details["epoch"]) == ("us", 1)
    with pytest.raises(IncarnationConflictError):
        await directory.duties.renew("us", replace(US, incarnation=2))
    assert (await duty(directory)).standby == "eu"

    await directory.announce("us", announcement("us", epoch=2, incarnation=2))
    with pytest.raises(NotTheHolderError) as stale:
        await directory.duties.renew("us", US)
    assert stale.value.details["epoch"] == 2
    begun = await duty(directory)
    assert (begun.standby, begun.promised_seconds) == ("", 0.0), "what was promised was of the epoch before"
    assert begun.keepers == (Keeper("us", 1),), "what is final is in the life that was lost, as far as anybody knows"
    await directory.duties.renew("us", replace(US, epoch=2, incarnation=2))
    assert (await duty(directory)).promised_seconds == WAITED


async def test_what_makes_no_sense_is_refused(directory: Directory) -> None:
    """An unknown region, one that stands by for itself, a number that no store keeps."""
    with pytest.raises(UnknownRegionError):
        await directory.duties.renew("mars", replace(US, holder="mars"))
    with pytest.raises(UnknownRegionError):
        await directory.duties.renew("us", replace(US, standby="DROP TABLE"))
    for wrong in (replace(US, standby="us"), replace(US, asked_at=-1), replace(US, boot=2**60)):
        with pytest.raises(InvalidFieldError):
            await directory.duties.renew("us", wrong)


async def test_a_lease_that_was_laid_down_stays_so(directory: Directory, engine: AsyncEngine) -> None:
    """A request that was under way revives nothing."""
    await directory.duties.renew("us", US)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE duties SET laid_down = true"))

    with pytest.raises(LaidDownError):
        await directory.duties.renew("us", US)
    assert (await duty(directory)).promised_seconds == 0
    assert (await duty(directory)).laid_down


def meeting(parties: int) -> Callable[[AsyncConnection], "asyncio.Future[None]"]:
    """Return a hook that lets the first transactions commit only when so many have read and written."""
    arrived, everybody = 0, asyncio.Event()

    async def hook(_: AsyncConnection) -> None:
        nonlocal arrived
        arrived += 1
        if arrived >= parties:
            everybody.set()
        await asyncio.wait_for(everybody.wait(), 5)

    return hook  # type: ignore[return-value]  # a coroutine function


def lost_races() -> float:
    """Return how often a renewal lost its race."""
    labels = {"transaction": "renew_lease", "failure": "lost_race"}
    return REGISTRY.get_sample_value("causeway_directory_transaction_failures_total", labels) or 0.0


async def test_a_new_epoch_and_a_renewal_of_the_old_one_race(
    directory: Directory, make_directory: Callable[..., Directory], announcement: Announce
) -> None:
    """Whichever comes first, the epoch that is over has no lease: either it was granted before, or it is refused."""
    racing = make_directory(meeting(2))

    renewed, announced = await asyncio.gather(
        racing.duties.renew("us", US),
        racing.announce("us", announcement("us", epoch=2, incarnation=2)),
        return_exceptions=True,
    )

    assert not isinstance(announced, BaseException)
    assert not isinstance(renewed, BaseException) or isinstance(renewed, NotTheHolderError)
    assert (await duty(directory)).epoch == 2
    assert (await duty(directory)).promised_seconds == 0
    with pytest.raises(NotTheHolderError):
        await directory.duties.renew("us", US)


async def test_two_processes_of_a_holder_race_and_both_are_granted(
    directory: Directory, make_directory: Callable[..., Directory], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one commits between what the first one reads and writes, which so loses with a real 40001, and starts over."""
    other, before, put = make_directory(), lost_races(), repository.put_duty
    met = asyncio.Event()

    async def put_after_the_other(connection: AsyncConnection, duty: Duty) -> None:
        if not met.is_set():
            met.set()
            clock.forward(1)
            assert (await other.duties.renew("us", replace(US, boot=2))).boot == 2
        await put(connection, duty)

    await directory.duties.renew("us", US)
    monkeypatch.setattr(repository, "put_duty", put_after_the_other)
    assert (await directory.duties.renew("us", replace(US, boot=1))).boot == 1

    assert lost_races() == before + 1
    assert (await duty(directory)).promised_seconds == WAITED


async def test_40001_at_commit_is_tried_again(directory: Directory, engine: AsyncEngine) -> None:
    """Two commits fail at the server; the third holds, and the holder never knows."""
    async with engine.begin() as connection:
        await connection.execute(text("CREATE SEQUENCE faults"))
        await connection.execute(
            text(
                "CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " IF nextval('faults') <= 2 THEN RAISE EXCEPTION 'injected' USING ERRCODE = '40001'; END IF; RETURN NULL; END $$"
            )
        )
        await connection.execute(
            text(
                "CREATE CONSTRAINT TRIGGER fault AFTER INSERT OR UPDATE ON duties"
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fault()"
            )
        )
    before = lost_races()

    await directory.duties.renew("us", US)

    assert lost_races() == before + 2
    assert (await duty(directory)).promised_seconds == WAITED


async def test_regions_ask_over_http(clients: tuple[DirectoryClient, ...]) -> None:
    """Through directory processes of their own; refusals arrive as what they are."""
    us, eu, _ = clients

    granted = await us.renew_lease("us", US)

    assert granted.asked_at == US.asked_at
    assert {one.region: one.standby for one in await eu.duties()} == {"ap": "", "eu": "", "us": "eu"}
    with pytest.raises(NotTheHolderError) as refused:
        await eu.renew_lease("us", replace(US, holder="eu", standby=""))
    assert refused.value.details["holder"] == "us"
