"""Duties pass on a real store: only to whom they may, once, and how each epoch ended stays on record."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import pytest

from global_directory.client import Announcement, DirectoryClient
from global_directory.directory import Directory
from global_directory.errors import IncarnationConflictError, UnknownRegionError
from global_directory.holding.schemas import Claim, DutyView, Former, Keeping, LayingDown, LeaseRequest
from infra.errors import InvalidFieldError, NotTheHolderError
from replication.holding.errors import (
    EpochOverError,
    LaidDownError,
    LeaseRunsError,
    NotTheKeeperError,
    NotTheStandbyError,
)
from replication.holding.lease import Terms, waiting

pytestmark = pytest.mark.integration
US = LeaseRequest(holder="us", epoch=1, incarnation=1, boot=7, asked_at=5, standby="eu")
DOWN = LayingDown("us", 1)
EU = Claim("eu", incarnation=2, ended=1)
WAITED = waiting(Terms()) / 1_000_000
Announce = Callable[..., Announcement]


class Clock(Protocol):
    """The directory's clock, moved by the test."""

    def forward(self, seconds: float) -> None:
        """Let time pass."""


async def duty(directory: Directory, region: str = "us") -> DutyView:
    """Return what the directory says of a region's duties."""
    return next(one for one in (await directory.duties.all()).duties if one.region == region)


async def test_who_stands_by_takes_over_what_was_laid_down(directory: Directory, announcement: Announce) -> None:
    """At once, though the lease would run; the new holder announces the region, and the old one neither renews nor announces it any more."""
    await directory.duties.renew("us", US)
    await directory.duties.lay_down("us", DOWN)
    with pytest.raises(LaidDownError):
        await directory.duties.renew("us", US)

    begun = await directory.duties.claim("us", EU)

    assert (begun.holder, begun.epoch, begun.incarnation, begun.standby) == ("eu", 2, 2, "")
    assert begun.promised_seconds == WAITED, "it may have a lease at once"
    assert await duty(directory) == replace(begun, former=(Former(1, "us", laid_down=True),))
    assert {one.region: (one.holder, one.epoch) for one in (await directory.regions()).regions}["us"] == ("eu", 2)
    with pytest.raises(NotTheHolderError):
        await directory.duties.renew("us", US)
    with pytest.raises(NotTheHolderError):
        await directory.announce("us", announcement("us", epoch=2, incarnation=2))
    await directory.announce("us", announcement("us", holder="eu", epoch=2, incarnation=2))
    await directory.duties.renew("us", LeaseRequest("eu", 2, 2, 7, 5))


async def test_laying_down_and_claiming_may_be_repeated(directory: Directory) -> None:
    """Whose answer was lost asks again, and is told the same; nobody else is."""
    await directory.duties.renew("us", US)
    await directory.duties.lay_down("us", DOWN)
    await directory.duties.lay_down("us", DOWN)
    await directory.duties.claim("us", EU)

    assert (await directory.duties.claim("us", EU)).epoch == 2
    for late in (replace(EU, incarnation=3), Claim("us", 2, ended=1)):
        with pytest.raises(EpochOverError):
            await directory.duties.claim("us", late)
    with pytest.raises(NotTheHolderError):
        await directory.duties.lay_down("us", DOWN)
    assert (await duty(directory)).former == (Former(1, "us", laid_down=True),)


async def test_while_a_lease_may_run_nobody_takes_over(directory: Directory, clock: Clock) -> None:
    """Nor afterwards, if a renewal alone has named it: a process that was not told may not think of leases at all."""
    await directory.duties.renew("us", US)
    with pytest.raises(LeaseRunsError):
        await directory.duties.claim("us", EU)
    clock.forward(WAITED + 1)
    with pytest.raises(LeaseRunsError):
        await directory.duties.claim("us", EU)
    assert (await duty(directory)).epoch == 1


async def test_who_was_named_as_the_epoch_began_takes_over_once_the_lease_has_lapsed(
    directory: Directory, clock: Clock
) -> None:
    """And no renewal names another; that the epoch was not laid down stays on record."""
    await directory.duties.claim("us", Claim("us", 1, ended=1, standby="eu"))
    second = replace(US, epoch=2, standby="ap")
    await directory.duties.renew("us", second)
    assert (await duty(directory)).standby == "eu"
    await directory.duties.keep("us", Keeping("us", 1, 2, "eu"))
    with pytest.raises(LeaseRunsError):
        await directory.duties.claim("us", replace(EU, ended=2))
    clock.forward(WAITED + 1)

    begun = await directory.duties.claim("us", replace(EU, ended=2, standby="ap"))

    assert (begun.holder, begun.epoch, begun.standby) == ("eu", 3, "ap")
    assert (await duty(directory)).former == (
        Former(1, "us", laid_down=False),
        Former(2, "us", laid_down=False),
    )


async def test_a_first_announcement_names_who_stands_by(
    directory: Directory, announcement: Announce, clock: Clock
) -> None:
    """For good in that epoch: a later one changes nothing. It is no keeper before the holder says so."""
    await directory.announce("me", announcement("me", standby="eu"))
    await directory.announce("me", announcement("me", standby="ap"))
    await directory.duties.renew("me", replace(US, holder="me", standby="ap"))
    assert (await duty(directory, "me")).standby == "eu"
    clock.forward(WAITED + 1)
    with pytest.raises(NotTheKeeperError):
        await directory.duties.claim("me", EU)
    with pytest.raises(InvalidFieldError):
        await directory.announce("ce", announcement("ce", standby="ce"))

    await directory.duties.keep("me", Keeping("me", 1, 1, "eu"))
    assert (await directory.duties.claim("me", EU)).holder == "eu"


async def test_who_was_passed_by_takes_nothing_over(directory: Directory, announcement: Announce, clock: Clock) -> None:
    """Until it has everything again; and once it has taken over nobody is passed by any more."""
    await directory.announce("me", announcement("me", standby="eu"))
    with pytest.raises(NotTheStandbyError):
        await directory.duties.keep("me", Keeping("me", 1, 1, "ap"))
    for standby, keepers in (("eu", {"eu", "me"}), ("", {"me"})):
        kept = await directory.duties.keep("me", Keeping("me", 1, 1, standby))
        assert {one.region for one in kept.keepers} == keepers
    clock.forward(WAITED + 1)
    with pytest.raises(NotTheKeeperError):
        await directory.duties.claim("me", EU)
    await directory.duties.keep("me", Keeping("me", 1, 1, "eu"))
    await directory.duties.claim("me", EU)

    with pytest.raises(EpochOverError):
        await directory.duties.keep("me", Keeping("me", 1, 1))
    assert not (await duty(directory, "me")).former[0].laid_down


async def test_claims_that_make_no_sense_are_refused(directory: Directory) -> None:
    """Of a stranger, for oneself, of a former life, of a region that there is not; nothing is written for them."""
    await directory.duties.renew("us", US)
    await directory.duties.lay_down("us", DOWN)
    for wrong, error in (
        (Claim("ap", 2, ended=1), NotTheStandbyError),
        (replace(EU, incarnation=1), IncarnationConflictError),
        (replace(EU, standby="eu"), InvalidFieldError),
        (replace(EU, incarnation=0), InvalidFieldError),
        (replace(EU, standby="DROP TABLE"), UnknownRegionError),
        (replace(EU, ended=2), EpochOverError),
    ):
        with pytest.raises(error):
            await directory.duties.claim("us", wrong)
    with pytest.raises(UnknownRegionError):
        await directory.duties.claim("mars", EU)
    with pytest.raises(NotTheHolderError):
        await directory.duties.lay_down("us", LayingDown("eu", 1))
    assert (await duty(directory)).epoch == 1


async def test_holder_and_standby_race_for_the_next_epoch(directory: Directory) -> None:
    """One of them begins it; the other one is told that it is over."""
    await directory.duties.renew("us", US)
    await directory.duties.lay_down("us", DOWN)

    answers = await asyncio.gather(
        directory.duties.claim("us", EU),
        directory.duties.claim("us", Claim("us", 1, ended=1, standby="eu")),
        return_exceptions=True,
    )

    won = [answer for answer in answers if isinstance(answer, DutyView)]
    assert len(won) == 1
    assert any(isinstance(answer, EpochOverError) for answer in answers)
    assert (await duty(directory)).holder == won[0].holder


async def test_regions_claim_over_http(clients: tuple[DirectoryClient, ...]) -> None:
    """Through directory processes of their own; refusals arrive as what they are."""
    us, eu, ap = clients
    await us.renew_lease("us", US)
    with pytest.raises(LeaseRunsError):
        await eu.claim("us", EU)
    with pytest.raises(NotTheStandbyError):
        await ap.claim("us", replace(EU, claimer="ap"))
    assert (await us.lay_down("us", DOWN)).laid_down

    assert (await eu.claim("us", EU)).epoch == 2

    with pytest.raises(EpochOverError):
        await us.claim("us", Claim("us", 2, ended=1))
    assert {one.region: one.former for one in await ap.duties()}["us"] == (Former(1, "us", laid_down=True),)
    assert (await eu.holder_of("us")).region == "eu"


async def test_whose_duties_an_expelled_region_holds_is_expelled_too(directory: Directory) -> None:
    """What comes from there in its name comes from whom nobody trusts; at home again, it is trusted again."""
    await directory.duties.renew("us", US)
    await directory.duties.lay_down("us", DOWN)
    await directory.duties.claim("us", EU)
    await directory.expel("eu")
    assert (await directory.expulsions()).expelled == ("eu", "us")

    await directory.duties.renew("us", LeaseRequest("eu", 2, 2, 7, 5, standby="us"))
    await directory.duties.lay_down("us", LayingDown("eu", 2))
    await directory.duties.claim("us", Claim("us", 3, ended=2))
    assert (await directory.expulsions()).expelled == ("eu",)
    await directory.readmit("eu")
    assert (await directory.expulsions()).expelled == ()
