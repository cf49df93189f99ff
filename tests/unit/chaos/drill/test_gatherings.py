"""Groups of a drill: staff of each region acts, guests come and go, somebody never belongs, and the seed repeats all of it."""

from itertools import islice

from chaos.drill.gatherings import CYCLE, What, deeds, gatherings, posters
from chaos.drill.workload import seats

RING = seats(("ap", "eu", "us"), 4)
FOUND = gatherings(RING)


def test_each_region_owns_a_group_with_staff_and_guests_of_all_regions() -> None:
    """And somebody of each region belongs to none of it."""
    assert [RING[gathering.staff[0]].region for gathering in FOUND] == ["ap", "eu", "us"]
    for gathering in FOUND:
        assert {RING[seat].region for seat in gathering.staff} == {"ap", "eu", "us"}
        assert {RING[seat].region for seat in gathering.guests} == {"ap", "eu", "us"}
        strangers = {seat.number for seat in RING} - set(gathering.people)
        assert {RING[seat].region for seat in strangers} == {"ap", "eu", "us"}
        assert len(set(gathering.people)) == len(gathering.people)
    assert {gathering.history for gathering in FOUND} == {True, False}


def test_two_regions_of_two_have_a_guest_and_a_stranger_each() -> None:
    """The smallest there is."""
    for gathering in gatherings(seats(("eu", "us"), 2)):
        assert (len(gathering.staff), len(gathering.guests)) == (2, 1)


def test_guests_go_and_come_back_by_staff_of_each_region() -> None:
    """Each goes through the cycle in its order; due times are even; the seed repeats it."""
    found = list(islice(deeds(FOUND, seed=3, every=2.0), 200))

    assert found == list(islice(deeds(FOUND, seed=3, every=2.0), 200))
    assert found != list(islice(deeds(FOUND, seed=4, every=2.0), 200))
    assert [deed.due for deed in found[:3]] == [2.0, 4.0, 6.0]
    assert {deed.what for deed in found} == set(What)
    for gathering in FOUND:
        mine = [deed for deed in found if deed.gathering == gathering.number]
        for guest in gathering.guests:
            theirs = [deed.what for deed in mine if deed.target == guest and deed.what is not What.HAND_OVER]
            assert theirs == (list(CYCLE) * 20)[: len(theirs)]
        actors = {RING[deed.actor].region for deed in mine if deed.what in {What.ADD, What.REMOVE}}
        assert actors == {"ap", "eu", "us"}


def test_ownership_goes_round() -> None:
    """Who got it hands it on."""
    for gathering in FOUND:
        found = [deed for deed in islice(deeds(FOUND, seed=3, every=2.0), 300) if deed.gathering == gathering.number]
        handed = [deed for deed in found if deed.what is What.HAND_OVER]
        holder = gathering.staff[0]
        for deed in handed:
            assert deed.actor == holder
            holder = deed.target
        assert len(handed) > 3


def test_everybody_of_a_group_posts() -> None:
    """Also who does not belong to it just then: that is refused."""
    places = {(gathering.number, seat) for gathering in FOUND for seat in gathering.people}

    assert set(islice(posters(FOUND, seed=1), len(places))) == places
