"""What who stands by promises, in the server of its copies, a real PostgreSQL: renewals and claims meet there, and exclude each other."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from global_directory.holding.schemas import DutyView, Grant, LeaseRequest
from infra.errors import NotTheHolderError, UnavailableError
from infra.schema.repository import connect
from region.holding.promising import NotPromisedError, Promises, note_claim
from region.holding.repository import promises as repository
from region.holding.repository.promises import Promised
from replication.holding.errors import LeaseRunsError
from replication.holding.lease import USUAL, waiting

pytestmark = pytest.mark.integration

US = DutyView("us", "us", 3, 2, "eu", (), 5.0, laid_down=False)


class Site:
    """The site of eu, which stands by us.

    Attributes:
        store: URL of its store.
        duty: What the directory has said last.
    """

    def __init__(self, store: str, region: str) -> None:
        """Have heard of the duties of a region of this test's own: all share what is promised in the server."""
        self.store, self.region = store, region
        self.duty: DutyView | None = replace(US, region=region, holder=region)
        self.promises = Promises("eu", store, [region], lambda _: self.duty)

    @property
    def asked(self) -> LeaseRequest:
        """What the holder asks for."""
        return LeaseRequest(self.region, 3, 2, 7, 5)

    async def hear(self, **news: Any) -> None:
        """Hear what the directory says."""
        self.duty = replace(US, region=self.region, holder=self.region)
        self.duty = replace(self.duty, **news)
        await self.promises.note(self.region)

    async def renew(self, **other: Any) -> Grant:
        """Ask as the holder does."""
        return await self.promises.renew(self.region, replace(self.asked, **other))

    async def claim(self, *, laid_down: bool = False) -> None:
        """Note that the epoch's end is claimed, by the URL of a copy in the same server."""
        await note_claim(f"{self.store}_no_copy", self.region, 3, 2, laid_down=laid_down)

    async def row(self) -> Promised:
        """Return what is written."""
        async with await connect(repository.place(self.store), name="test") as connection:
            row = await repository.read(connection, self.region)
        assert row is not None
        return row

    async def write(self, until: int) -> None:
        """Write down until when nothing is claimed."""
        async with await connect(repository.place(self.store), name="test") as connection:
            await connection.execute("UPDATE promises SET until = %s WHERE region = %s", (until, self.region))


@pytest.fixture
async def site(postgres_url: str) -> AsyncIterator[Site]:
    """One that has heard nothing yet."""
    made = Site(postgres_url, f"us{uuid.uuid4().hex[:8]}")
    async with made.promises.opened():
        yield made


async def test_whoever_was_named_renews_and_does_not_claim_meanwhile(site: Site) -> None:
    """The grant echoes what was asked; what is promised outlasts it on any clock, and gets no shorter."""
    await site.hear()
    assert await site.renew() == Grant(site.region, 3, 7, 5, USUAL.length)
    first = (await site.row()).until
    await site.renew(asked_at=1)
    row = await site.row()
    assert row.until >= first
    assert row.now + USUAL.length < row.until <= row.now + waiting(USUAL)

    with pytest.raises(LeaseRunsError):
        await site.claim()
    await site.renew()  # a claim that was not made changes nothing


async def test_whoever_has_claimed_never_renews_in_that_epoch(site: Site) -> None:
    """Whatever becomes of the claim, however often it is heard of the epoch, and in whichever process; the next one is another."""
    await site.hear()
    await site.renew()
    await site.write(1)
    await site.claim()
    again = Site(site.store, site.region)
    async with again.promises.opened():
        for one in (site, again):
            await one.hear()
            with pytest.raises(NotPromisedError):
                await one.renew()
        await site.claim()

        await site.hear(epoch=4)
        with pytest.raises(NotTheHolderError):
            await site.renew()
        with pytest.raises(NotPromisedError):
            await again.renew()
        await site.renew(epoch=4)


async def test_what_a_holder_laid_down_is_claimed_at_once_and_not_renewed(site: Site) -> None:
    """It decides nothing any more, so nothing is waited for."""
    await site.hear()
    await site.renew()
    await site.claim(laid_down=True)
    with pytest.raises(NotPromisedError):
        await site.renew()

    await site.hear(epoch=4)
    await site.renew(epoch=4)
    await site.hear(epoch=4, laid_down=True)
    with pytest.raises(NotPromisedError):
        await site.renew(epoch=4)


@pytest.mark.parametrize("heard", [{"standby": "ap"}, {"holder": "eu"}, {"epoch": 2}, {"incarnation": 1}])
async def test_who_was_not_named_in_that_epoch_promises_nothing(site: Site, heard: dict[str, object]) -> None:
    """By what the directory has said: another, itself the holder, a former epoch, a former life."""
    with pytest.raises(NotPromisedError):
        await site.renew()
    await site.hear(**heard)
    with pytest.raises(NotPromisedError):
        await site.renew()
    with pytest.raises(NotPromisedError):
        await site.promises.renew("ap", replace(site.asked, holder="ap"))
    with pytest.raises(NotPromisedError):
        await site.renew(holder="ap")


async def test_it_goes_on_from_what_is_written_while_nothing_is_heard(site: Site) -> None:
    """A process that began after the directory fell silent knows who was named; one whose row was changed behind it looks anew."""
    await site.hear()
    later = Site(site.store, site.region)
    later.duty = None
    async with later.promises.opened():
        assert (await later.renew()).epoch == 3

    async with await connect(repository.place(site.store), name="test") as connection:
        await connection.execute("DELETE FROM promises WHERE region = %s", (site.region,))
    with pytest.raises(NotPromisedError):
        await site.renew()
    await site.hear()
    await site.renew()


async def test_renewals_and_claims_at_the_same_moment_exclude_each_other(site: Site) -> None:
    """In any order, also where nobody was named yet: what is promised before a claim is waited for, and after it nothing is."""

    async def renewed(number: int) -> bool:
        try:
            await site.hear()
            await site.renew(asked_at=number)
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
        await site.write(1)
    afterwards = await asyncio.gather(*(renewed(number) for number in range(3)))
    assert afterwards == [not claims] * 3


async def test_a_clock_that_was_ahead_holds_nobody_up_for_longer_than_a_promise(site: Site) -> None:
    """What cannot have been promised was written by it."""
    await site.hear()
    await site.renew()
    await site.write(2**60)
    with pytest.raises(LeaseRunsError):
        await site.claim()
    await site.renew()
    row = await site.row()
    assert row.until <= row.now + waiting(USUAL)


async def test_whoever_holds_the_row_up_is_not_waited_for(site: Site) -> None:
    """A process that stands still in the midst of it; who asks hears so well before a lease ends, and is granted it later."""
    await site.hear()
    async with await connect(repository.place(site.store), name="test") as still, still.transaction():
        await repository.read(still, site.region)
        with pytest.raises(UnavailableError):
            await asyncio.wait_for(site.renew(), USUAL.length / 2e6)
    await site.renew()


async def test_a_server_that_is_not_there_promises_nothing_and_claims_nothing() -> None:
    """Who asks hears that it cannot be reached."""
    away = Site("postgresql://causeway@127.0.0.1:9/causeway", "us")
    with pytest.raises(UnavailableError):
        await away.renew()
    with pytest.raises(psycopg.OperationalError):
        await away.claim()
