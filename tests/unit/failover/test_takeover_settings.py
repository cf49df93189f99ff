"""What the takeover service and the directory are told, and what they refuse."""

from pathlib import Path

import pytest

from global_directory.settings import DirectorySettings
from infra.errors import SettingsError
from infra.settings import read
from region.failover.settings import TakeoverSettings

GIVEN = {
    "INSTANCE": "eu/standby",
    "ADMIN_PORT": "1",
    "REGION": "eu",
    "REGIONS": "us,eu,ap",
    "PARTITIONS": "4",
    "KAFKA": "k:1",
    "STORE": "postgresql://u@h:1/causeway",
    "REDIS": "",
    "DIRECTORY": "",
    "STANDBYS": "us=eu,ap=us",
}
US = '{"us": {"partitions": 8, "services": ["gateway", "projector"], "health": ["http://h:2/health"]}}'


def settings(monkeypatch: pytest.MonkeyPatch, **more: str) -> TakeoverSettings:
    """Read settings as the service does."""
    for name, value in (GIVEN | more).items():
        monkeypatch.setenv(f"CAUSEWAY_{name}", value)
    found = read(TakeoverSettings)
    found.check()
    return found


def test_it_knows_where_what_stands_by_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy in its own server, its own Kafka, and the other region's partitions; of the site that may be gone nothing is asked."""
    home, target = settings(monkeypatch, TAKES_OVER=US).seats("us")
    assert (home.site, home.store, home.kafka, home.is_home) == ("us", "", "", True)
    assert (target.site, target.store, target.kafka) == ("eu", "postgresql://u@h:1/held_us", "k:1")
    assert (target.partitions, target.services) == (8, frozenset({"gateway", "projector"}))
    assert (home.zones, target.zones) == ({}, {})
    zones = {"us": "north", "eu": "north", "ap": "north"}
    named = settings(monkeypatch, TAKES_OVER=US, ZONES=",".join(f"{one}={zone}" for one, zone in zones.items()))
    assert named.seats("us")[1].zones == zones
    assert (target.others, target.health) == (("eu", "ap"), ("http://h:2/health",))


@pytest.mark.parametrize(
    ("given", "named"),
    [("{}", "leave the service takeover out"), (US.replace('"us"', '"ap"'), "ap may not be held here")],
)
def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, given: str, named: str) -> None:
    """Nothing to do, or what another site would have to do."""
    with pytest.raises(SettingsError, match=named):
        settings(monkeypatch, TAKES_OVER=given)


def test_the_directory_lets_nobody_act_by_default_nor_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass could not be signed."""
    for name, value in {
        "INSTANCE": "d",
        "ADMIN_PORT": "1",
        "DIRECTORY_STORE": "postgresql://h/d",
        "DIRECTORY_PORT": "1",
    }.items():
        monkeypatch.setenv(f"CAUSEWAY_{name}", value)
    assert not read(DirectorySettings).policy.automatic
    monkeypatch.setenv("CAUSEWAY_TAKEOVER", "automatic")
    monkeypatch.setenv("CAUSEWAY_TAKEOVER_PAUSE", "90")
    with pytest.raises(SettingsError, match="CAUSEWAY_OPERATOR_KEY"):
        read(DirectorySettings).check()
    monkeypatch.setenv("CAUSEWAY_OPERATOR_KEY", str(Path("key.pem")))
    found = read(DirectorySettings)
    found.check()
    assert (found.policy.automatic, found.policy.pause) == (True, 90_000_000)
