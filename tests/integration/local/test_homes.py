"""What of a home directory is thrown away, and what never is."""

import shutil
from pathlib import Path

import pytest

from infra.local import homes, toolchain
from infra.local.errors import HomeInUseError
from infra.local.homes import StrangeHomeError
from infra.local.topology import Federation


@pytest.fixture(autouse=True)
def no_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even as root does anything lie elsewhere."""
    monkeypatch.setattr(toolchain, "stage_directory", lambda: None)


def test_a_home_is_wiped_whole(tmp_path: Path) -> None:
    """Data, logs, keys and the directory itself; again, it does nothing."""
    home = tmp_path / "home"
    homes.describe(Federation(str(home)))
    (home / "us" / "kafka").mkdir(parents=True)
    (home / "chaos").mkdir()
    (home / "chaos" / "bench-accounts.json").write_text("{}")
    homes.write(home / homes.PROCESSES, b"{}")

    homes.wipe(home)
    homes.wipe(home)

    assert not home.exists()


def test_what_is_not_ours_survives_a_wipe(tmp_path: Path) -> None:
    """Though it was put into a home."""
    homes.describe(Federation(str(tmp_path)))
    (tmp_path / "thesis.txt").write_text("years of work")

    homes.wipe(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_directory_that_never_was_a_home_is_not_touched(tmp_path: Path) -> None:
    """Neither wiped nor made one: `CAUSEWAY_HOME=~` costs nobody anything."""
    (tmp_path / "thesis.txt").write_text("years of work")
    (tmp_path / "logs").mkdir()

    with pytest.raises(StrangeHomeError, match="thesis"):
        homes.wipe(tmp_path)
    with pytest.raises(StrangeHomeError, match="thesis"):
        homes.describe(Federation(str(tmp_path)))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs", "thesis.txt"]


def test_data_without_a_description_is_wiped(tmp_path: Path) -> None:
    """As the refusal to start on it says."""
    homes.describe(Federation(str(tmp_path)))
    (tmp_path / "us").mkdir()
    (tmp_path / homes.DESCRIPTION).unlink()
    shutil.rmtree(tmp_path / "logs")

    homes.wipe(tmp_path)

    assert not tmp_path.exists()


def test_a_home_in_use_is_not_wiped(tmp_path: Path) -> None:
    """A supervisor that only just starts has it already."""
    homes.describe(Federation(str(tmp_path)))

    with homes.alone(tmp_path), pytest.raises(HomeInUseError):
        homes.wipe(tmp_path)

    assert (tmp_path / homes.DESCRIPTION).exists()
