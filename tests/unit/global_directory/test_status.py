"""What an operator is told of who holds what: by the directory, by the regions, by both, or by one alone."""

from dataclasses import replace

from global_directory.holding import copies
from global_directory.holding.copies import Copied
from global_directory.holding.schemas import DutyView, Keeper, ProposalView
from global_directory.holding.status import Told, read, standings

US = DutyView("us", "us", 1, 1, "eu", (Keeper("us", 1),), promised_seconds=5.0, laid_down=False)
EU = DutyView("eu", "eu", 2, 1, "", (Keeper("eu", 1),), promised_seconds=0.0, laid_down=False)


def test_both_are_put_together() -> None:
    """The region's own word on its lease comes first: it is what it acts by."""
    found = standings([US, EU], {"us": Told(4.25, islanded=False)})

    assert [one.cells() for one in found] == [
        ("eu", "eu", "2", "0.0 s", "nobody", "?", ""),
        ("us", "us", "1", "4.2 s", "eu", "no", "?"),
    ]
    assert (found[1].promised_seconds, found[1].lease_seconds) == (5.0, 4.25)


def test_who_is_taken_for_down_is_said_and_why_nobody_acts() -> None:
    """Where the standby takes over there is nothing to say."""
    down = ProposalView("us", 1, "eu", 3.2, ("ap", "eu"), holds=True)
    [us] = standings([US], {}, None, [down])
    assert us.warning == "us is taken for down by ap and eu, for 3 s."
    [held] = standings([US], {}, None, [replace(down, holds=False, hindrance="an operator is at it")])
    assert held.warning == (
        "us is taken for down by ap and eu, for 3 s, in doubt. Not taken over by itself: an operator is at it."
    )


def test_regions_tell_while_the_directory_is_away() -> None:
    """Just then it is wanted."""
    [only] = standings([], {"us": Told(0.0, islanded=True)})
    assert only.cells() == ("us", "?", "?", "0.0 s", "?", "yes", "?")


def test_who_is_deposed_is_not_shown_as_islanded() -> None:
    """An island mends itself; this does not."""
    [only] = standings([US], {"us": Told(0.0, islanded=False, deposed=True)})
    assert only.cells()[-2] == "deposed"


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


STORE_SIDE = """causeway_standby_behind_seconds{standby="eu"} 0.25
causeway_standby_behind_bytes{standby="eu"} 12345
causeway_standby_connected{standby="eu"} 1
"""
COPY_SIDE = """causeway_standby_copy_whole{held="us"} 1
causeway_standby_copy_reached_timestamp_seconds{held="us"} 1700000000
causeway_standby_copy_state{held="us",state="follow"} 1
causeway_standby_copy_state{held="us",state="stop"} 0
causeway_standby_copy_missing_tables{held="us"} 0
causeway_standby_copy_rows{held="us"} 7
causeway_standby_missing_blobs{held="us"} 0
"""


def test_how_far_a_standby_is_comes_from_both_sides() -> None:
    """The store knows what would be lost with it; the copy knows up to when it has everything."""
    found = copies.read({"us": ["up 1\n", STORE_SIDE], "eu": [COPY_SIDE], "ap": ["up 1\n"]})

    assert found == {
        "us": Copied(
            connected=True,
            behind_seconds=0.25,
            behind_bytes=12345,
            whole=True,
            complete_until=1_700_000_000,
            state="follow",
            missing_tables=0,
            rows=7,
            missing_blobs=0,
        )
    }
    [us] = standings([US], {}, found)
    assert us.cells()[-1] == "0.2 s, 12 kB behind"


def test_a_copy_is_told_of_in_words() -> None:
    """What an operator has to know first stands first."""
    alone = copies.read({"us": [], "eu": [COPY_SIDE]})["us"]
    assert alone.words() == "cut off; has everything up to 22:13:20 UTC"
    stopped = COPY_SIDE.replace('"follow"} 1', '"follow"} 0').replace('"stop"} 0', '"stop"} 1')
    assert copies.read({"us": [STORE_SIDE], "eu": [stopped]})["us"].words() == (
        "NOT FOLLOWED; has everything up to 22:13:20 UTC"
    )
    making = COPY_SIDE.replace('whole{held="us"} 1', 'whole{held="us"} 0').replace(
        'tables{held="us"} 0', 'tables{held="us"} 3'
    )
    assert (
        copies.read({"us": [STORE_SIDE], "eu": [making]})["us"].words() == "being made: 3 tables missing, 7 rows there"
    )
    away = STORE_SIDE.replace('connected{standby="eu"} 1', 'connected{standby="eu"} 0')
    assert copies.read({"us": [away], "eu": [COPY_SIDE]})["us"].words().startswith("cut off")
    lacking = COPY_SIDE.replace('blobs{held="us"} 0', 'blobs{held="us"} 5')
    said = copies.read({"us": [STORE_SIDE], "eu": [lacking]})["us"].words()
    assert said == "0.2 s, 12 kB behind; 5 images and files missing"
    assert Copied().words() == "?"
