"""The session on this machine: its owner's alone, for one directory, until it ends."""

import time
from pathlib import Path

import pytest

from global_directory.operators import session
from global_directory.operators.errors import NotLoggedInError, OpenFileError
from global_directory.operators.session import Kept

URL = "http://directory.example"


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where it lies."""
    monkeypatch.setenv("CAUSEWAY_DIRECTORY", URL)
    monkeypatch.setenv("CAUSEWAY_INSTANCE", "test")
    monkeypatch.setenv("CAUSEWAY_ADMIN_PORT", "0")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("CAUSEWAY_OPERATOR_SESSION", raising=False)
    for name in ("CERTIFICATE", "KEY", "AUTHORITIES"):
        monkeypatch.delenv(f"CAUSEWAY_TLS_{name}", raising=False)
    return tmp_path / "state" / "causeway" / session.FILE


def kept(url: str = URL, *, ends_in: float = 60) -> Kept:
    """A session."""
    return Kept(url, "ada", "operator", "the session", int(time.time() + ends_in))


def test_it_is_kept_for_its_owner_alone(file: Path) -> None:
    """Mode 600, in a folder of mode 700; and nothing that prints it shows it."""
    session.keep(kept())
    assert session.session() == "the session"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "the session" not in repr(kept())


def test_one_that_others_can_read_is_not_used(file: Path) -> None:
    """As a key would not be."""
    session.keep(kept())
    file.chmod(0o640)
    with pytest.raises(OpenFileError, match="640"):
        session.session()


def test_no_other_directory_is_shown_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be given away."""
    session.keep(kept("http://other.example"))
    with pytest.raises(NotLoggedInError, match="no session for this directory"):
        session.session()


def test_it_ends(file: Path) -> None:
    """And nobody goes on as somebody else."""
    session.keep(kept(ends_in=-1))
    with pytest.raises(NotLoggedInError, match="session of ada has ended"):
        session.session()
    file.write_text("{}")
    with pytest.raises(NotLoggedInError, match="holds no session"):
        session.session()
    session.forget()
    with pytest.raises(NotLoggedInError, match="there is no session"):
        session.session()


def test_a_setting_says_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several people may use one account of a machine."""
    monkeypatch.setenv("CAUSEWAY_OPERATOR_SESSION", str(tmp_path / "ada" / "session"))
    session.keep(kept())
    assert (tmp_path / "ada" / "session").exists()
    assert session.session() == "the session"
