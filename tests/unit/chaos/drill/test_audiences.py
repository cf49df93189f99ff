"""Channels of a drill: posters of each region, subscribers who come and go, somebody who never subscribes, and the seed repeats all of it."""

from itertools import islice

from chaos.drill import gatherings
from chaos.drill.audiences import CYCLE, PLACE, SHARE, Turn, audiences, changes, posters
from chaos.drill.workload import seats

RING = seats(("ap", "eu", "us"), 4)
FOUND = audiences(RING)


def test_each_region_owns_a_channel_with_posters_and_subscribers_of_all_regions() -> None:
    """And somebody of each region belongs to none of it."""
    assert [RING[audience.staff[0]].region for audience in FOUND] == ["ap", "eu", "us"]
    for audience in FOUND:
        assert {RING[seat].region for seat in audience.staff} == {"ap", "eu", "us"}
        assert {RING[seat].region for seat in audience.subscribers} == {"ap", "eu", "us"}
        strangers = {seat.number for seat in RING} - set(audience.people)
        assert {RING[seat].region for seat in strangers} == {"ap", "eu", "us"}
        assert len(set(audience.people)) == len(audience.people)
    assert {audience.public for audience in FOUND} == {True, False}


def test_two_regions_of_two_have_a_subscriber_and_a_stranger_each() -> None:
    """The smallest there is."""
    for audience in audiences(seats(("eu", "us"), 2)):
        assert (len(audience.staff), len(audience.subscribers)) == (2, 1)


def test_subscribers_go_and_come_back() -> None:
    """Each goes through the cycle in its order; due times are even; the seed repeats it."""
    found = list(islice(changes(FOUND, seed=3, every=2.0), 300))

    assert found == list(islice(changes(FOUND, seed=3, every=2.0), 300))
    assert found != list(islice(changes(FOUND, seed=4, every=2.0), 300))
    assert [change.due for change in found[:3]] == [2.0, 4.0, 6.0]
    assert {change.what for change in found} == set(Turn)
    for audience in FOUND:
        for seat in audience.subscribers:
            theirs = [one.what for one in found if (one.audience, one.subscriber) == (audience.number, seat)]
            assert theirs == (list(CYCLE) * 20)[: len(theirs)]


def test_staff_posts_and_now_and_then_a_subscriber_tries() -> None:
    """Who may not."""
    found = list(islice(posters(FOUND, seed=3), 120))

    assert found == list(islice(posters(FOUND, seed=3), 120))
    by_staff = [seat in FOUND[number].staff for number, seat in found]
    assert {seat for number, seat in found if number == 0} > set(FOUND[0].staff)
    assert by_staff.count(True) == 9 * by_staff.count(False)


def test_no_message_is_meant_for_a_group_and_a_channel() -> None:
    """Each has its places in the order of messages."""
    assert SHARE % gatherings.SHARE == 0
    assert PLACE % gatherings.SHARE != gatherings.SHARE - 1
