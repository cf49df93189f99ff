"""How a process stands by its region's lease, on a clock that the test moves."""

from dataclasses import dataclass, replace

import pytest

from infra.errors import OutcomeUnknownError, SettingsError
from infra.settings import RegionalSettings
from region.holding.clock import boot, boottime
from region.holding.errors import DeposedError, IslandedError
from region.holding.tenure import Tenure
from replication.holding.deciding import Kind, Standing

SECOND = 1_000_000
LENGTH = 6 * SECOND


@dataclass
class Clock:
    """A clock that the test moves."""

    now: int = 100 * SECOND

    def __call__(self) -> int:
        """Return microseconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The process's clock."""
    return Clock()


@pytest.fixture
def tenure(clock: Clock) -> Tenure:
    """That of a region by which eu stands."""
    made = Tenure("us", "eu", clock=clock, boot=7)
    made.begin(1, 1)
    return made


def test_it_holds_from_a_grant_until_the_lease_ends(tenure: Tenure, clock: Clock) -> None:
    """Counted from when it was asked for, however late the answer."""
    assert tenure.standing() is Standing.ISLANDED, "nothing was granted yet"
    asked = tenure.ask()
    clock.now += 2 * SECOND
    tenure.take(asked, LENGTH)

    assert (tenure.standing(), tenure.left) == (Standing.HOLDING, 4 * SECOND)
    clock.now += 4 * SECOND - 1
    assert tenure.standing() is Standing.HOLDING
    clock.now += 1
    assert (tenure.standing(), tenure.left) == (Standing.ISLANDED, 0)
    tenure.take(asked, LENGTH)
    assert tenure.standing() is Standing.ISLANDED, "a grant that comes again grants nothing anew"
    tenure.take(tenure.ask(), LENGTH)
    assert tenure.standing() is Standing.HOLDING


def test_who_grants_says_for_how_long(tenure: Tenure, clock: Clock) -> None:
    """So that nobody has to be told the same twice."""
    tenure.take(tenure.ask(), 2 * SECOND)
    assert (tenure.length, tenure.left) == (2 * SECOND, 2 * SECOND)


def test_what_another_run_of_the_clock_or_another_epoch_asked_for_is_nothing(tenure: Tenure) -> None:
    """It cannot be measured, or is over."""
    for other in (replace(tenure.ask(), boot=8), replace(tenure.ask(), epoch=2)):
        tenure.take(other, LENGTH)
        assert tenure.standing() is Standing.ISLANDED


def test_where_nobody_stands_by_the_holder_renews_by_itself(clock: Clock) -> None:
    """However long it was left alone, or asleep: nobody can have taken over."""
    alone = Tenure("us", clock=clock, boot=7)
    alone.begin(1, 1)
    for _ in range(3):
        assert (alone.standing(), alone.left) == (Standing.HOLDING, LENGTH)
        alone.check(Kind.PERMIT)
        assert not alone.tell(Kind.PERMIT, "It")
        clock.now += 30 * 86_400 * SECOND


@pytest.mark.parametrize("standby", ["", "eu"])
def test_who_hears_of_a_newer_epoch_is_deposed(clock: Clock, standby: str) -> None:
    """Whatever its lease says; of its own epoch, or an older one, there is nothing new to hear."""
    tenure = Tenure("us", standby, clock=clock, boot=7)
    tenure.begin(2, 1)
    tenure.take(tenure.ask(), LENGTH)
    tenure.hear(2)
    tenure.hear(1)
    assert tenure.standing() is Standing.HOLDING
    tenure.hear(3)
    assert (tenure.standing(), tenure.newest, tenure.left) == (Standing.DEPOSED, 3, 0)
    for kind in Kind:
        with pytest.raises(DeposedError) as refused:
            tenure.check(kind)
        assert (refused.value.status, refused.value.details["newer"]) == (421, 3)


def test_islanded_what_lets_somebody_in_is_refused_and_nothing_else(tenure: Tenure) -> None:
    """Definitely."""
    with pytest.raises(IslandedError) as refused:
        tenure.check(Kind.PERMIT)
    assert (refused.value.status, refused.value.code, refused.value.definite) == (409, "islanded", True)
    tenure.check(Kind.RESTRICTION)
    tenure.check(Kind.MESSAGE)


def test_lapsed_since_is_unknown_and_not_done(tenure: Tenure, clock: Clock) -> None:
    """What keeps somebody out works here, and is told to be unconfirmed."""
    tenure.take(tenure.ask(), LENGTH)
    assert not tenure.tell(Kind.PERMIT, "It")
    assert not tenure.tell(Kind.RESTRICTION, "It")
    clock.now += LENGTH
    with pytest.raises(OutcomeUnknownError) as unknown:
        tenure.tell(Kind.PERMIT, "It", message_id="m")
    assert (unknown.value.definite, unknown.value.details["message_id"]) == (False, "m")
    assert tenure.tell(Kind.RESTRICTION, "It")


def settings(standby: str) -> RegionalSettings:
    """Those of a region beside which there is eu."""
    return RegionalSettings(
        instance="us/x", admin_port=0, log_level="info", region="us", regions="us,eu", partitions=1, kafka="", store="",
        redis="", directory="", standby=standby,
    )  # fmt: skip


def test_only_another_region_stands_by() -> None:
    """Said at start, by the setting's name."""
    assert Tenure.of(settings("eu")).standby == "eu"
    assert Tenure.of(settings("")).standby == ""
    for wrong in ("us", "mars"):
        with pytest.raises(SettingsError, match="CAUSEWAY_STANDBY"):
            Tenure.of(settings(wrong))


def test_the_clock_is_that_of_this_run_of_the_machine() -> None:
    """It goes on, and its name stays the same and is a number that JSON carries whole."""
    before = boottime()
    assert boottime() >= before > 0
    assert boot() == boot()
    assert 0 <= boot() < 2**53
