"""What who stands by promises, in the copy of a store on a real PostgreSQL: renewals and claims meet there, and exclude each other."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from global_directory.holding.schemas import DutyView, Grant, LeaseRequest
from infra.errors import NotTheHolderError, UnavailableError
from infra.schema.repository import connect
from region.holding.promising import NotPromisedError, Promises, note_claim
from region.holding.repository import promises as repository
from replication.holding.errors import LeaseRunsError
from replication.holding.lease import USUAL, waiting

pytestmark = pytest.mark.integration

US = DutyView("us", "us", 3, 2, "eu", (), 5.0, laid_down=False)
ASKED = LeaseRequest("us", 3, 2, 7, 5)


class Site:
    """The site of eu, with a copy of the store of us.

    Attributes:
        copy: URL of that.
        duty: What the directory has said last.
    """

    def __init__(self, copy: str) -> None:
        """Have heard of the duties."""
        self.copy = copy
        self.duty: DutyView | None = US
        self.promises = Promises("eu", {"us": copy}, lambda _: self.duty)

    async def hear(self, duty: DutyView | None) -> None:
        """Hear what the directory says."""
        self.duty = duty
        await self.promises.note("us")

    async def claim(self, epoch: int = 3, *, laid_down: bool = False) -> None:
        """Note that the epoch's end is claimed."""
        async with await connect(self.copy, name="test") as copy:
            await note_claim(copy, "us", epoch, 2, laid_down=laid_down)

    async def until(self) -> int:
        """Return how long no claim may be, by the server's clock."""
        async with await connect(self.copy, name="test") as copy:
            row = await repository.read(copy)
        assert row is not None
        return row.until

    async def wait_out(self) -> None:
        """Let time pass until all that was promised is over."""
        async with await connect(self.copy, name="test") as copy:
            await copy.execute("UPDATE lease_promise SET until = 1")


@pytest.fixture
def site(postgres_url: str) -> Site:
    """One that has heard nothing yet."""
    return Site(postgres_url)


async def test_whoever_was_named_renews_and_does_not_claim_meanwhile(site: Site) -> None:
    """The grant echoes what was asked; what is promised outlasts it on any clock, and gets no shorter."""
    await site.hear(US)
    assert await site.promises.renew("us", ASKED) == Grant("us", 3, 7, 5, USUAL.length)
    first = await site.until()
    await site.promises.renew("us", replace(ASKED, asked_at=1))
    assert await site.until() >= first
    async with await connect(site.copy, name="test") as copy:
        row = await repository.read(copy)
    assert row is not None
    assert row.now + USUAL.length < row.until <= row.now + waiting(USUAL)

    with pytest.raises(LeaseRunsError):
        await site.claim()
    await site.promises.renew("us", ASKED)  # a claim that was not made changes nothing


async def test_whoever_has_claimed_never_renews_in_that_epoch(site: Site) -> None:
    """Whatever becomes of the claim, however often it is heard of the epoch, and in whichever process; the next one is another."""
    await site.hear(US)
    await site.promises.renew("us", ASKED)
    await site.wait_out()
    await site.claim()
    again = Site(site.copy)
    for one in (site, again):
        await one.hear(US)
        with pytest.raises(NotPromisedError):
            await one.promises.renew("us", ASKED)
    await site.claim()

    await site.hear(replace(US, epoch=4))
    with pytest.raises(NotTheHolderError):
        await site.promises.renew("us", ASKED)
    with pytest.raises(NotPromisedError):
        await again.promises.renew("us", ASKED)
    await site.promises.renew("us", replace(ASKED, epoch=4))


async def test_what_a_holder_laid_down_is_claimed_at_once_and_not_renewed(site: Site) -> None:
    """It decides nothing any more, so nothing is waited for."""
    await site.hear(US)
    await site.promises.renew("us", ASKED)
    await site.claim(laid_down=True)
    with pytest.raises(NotPromisedError):
        await site.promises.renew("us", ASKED)

    await site.hear(replace(US, epoch=4))
    await site.promises.renew("us", replace(ASKED, epoch=4))
    await site.hear(replace(US, epoch=4, laid_down=True))
    with pytest.raises(NotPromisedError):
        await site.promises.renew("us", replace(ASKED, epoch=4))


@pytest.mark.parametrize(
    "heard",
    [None, replace(US, standby="ap"), replace(US, holder="eu"), replace(US, epoch=2), replace(US, incarnation=1)],
)
async def test_who_was_not_named_in_that_epoch_promises_nothing(site: Site, heard: DutyView | None) -> None:
    """By what the directory has said: not yet, another, itself the holder, a former epoch, a former life."""
    await site.hear(heard)
    with pytest.raises(NotPromisedError):
        await site.promises.renew("us", ASKED)
    with pytest.raises(NotPromisedError):
        await site.promises.renew("ap", replace(ASKED, holder="ap"))


async def test_it_goes_on_from_what_is_written_while_nothing_is_heard(site: Site) -> None:
    """A process that began after the directory fell silent knows who was named."""
    await site.hear(US)
    later = Site(site.copy)
    await later.hear(None)
    assert await later.promises.renew("us", ASKED)


async def test_renewals_and_a_claim_at_the_same_moment_exclude_each_other(site: Site) -> None:
    """In any order: what is promised before the claim is waited for, and after it nothing is."""
    await site.hear(US)

    async def renewed(number: int) -> bool:
        try:
            await site.promises.renew("us", replace(ASKED, asked_at=number))
        except NotPromisedError:
            return False
        return True

    async def claimed() -> bool:
        try:
            await site.claim()
        except LeaseRunsError:
            return False
        return True

    for _ in range(5):
        *granted, claims = await asyncio.gather(*(renewed(number) for number in range(6)), claimed())
        assert not (claims and any(granted)), "who claims has promised nothing that is not over"
        if claims:
            break
        await site.wait_out()
    with_claim = await asyncio.gather(*(renewed(number) for number in range(3)))
    assert claims or all(with_claim)


async def test_a_copy_that_takes_anothers_place_keeps_its_promises(
    site: Site, make_database: Callable[[], str]
) -> None:
    """And where there was none before it promises as if all that can have been had been."""
    await site.hear(US)
    await site.promises.renew("us", ASKED)
    until = await site.until()
    made = Site(make_database())
    async with await connect(site.copy, name="test") as old, await connect(made.copy, name="test") as new:
        await repository.carry_over(old, new)
    assert await made.until() == until
    with pytest.raises(LeaseRunsError):
        await made.claim()

    alone = Site(make_database())
    async with await connect(alone.copy, name="test") as new:
        await repository.forget(new, 3, waiting(USUAL))
    with pytest.raises(LeaseRunsError):
        await alone.claim()
    await alone.hear(US)
    with pytest.raises(LeaseRunsError):
        await alone.claim()
    await alone.promises.renew("us", ASKED)


async def test_a_copy_that_is_not_there_promises_nothing_and_can_be_claimed_by_nobody(site: Site) -> None:
    """Who asks hears that it cannot be reached."""
    away = Site(f"{site.copy}_gone")
    with pytest.raises(UnavailableError):
        await away.promises.renew("us", ASKED)
    with pytest.raises(psycopg.OperationalError):
        await away.claim()
