"""Who holds what, as processes follow it: each its own until the directory says otherwise, and never back to an older epoch."""

import asyncio

import pytest

from global_directory.holders import Held, Holders
from global_directory.holding.schemas import DutyView, Former
from infra.errors import UnavailableError


def duty(holder: str, epoch: int, *former: Former, region: str = "us") -> DutyView:
    """Return what the directory says."""
    return DutyView(region, holder, epoch, epoch, "", (), 1.0, laid_down=False, former=former)


class FakeDirectory:
    """Answers, or cannot be reached."""

    def __init__(self, *answers: tuple[DutyView, ...] | None) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def duties(self) -> tuple[DutyView, ...]:
        """Return the next answer."""
        self.asked += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if found is None:
            raise UnavailableError(what="The directory")
        return found


AT_HOME, MOVED = duty("us", 1), duty("eu", 2, Former(1, "us", laid_down=True))


def test_each_holds_its_own_until_it_is_told_otherwise() -> None:
    """And whoever's duties cannot be held elsewhere does whatever is told."""
    holders = Holders(FakeDirectory(()), {"us"})
    assert holders.held("us") == Held("us", 0)
    assert (holders.site_of("us"), holders.site_of("ap")) == ("us", "ap")

    holders.take([MOVED, duty("eu", 2, region="ap")])
    assert (holders.held("us"), holders.site_of("ap")) == (Held("eu", 2), "ap")
    holders.take([AT_HOME])
    assert holders.held("us") == Held("eu", 2), "a node of the directory that is behind changes nothing"


def test_who_had_which_epoch() -> None:
    """One that is not known yet is to be asked for again; one that was not laid down may have gone on too long."""
    holders = Holders(FakeDirectory(()), {"us"})
    assert (holders.has("us", "us", 1), holders.has("us", "eu", 1)) == (True, None), "the directory may be away"
    assert (holders.has("ap", "ap", 9), holders.has("ap", "eu", 9)) == (True, False)

    holders.take([duty("us", 3, Former(1, "us", laid_down=True), Former(2, "eu", laid_down=False))])

    assert {(site, epoch): holders.has("us", site, epoch) for site in ("us", "eu") for epoch in (1, 2, 3, 4)} == {
        ("us", 1): True,
        ("eu", 1): False,
        ("us", 2): False,
        ("eu", 2): False,
        ("us", 3): True,
        ("eu", 3): False,
        ("us", 4): None,
        ("eu", 4): None,
    }


def test_an_epoch_is_over_that_another_has_ended() -> None:
    """What was laid down stands as it is; and nothing is over that nobody has heard of."""
    holders = Holders(FakeDirectory(()), {"us"})
    assert not holders.is_over("us", "us", 1)

    holders.take([duty("us", 3, Former(1, "us", laid_down=False), Former(2, "eu", laid_down=True))])

    over = {(site, epoch) for site in ("us", "eu") for epoch in (1, 2, 3, 4) if holders.is_over("us", site, epoch)}
    assert over == {("us", 1)}


def test_an_epoch_that_no_claim_began_was_held_at_home() -> None:
    """A region that lost its store announces its next one by itself."""
    holders = Holders(FakeDirectory(()), {"us"})
    holders.take([duty("us", 2)])

    assert (holders.has("us", "us", 1), holders.has("us", "eu", 1)) == (True, False)


async def test_the_directory_is_asked_again_and_again_and_listeners_are_told() -> None:
    """Also after it was away; whoever waits is woken."""
    directory = FakeDirectory((AT_HOME,), None, (MOVED,))
    holders, told = Holders(directory, {"us"}, pause=0), list[tuple[str, str, int]]()
    holders.tell(lambda *what: told.append(what))
    running = asyncio.create_task(holders.run())
    async with asyncio.timeout(5):
        while holders.site_of("us") != "eu":
            await holders.wait()
    running.cancel()

    assert told == [("us", "us", 1), ("us", "eu", 2)]


async def test_where_nothing_can_be_held_elsewhere_nothing_is_asked() -> None:
    """The directory has better things to do."""
    directory = FakeDirectory((AT_HOME,))
    running = asyncio.create_task(Holders(directory, (), pause=0).run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert directory.asked == 0
