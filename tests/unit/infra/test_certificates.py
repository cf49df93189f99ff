"""Certificates of the local authority, and what of them a process accepts at its start."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.errors import SettingsError
from infra.identity import named_by
from infra.local.certificates import LIFE, RENEW_BEFORE, Authority, Files, ensure
from infra.settings import ServiceSettings
from infra.tls import MutualTls

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a certificate."""
    home = tmp_path_factory.mktemp("home")
    ensure(home, ["us"])
    return home


def test_settings_name_all_or_nothing() -> None:
    """One sentence says what is missing; nothing at all is plain text."""
    plain = ServiceSettings(instance="us/test", admin_port=0, log_level="error")
    assert MutualTls.read(plain) is None
    half = ServiceSettings(instance="us/test", admin_port=0, log_level="error", tls_certificate=Path("certificate.pem"))
    with pytest.raises(SettingsError, match="CAUSEWAY_TLS_KEY, CAUSEWAY_TLS_AUTHORITIES: missing"):
        MutualTls.read(half)


def test_what_cannot_be_used_is_refused_at_start(home: Path, tmp_path: Path) -> None:
    """With the setting's name, the file, and the reason."""
    files = Files.of(home, "us")
    authority = Authority.read(home / "authority")
    assert authority
    ended = Files(tmp_path / "ended")
    authority.write(ended, "us", NOW - timedelta(days=2), timedelta(days=1))
    (tmp_path / "rubbish").write_text("rubbish")

    with pytest.raises(SettingsError, match=r"no-such.pem: no such file"):
        MutualTls(tmp_path / "no-such.pem", files.key, files.authorities)
    with pytest.raises(SettingsError, match=r"CAUSEWAY_TLS_CERTIFICATE: .*rubbish holds no certificate"):
        MutualTls(tmp_path / "rubbish", files.key, files.authorities)
    with pytest.raises(SettingsError, match=r"CAUSEWAY_TLS_CERTIFICATE: .* ended at .*; renew it"):
        MutualTls(ended.certificate, ended.key, ended.authorities)
    with pytest.raises(SettingsError, match=r"CAUSEWAY_TLS_KEY: .* is not the key"):
        MutualTls(files.certificate, ended.key, files.authorities)
    with pytest.raises(SettingsError, match=r"CAUSEWAY_TLS_AUTHORITIES: .*rubbish"):
        MutualTls(files.certificate, files.key, tmp_path / "rubbish")
    with pytest.raises(SettingsError, match=r"is for us\.causeway\.internal, not for eu"):
        MutualTls(files.certificate, files.key, files.authorities).check_name("eu")


def test_a_certificate_names_one_region() -> None:
    """Another name beside it says nothing; two regions at once are nobody."""
    assert named_by(["localhost", "eu.causeway.internal"]) == "eu"
    assert named_by(["localhost"]) is None
    assert named_by(["eu.causeway.internal", "us.causeway.internal"]) is None


def test_the_authority_renews_before_the_end_and_not_sooner(tmp_path: Path) -> None:
    """And who may read a key is its owner alone."""
    names = ["us", "directory"]
    assert ensure(tmp_path, names, NOW) == names
    assert ensure(tmp_path, names, NOW) == []
    assert ensure(tmp_path, names, NOW + LIFE - RENEW_BEFORE - timedelta(hours=1)) == []
    assert ensure(tmp_path, names, NOW + LIFE - RENEW_BEFORE) == names
    assert ensure(tmp_path, [*names, "eu"], NOW + LIFE - RENEW_BEFORE) == ["eu"]
    keys = [*tmp_path.rglob("key.pem"), *tmp_path.rglob("both.pem")]
    assert len(keys) == 1 + 2 * 3
    assert {os.stat(path).st_mode & 0o777 for path in keys} == {0o600}  # noqa: PTH116 — the mode alone
    authority = (tmp_path / "authority" / "certificate.pem").read_bytes()
    assert ensure(tmp_path, names, NOW + timedelta(days=3650 - 100)) == names  # the authority itself ends soon
    assert (tmp_path / "authority" / "certificate.pem").read_bytes() != authority
