"""Settings fail at start, with the name of what is wrong."""

import pytest

from infra.errors import SettingsError
from infra.settings import RegionalSettings, ServiceSettings, read

COMPLETE = {
    "CAUSEWAY_INSTANCE": "us/front",
    "CAUSEWAY_ADMIN_PORT": "7110",
    "CAUSEWAY_REGION": "us",
    "CAUSEWAY_REGIONS": "us, eu,ap",
    "CAUSEWAY_PARTITIONS": "4",
    "CAUSEWAY_KAFKA": "127.0.0.1:1",
    "CAUSEWAY_STORE": "postgresql://127.0.0.1:2/causeway",
    "CAUSEWAY_REDIS": "redis://127.0.0.1:3",
    "CAUSEWAY_DIRECTORY": "http://127.0.0.1:4",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with all that a regional service needs."""
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_settings_come_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    """Names are prefixed, values are typed."""
    settings = read(RegionalSettings)

    assert settings.admin_port == 7110
    assert settings.others == ("ap", "eu")


def test_what_is_missing_or_wrong_is_named(environment: pytest.MonkeyPatch) -> None:
    """All problems are reported at once, by the names that the operator knows."""
    environment.delenv("CAUSEWAY_KAFKA")
    environment.setenv("CAUSEWAY_PARTITIONS", "0")

    with pytest.raises(SettingsError, match=r"CAUSEWAY_PARTITIONS.*CAUSEWAY_KAFKA"):
        read(RegionalSettings)


def test_a_service_needs_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an instance name, logs and interest could not tell processes apart."""
    monkeypatch.setenv("CAUSEWAY_ADMIN_PORT", "1")
    monkeypatch.delenv("CAUSEWAY_INSTANCE", raising=False)

    with pytest.raises(SettingsError, match="CAUSEWAY_INSTANCE"):
        read(ServiceSettings)


@pytest.mark.parametrize(
    "where", [{"STANDBY": "eu"}, {"STANDBYS": "ap=us,us=eu"}, {"STANDBY": "eu", "STANDBYS": "us=ap"}]
)
def test_a_standby_in_another_legal_zone_is_refused_at_start(
    environment: pytest.MonkeyPatch, where: dict[str, str]
) -> None:
    """Wherever it is named; without zones it may be anybody, and within one too."""
    for name, value in where.items():
        environment.setenv(f"CAUSEWAY_{name}", value)
    assert read(RegionalSettings).legal_zones == {}
    environment.setenv("CAUSEWAY_ZONES", "us=north,eu=north,ap=north")
    assert read(RegionalSettings).legal_zones == dict.fromkeys(("us", "eu", "ap"), "north")

    environment.setenv("CAUSEWAY_ZONES", "us=americas,eu=europe,ap=americas")
    with pytest.raises(SettingsError, match=r"CAUSEWAY_ZONES: .*eu \(europe\) may not stand by for us \(americas\)"):
        read(RegionalSettings)


@pytest.mark.parametrize("text", ["us=americas", "us", "us=a,us=b,eu=a,ap=a", "us=a,eu=a,ap=a,mars=a"])
def test_zones_name_each_region_once(environment: pytest.MonkeyPatch, text: str) -> None:
    """Or none of them."""
    environment.setenv("CAUSEWAY_ZONES", text)
    with pytest.raises(SettingsError, match="CAUSEWAY_ZONES"):
        read(RegionalSettings)
