"""What an operator is told of who holds what: by the directory, by the regions, by both, or by one alone."""

from global_directory.holding.schemas import DutyView, Keeper
from global_directory.holding.status import Told, read, standings

US = DutyView("us", "us", 1, 1, "eu", (Keeper("us", 1),), promised_seconds=5.0, laid_down=False)
EU = DutyView("eu", "eu", 2, 1, "", (Keeper("eu", 1),), promised_seconds=0.0, laid_down=False)


def test_both_are_put_together() -> None:
    """The region's own word on its lease comes first: it is what it acts by."""
    found = standings([US, EU], {"us": Told(4.25, islanded=False)})

    assert [one.cells() for one in found] == [
        ("eu", "eu", "2", "0.0 s", "nobody", "?"),
        ("us", "us", "1", "4.2 s", "eu", "no"),
    ]
    assert (found[1].promised_seconds, found[1].lease_seconds) == (5.0, 4.25)


def test_regions_tell_while_the_directory_is_away() -> None:
    """Just then it is wanted."""
    [only] = standings([], {"us": Told(0.0, islanded=True)})
    assert only.cells() == ("us", "?", "?", "0.0 s", "?", "yes")


def test_who_is_deposed_is_not_shown_as_islanded() -> None:
    """An island mends itself; this does not."""
    [only] = standings([US], {"us": Told(0.0, islanded=False, deposed=True)})
    assert only.cells()[-1] == "deposed"


def test_of_several_processes_the_least_certain_counts() -> None:
    """One that lets nobody in is enough to be told."""
    front = 'causeway_lease_left_seconds{service="gateway"} 5\ncauseway_lease_islanded{service="gateway"} 0\n'
    other = 'causeway_lease_left_seconds{service="projector"} 0\ncauseway_lease_islanded{service="projector"} 1\n'
    assert read([front, "up 1\n", other]) == Told(0.0, islanded=True)
    assert read([front]) == Told(5.0, islanded=False)
    gone = 'causeway_lease_left_seconds{service="gateway"} 0\ncauseway_lease_deposed{service="gateway"} 1\n'
    assert read([front, gone]) == Told(0.0, islanded=False, deposed=True)
    assert read(["up 1\n"]) is None
    assert read([]) is None
