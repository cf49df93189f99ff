"""Devices of other homes that were logged out: known for as long as a token of theirs may be about, and no longer."""

from region.accounts.tokens import LONGEST_ACCESS
from region.gateway.revoked import MOST_TOLD, OVERLAP_SECONDS, Ended, Revoked, RevokedElsewhere, Told, next_since

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


def test_no_home_speaks_for_users_of_another_or_crowds_them_out() -> None:
    """What is not of its users, or no id at all, is passed over, and what another home has told stays."""
    elsewhere = RevokedElsewhere(most=3)
    ada, eve = "u" + "a" * 24 + "-eu", "u" + "e" * 24 + "-ap"
    devices = [f"v{number:016x}" for number in range(9)]
    assert elsewhere.take("eu", told(Ended(ada, devices[0], HOUR, "why")), 0.0) == 0

    strange = [
        Ended(ada, devices[1], HOUR, ""),
        Ended("x" * 60 + "-ap", devices[1], HOUR, ""),
        Ended(eve, "v1", HOUR, ""),
    ]
    assert elsewhere.take("ap", told(*strange, *(Ended(eve, name, HOUR, "") for name in devices)), 0.0) == 3

    assert len(elsewhere) == 4
    assert elsewhere.why("eu", ada, devices[0]) == "why"
    assert elsewhere.why("eu", ada, devices[1]) is None
    assert [elsewhere.why("ap", eve, name) for name in devices[-3:]] == ["", "", ""]


def test_nothing_is_kept_for_longer_than_any_token_is_good() -> None:
    """However long a home says that its are."""
    revoked = Revoked()
    revoked.take(Told(HOUR, 1e300, [Ended("ada", "v1", HOUR, "")]), 0.0)

    revoked.take(told(), LONGEST_ACCESS + OVERLAP_SECONDS + 1)
    assert revoked.why("ada", "v1") is None


def test_a_follower_asks_again_for_a_while_back() -> None:
    """What is stamped may be committed later; and after a full answer it goes on where that ended."""
    full = told(*(Ended("ada", f"v{number}", number, "") for number in range(MOST_TOLD)))

    assert next_since(told()) == HOUR - int(OVERLAP_SECONDS * 1e6)
    assert full.is_full
    assert next_since(full) == MOST_TOLD - 1
