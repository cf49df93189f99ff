"""Commands that meet: one starts what the other stops or starts, too."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local import control, homes, toolchain, up, view
from infra.local.errors import DiskFullError, LocalError, SupervisorGoneError
from infra.local.federation import Federation
from infra.local.process import Identity, explained
from infra.local.supervisor import Supervisor
from infra.local.topology import Topology
from infra.local.up import StoppedMeanwhileError

PATIENCE = 20
HOLDER = """
import sys, time
from pathlib import Path
from infra.local import homes
with homes.alone(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def no_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even as root does anything lie elsewhere."""
    monkeypatch.setattr(toolchain, "stage_directory", lambda: None)


@pytest.fixture
def empty(tmp_path: Path) -> Supervisor:
    """A supervisor of nothing, which has not started yet."""
    homes.describe(Federation(str(tmp_path), ()))
    return Supervisor(Topology(Federation(str(tmp_path), ()), {}, (), {}), toolchain.find())


async def test_stopping_waits_for_a_supervisor_that_only_just_starts(empty: Supervisor) -> None:
    """It has the home, and does not answer yet: it is stopped as soon as it does."""
    with homes.alone(empty.home):
        stopping = asyncio.create_task(asyncio.to_thread(up.stop, empty.home))
        await empty.run()

    assert await stopping is True


def test_stopping_what_does_not_run_says_so(tmp_path: Path) -> None:
    """Also where there is no home."""
    assert up.stop(tmp_path) is False
    assert up.stop(tmp_path / "nowhere") is False
    assert list(tmp_path.iterdir()) == []


async def test_waiting_for_what_another_stopped_ends_with_that(empty: Supervisor) -> None:
    """Not with advice to start what one just started."""
    with pytest.raises(StoppedMeanwhileError):
        up.wait_until_well(empty.home, lambda status: None)


def test_starting_waits_for_who_has_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says so once; then it starts."""
    said: list[str] = []
    homes.describe(Federation(str(tmp_path)))
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout
    holder.stdout.readline()
    monkeypatch.setattr(up, "_wait_for_answer", lambda home, running: running.kill() or running.wait())
    monkeypatch.setattr(toolchain, "ensure", lambda progress: None)

    def say(line: str) -> None:
        said.append(line)
        holder.communicate(b"\n")

    assert up.start(Federation(str(tmp_path)), say) is True
    assert len(said) == 1
    assert "waiting" in said[0]


async def test_a_request_that_cannot_be_read_is_answered(empty: Supervisor) -> None:
    """An infinite bandwidth is null in JSON; the asker must not take silence for a supervisor that is gone."""
    running = asyncio.create_task(empty.run())
    async with asyncio.timeout(PATIENCE):
        while not (empty.home / control.SOCKET).exists():  # noqa: ASYNC110 — a file has no event
            await asyncio.sleep(0.02)
    with control.short_path(empty.home) as path:
        reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b'{"type":"Reshape","shapes":{"us>eu":{"latency":null}}}\n')
    answer = await reader.readline()
    writer.close()
    await empty.stop()
    await running

    assert b"does not understand" in answer


async def test_a_full_disk_does_not_make_the_supervisor_forget(
    empty: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who runs is recorded later, when there is room."""

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(homes, "write", full)
        empty.record()
        assert empty.unrecorded
    empty.record()

    assert not empty.unrecorded
    assert (empty.home / homes.PROCESSES).exists()


def test_whatever_fails_on_a_full_disk_says_that_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copying a tree and other programs put it in words of their own; what fails with room left is not blamed on the disk."""
    with pytest.raises(DiskFullError, match=str(tmp_path)), explained(tmp_path / "not" / "there"):
        raise OSError(28, "No space left on device")
    with pytest.raises(LocalError, match="initdb"), explained(tmp_path):
        raise LocalError(reason="initdb failed")
    monkeypatch.setattr("infra.local.process.NO_ROOM", sys.maxsize)
    with pytest.raises(DiskFullError), explained(tmp_path):
        raise LocalError(reason="initdb failed")


def test_what_a_killed_supervisor_left_is_shown(tmp_path: Path) -> None:
    """With its processes, and how to end them."""
    running = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        identity = Identity.of(running.pid)
        assert identity
        homes.describe(Federation(str(tmp_path)))
        homes.record(tmp_path, {"us/redis": identity})
        status = up.current(tmp_path)

        assert status.state == "orphaned"
        assert status.parts()["us/redis"].pid == running.pid
        assert "The supervisor is gone" in view.notes(status)[0]
        with pytest.raises(SupervisorGoneError, match="causeway down ends them"):
            control.ask(tmp_path, control.Ask())
        assert status.parts()["eu/redis"].state == "down"

        assert up.stop(tmp_path) is True
        assert running.wait(PATIENCE) != 0
        assert up.current(tmp_path).state == "down"
    finally:
        running.kill()
        running.wait()
