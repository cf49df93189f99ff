"""What of a home directory is thrown away, and what never is."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local import homes, toolchain
from infra.local.errors import HomeInUseError
from infra.local.federation import Federation
from infra.local.homes import BadBasePortError, BadBuildError, StrangeHomeError
from infra.local.process import Identity


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


def test_a_heir_holds_the_home_without_a_moment_between(tmp_path: Path) -> None:
    """Who starts a supervisor hands the home over to it: nobody else finds it free."""
    with homes.alone(tmp_path) as lock:
        heir = os.dup(lock)  # as a child process has it
    with homes.alone_as_heir(heir), pytest.raises(HomeInUseError, match=str(os.getpid())), homes.alone(tmp_path):
        pass
    with homes.alone(tmp_path):
        pass


@pytest.fixture
def process() -> Iterator[Identity]:
    """Somebody who lives."""
    running = subprocess.Popen(["sleep", "600"], start_new_session=True)
    identity = Identity.of(running.pid)
    assert identity
    yield identity
    running.kill()
    running.wait()


def test_a_copy_of_a_home_owns_no_process(tmp_path: Path, process: Identity) -> None:
    """Stopping the copy must not end what the original has started."""
    home, copy = tmp_path / "home", tmp_path / "copy"
    homes.describe(Federation(str(home)))
    homes.record(home, {"us/redis": process})
    shutil.copytree(home, copy)

    homes.end_leftovers(copy)

    assert homes.orphans(home) == {"us/redis": process}
    assert homes.orphans(copy) == {}


def test_processes_of_another_life_of_the_machine_are_strangers(
    tmp_path: Path, process: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a boot, pids and start times begin again, and often in the same order."""
    homes.record(tmp_path, {"us/redis": process})
    (tmp_path / "boot").write_text("another")
    monkeypatch.setattr(homes, "BOOT", tmp_path / "boot")

    homes.end_leftovers(tmp_path)

    assert process.alive()
    assert homes.orphans(tmp_path) == {}


@pytest.mark.parametrize("text", ["abc", "-1", "80", "65530", "7000.0"])
def test_a_base_port_that_cannot_be_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ports of the system's own, and too few above it."""
    monkeypatch.setenv("CAUSEWAY_BASE_PORT", text)

    with pytest.raises(BadBasePortError, match=f"'{text}'"):
        homes.base_port()


def test_a_build_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said when it is asked for, not by seven services that do not start."""
    monkeypatch.delenv("CAUSEWAY_BUILD", raising=False)
    assert homes.build() == ""

    monkeypatch.setenv("CAUSEWAY_BUILD", str(tmp_path / "none.py"))
    with pytest.raises(BadBuildError, match=r"none\.py"):
        homes.build()

    (tmp_path / "some.py").touch()
    monkeypatch.setenv("CAUSEWAY_BUILD", str(tmp_path / "some.py"))
    assert homes.build() == str(tmp_path / "some.py")
