"""Reports go to the home of who is reported; a suspended account ends there, and begins again when that is lifted."""

import pytest
from msgspec.structs import replace

from region.projector.docket import MOST_AHEAD
from region.projector.rehearsal import submission
from region.store.reports import MOST, MOST_OF_ONE, MOST_OF_REGION, OpenReports
from relay.ingester.admission import object_to_record
from replication.accounts import DeviceAdded, DeviceRevoked
from replication.ids import region_of
from replication.moderation import AccountRestored, AccountSuspended, ReportDismissed, UserReported
from replication.records import Body, Outcome, Submission
from tests.unit.projector.world import ALICE, BOB, EVA, World


@pytest.fixture
def world() -> World:
    """Nothing has happened yet."""
    return World()


def do(world: World, author: str, body: Body, name: str = "s") -> list[str]:
    """Submit it and settle; return the codes of the answers to the gateway that waits."""
    home = world.regions[region_of(author)]
    before = len(home.replied("g"))
    home.submit(submission(author, body, identifier=name, reply_to="g"))
    world.settle()
    return [record.code for record in home.replied("g")[before:] if isinstance(record, Outcome)]


@pytest.mark.parametrize("reporter", [BOB, EVA])
def test_a_report_goes_to_the_home_of_who_is_reported(world: World, reporter: str) -> None:
    """Once, however often it comes; nowhere else; and it is told to nobody but the moderators."""
    report = UserReported(ALICE, "rude", "m1", "a rude text")
    for _ in range(2):
        assert do(world, reporter, report, "s1") == [""]

    assert [one.body for one in world.regions["us"].tables.reports.values()] == [report]
    assert world.regions["eu"].tables.reports == world.regions["ap"].tables.reports == {}
    assert world.regions["us"].told(ALICE) == []
    assert all(region.tables.poison == [] for region in world.regions.values())


def test_a_suspended_account_is_logged_out_and_logs_in_no_more(world: World) -> None:
    """Its devices are told why; when it is lifted it logs in as ever, as a new device."""
    assert do(world, ALICE, DeviceAdded("v1", "phone", "f1")) == [""]
    do(world, ALICE, AccountSuspended("Enough.", "mod"))
    us = world.regions["us"]
    assert us.tables.devices[ALICE, "v1"].revoked_why == "account-suspended"
    gone = [one.body for one in us.told(ALICE) if isinstance(one, Submission)]
    assert gone == [DeviceRevoked("v1", "account-suspended")]

    assert do(world, ALICE, DeviceAdded("v2", "phone", "f2")) == ["account-suspended"]
    do(world, ALICE, AccountRestored("mod"))
    assert do(world, ALICE, DeviceAdded("v3", "phone", "f3")) == [""]
    assert us.tables.devices[ALICE, "v1"].revoked_at is not None


def test_who_logs_in_at_the_same_moment_does_not_slip_through(world: World) -> None:
    """In one batch, in either order."""
    us = world.regions["us"]
    for body in (DeviceAdded("v1", "a", "f1"), AccountSuspended("Enough.", "mod"), DeviceAdded("v2", "b", "f2")):
        us.submit(submission(ALICE, body, reply_to="g"))
    us.project()

    assert [device.revoked_why for device in us.tables.devices.values()] == ["account-suspended"]


@pytest.mark.parametrize("body", [AccountSuspended("no", "eu"), AccountRestored("eu"), ReportDismissed("r", "eu")])
def test_no_other_region_moderates_here(body: Body) -> None:
    """Only reports come from elsewhere: by somebody who lives there, of somebody who lives here."""
    assert object_to_record(submission(EVA, body), origin="eu", here="us") is not None
    assert object_to_record(submission(EVA, UserReported(ALICE, "rude")), origin="eu", here="us") is None
    assert object_to_record(submission(EVA, UserReported(EVA, "rude")), origin="eu", here="us") is not None
    assert object_to_record(submission(BOB, UserReported(ALICE, "rude")), origin="eu", here="us") is not None


@pytest.mark.parametrize("reporter", [BOB, EVA])
def test_the_same_report_while_it_is_open_is_one(world: World, reporter: str) -> None:
    """Whatever reason is given, in one batch or later; another message is another report, and what was closed may be reported anew."""
    us, home = world.regions["us"], world.regions[region_of(reporter)]
    for name, message in (("s1", "m1"), ("s2", "m1"), ("s3", "m2"), ("s4", "")):
        home.submit(submission(reporter, UserReported(ALICE, name, message), identifier=name))
    world.settle()
    assert do(world, reporter, UserReported(ALICE, "again", "m1"), "s5") == [""]
    assert list(us.tables.reports) == ["s1", "s3", "s4"]

    do(world, ALICE, ReportDismissed("s1", "mod"))
    assert do(world, reporter, UserReported(ALICE, "and again", "m1"), "s6") == [""]
    assert list(us.tables.reports) == ["s3", "s4", "s6"]


def test_no_region_puts_a_report_behind_all_others(world: World) -> None:
    """By a time of the future, which would keep it for ever, too."""
    late = replace(submission(EVA, UserReported(ALICE, "rude")), submitted_at=10**18)
    world.regions["eu"].submit(late)
    world.settle()
    us = world.regions["us"]
    assert us.tables.reports["s"].submitted_at <= us.now + MOST_AHEAD


def test_nobody_fills_the_queue_of_moderators(world: World) -> None:
    """One reporter has so many open ones; who lives here is told, and others are still heard."""
    us = world.regions["us"]
    for number in range(MOST_OF_ONE):
        assert do(world, BOB, UserReported(ALICE, "rude", f"m{number}"), f"s{number}") == [""]
    assert do(world, BOB, UserReported(ALICE, "rude", "one more"), "more") == ["too-many-reports"]
    assert do(world, EVA, UserReported(ALICE, "rude", "m1"), "hers") == [""]

    assert len(us.tables.reports) == MOST_OF_ONE + 1
    assert "hers" in us.tables.reports


def test_no_region_fills_the_queue_of_another() -> None:
    """It may name as many reporters as it likes; those at home here have the rest, and that has a bound, too."""
    reports = OpenReports()

    def fill(region: str, most: int) -> int:
        names = (f"u{number:024x}-{region}" for number in range(most))
        return sum(reports.take((name, ALICE, ""), here="us") for name in names)

    assert fill("eu", 2 * MOST_OF_REGION) == MOST_OF_REGION
    assert fill("us", 2 * MOST) == MOST - MOST_OF_REGION
    assert fill("ap", 1) == 0
