"""The demonstration's accounts are kept for the home's owner, and told with where to use them."""

from pathlib import Path

from infra.local.guests import FILE, Guest, invitation, keep, read

ALICE = Guest("alice", "aaaa-bbbb-cccc", "us")
BORIS = Guest("boris-1f", "dddd-eeee-ffff", "eu")


def test_who_was_kept_is_found_again_and_by_nobody_else(tmp_path: Path) -> None:
    """A home without a demonstration has nobody; whoever comes later takes the place of that name alone."""
    assert read(tmp_path) == {}
    for name, guest in (("Alice", ALICE), ("Boris", BORIS), ("Alice", ALICE)):
        keep(tmp_path, name, guest)

    assert read(tmp_path) == {"Alice": ALICE, "Boris": BORIS}
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_only_who_lives_where_something_runs_is_told() -> None:
    """Each with the address of their own region."""
    lines = invitation({"Alice": ALICE, "Boris": BORIS}, {"us": "http://127.0.0.1:7100"})

    assert lines == ["http://127.0.0.1:7100  as  alice  password  aaaa-bbbb-cccc   (lives in us)"]
    assert invitation({}, {"us": "http://127.0.0.1:7100"}) == []
