"""Legal zones: where none are named everybody may stand by for everybody; else nobody beyond one."""

import pytest

from infra import zones

THREE = ("us", "eu", "ap")
NAMED = {"us": "americas", "eu": "europe", "ap": "europe"}


def test_zones_are_read_as_they_are_written() -> None:
    """With or without blanks; nothing is nothing."""
    assert zones.read("us=americas, eu = europe") == {"us": "americas", "eu": "europe"}
    assert zones.read("") == {}


@pytest.mark.parametrize(
    ("text", "entry"),
    [("us", "us"), ("us=", "us="), ("eu=b,=europe", "=europe"), ("us=a,us=b", "us=b"), ("us=North", "us=North")],
)
def test_what_names_no_zone_or_a_region_twice_is_refused(text: str, entry: str) -> None:
    """Whoever wrote it meant something; which entry it is is told."""
    with pytest.raises(ValueError, match=f"^{entry}$"):
        zones.read(text)


def test_where_no_zones_are_named_anybody_may_stand_by() -> None:
    """All are in one."""
    assert zones.wrong({}, THREE, {"us": "eu", "eu": "ap"}) == ""
    assert zones.are_one({}, "us", "eu")


def test_nobody_stands_by_beyond_a_zone() -> None:
    """It would hold what the law of the region's people keeps there."""
    assert zones.wrong(NAMED, THREE, {"eu": "ap", "ap": "eu"}) == ""
    assert zones.wrong(NAMED, THREE, {}) == ""
    said = zones.wrong(NAMED, THREE, {"eu": "ap", "us": "eu"})
    assert said.startswith("eu (europe) may not stand by for us (americas)")


@pytest.mark.parametrize("named", [{"us": "americas"}, NAMED | {"mars": "sky"}])
def test_all_are_named_or_none(named: dict[str, str]) -> None:
    """One that was forgotten would be in a zone that nobody has thought of."""
    assert "us, eu, ap" in zones.wrong(named, THREE, {})
