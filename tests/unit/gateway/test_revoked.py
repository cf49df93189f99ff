"""Devices of other homes that were logged out: known for as long as a token of theirs may be about, and no longer."""

from region.gateway.revoked import MOST_TOLD, OVERLAP_SECONDS, Ended, Revoked, Told, next_since

HOUR = 3_600_000_000


def told(*devices: Ended, now: int = HOUR) -> Told:
    """Return what a home tells whose tokens are good for 900 s."""
    return Told(now, 900.0, list(devices))


def test_what_a_home_tells_is_known_once() -> None:
    """However often it is told again, since followers ask for more than they lack."""
    revoked = Revoked()
    one = Ended("ada", "v1", HOUR - 1, "why")

    assert revoked.why("ada", "v1") is None
    assert revoked.take(told(one), 0.0) == [one]
    assert revoked.take(told(one), 1.0) == []
    assert (revoked.why("ada", "v1"), revoked.why("ada", "v2"), revoked.why("bob", "v1")) == ("why", None, None)


def test_it_is_forgotten_when_no_token_can_be_about() -> None:
    """By this region's clock, from the age that the home's clock gave it."""
    revoked = Revoked()
    revoked.take(told(Ended("ada", "v1", HOUR - 800_000_000, "")), 0.0)

    revoked.take(told(), 100.0 + OVERLAP_SECONDS - 1)
    assert revoked.why("ada", "v1") == ""
    revoked.take(told(), 100.0 + OVERLAP_SECONDS + 1)
    assert revoked.why("ada", "v1") is None


def test_only_so_many_are_kept() -> None:
    """The earliest go first."""
    revoked = Revoked(most=3)
    revoked.take(told(*(Ended("ada", f"v{number}", HOUR, "") for number in range(5))), 0.0)

    assert [revoked.why("ada", f"v{number}") for number in range(5)] == [None, None, "", "", ""]


def test_a_follower_asks_again_for_a_while_back() -> None:
    """What is stamped may be committed later; and after a full answer it goes on where that ended."""
    full = told(*(Ended("ada", f"v{number}", number, "") for number in range(MOST_TOLD)))

    assert next_since(told()) == HOUR - int(OVERLAP_SECONDS * 1e6)
    assert full.is_full
    assert next_since(full) == MOST_TOLD - 1
