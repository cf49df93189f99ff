"""What a gateway remembers of messages that passed, for tracing them."""

from region.gateway.sightings import Sightings


def test_what_was_seen_of_a_message_is_told() -> None:
    """Acceptance, and delivery to all devices together."""
    seen = Sightings()

    seen.accepted("m1", at=5)
    seen.delivered("m1", published_at=7, at=8, devices=2)
    seen.delivered("m1", published_at=7, at=8, devices=1)

    sighting = seen.of("m1")
    assert sighting is not None
    assert (sighting.accepted_at, sighting.published_at, sighting.delivered_at, sighting.devices) == (5, 7, 8, 3)
    assert seen.of("m2") is None


def test_a_mark_stands_for_everything_below_it() -> None:
    """Devices merge marks; the first that covers an entry tells when the device had it."""
    seen = Sightings()

    seen.marked("d1", "ada", 3, at=30)
    seen.marked("d1", "ada", 3, at=35)
    seen.marked("d1", "ada", 5, at=50)
    seen.marked("d1", "bob", 2, at=10)

    assert [seen.had_at("d1", "ada", seq) for seq in (1, 3, 4, 5, 6)] == [30, 30, 50, 50, 0]
    assert seen.had_at("d2", "ada", 1) == 0


def test_the_oldest_are_forgotten() -> None:
    """Memory is bounded, whatever passes."""
    seen = Sightings(most=10)

    for number in range(100):
        seen.accepted(f"m{number}", at=number + 1)
        seen.marked("d1", "ada", number, at=number + 1)

    assert [number for number in range(100) if seen.of(f"m{number}")] == list(range(90, 100))
    assert seen.had_at("d1", "ada", 0) == 91


def test_the_first_of_a_groups_members_counts() -> None:
    """Never the author, whose own devices have it first; nor marks below it, or in other groups."""
    sightings = Sightings()
    for conversation, user, seq, at in (("g", "ada", 7, 1), ("g", "bob", 6, 2), ("h", "bob", 7, 3), ("g", "eve", 9, 5), ("g", "bob", 7, 8)):  # fmt: skip
        sightings.marked(conversation, user, seq, at=at)

    assert sightings.first_had_at("g", 7, but="ada") == 5
    assert sightings.first_had_at("g", 10, but="ada") == 0
