"""What the standby service is told, and what it refuses."""

import pytest

from infra.errors import SettingsError
from infra.postgres import elsewhere
from infra.settings import read
from region.standby.settings import StandbySettings

GIVEN = {
    "INSTANCE": "eu/standby",
    "ADMIN_PORT": "1",
    "REGION": "eu",
    "REGIONS": "us,eu,ap",
    "PARTITIONS": "4",
    "KAFKA": "",
    "STORE": "",
    "REDIS": "",
    "DIRECTORY": "",
}


def settings(monkeypatch: pytest.MonkeyPatch, **more: str) -> StandbySettings:
    """Read settings as the service does."""
    for name, value in (GIVEN | more).items():
        monkeypatch.setenv(f"CAUSEWAY_{name}", value)
    found = read(StandbySettings)
    found.check()
    return found


def test_it_is_told_whom_it_stands_by_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the changes are offered, and by which port its own server goes there."""
    found = settings(monkeypatch, STANDS_BY_FOR='{"us": {"gate": "10.0.0.1:7132", "port": 7234}}')
    assert found.stands_by_for["us"].address == ("10.0.0.1", 7132)
    assert found.stands_by_for["us"].port == 7234
    assert settings(monkeypatch, STANDS_BY_FOR="{}", STANDBY="ap").standby == "ap"


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"STANDBY": "eu"}, "CAUSEWAY_STANDBY"),
        ({"STANDBY": "mars"}, "CAUSEWAY_STANDBY"),
        ({"STANDS_BY_FOR": '{"eu": {"gate": "h:1", "port": 2}}'}, "CAUSEWAY_STANDS_BY_FOR"),
        ({"STANDS_BY_FOR": '{"us": {"gate": "h", "port": 2}}'}, "CAUSEWAY_STANDS_BY_FOR"),
        ({"STANDS_BY_FOR": '{"us": {"gate": "h:1"}}'}, "CAUSEWAY_STANDS_BY_FOR"),
        ({}, "leave the service standby out"),
    ],
)
def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, more: dict[str, str], named: str) -> None:
    """Nobody stands by for oneself, and a service without anything to do is a mistake."""
    with pytest.raises(SettingsError, match=named):
        settings(monkeypatch, **more)


def test_the_copy_is_another_database_of_the_same_server() -> None:
    """Whatever else its URL says."""
    assert elsewhere("postgresql://u@h:1/causeway?sslmode=require", "held_us") == (
        "postgresql://u@h:1/held_us?sslmode=require"
    )
