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
