"""Lanes run side by side to their ends, whatever becomes of one; whoever interrupts them interrupts all."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from infra.local import lanes, promtool
from infra.local.lanes import STAGES
from tests.integration.local.heeding import heeding

ROOT = Path(__file__).parents[3]
PATIENCE = 60
TIDY = """
import pathlib, sys, time
try:
    pathlib.Path(sys.argv[1], sys.argv[2]).touch()
    time.sleep(600)
except KeyboardInterrupt:
    pathlib.Path(sys.argv[1], sys.argv[2] + ".tidied").touch()
    sys.exit(2)
"""


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """Ctrl-C is heard here, and in what is started."""
    with heeding(signal.SIGINT, signal.default_int_handler):
        yield


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is started as pytest here loads no plugins, which takes seconds."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def script(text: str, *arguments: str) -> list[str]:
    """Return the command that runs it."""
    return [sys.executable, "-c", text, *arguments]


def pytest_of(directory: Path) -> list[str]:
    """Return the command that runs the tests of a directory, which share what all tests share."""
    shared = ("-p", "tests.conftest", "-p", "no:cacheprovider")
    return [sys.executable, "-m", "pytest", *shared, "-c", "/dev/null", "--rootdir", str(directory), str(directory)]


def once_there(*paths: Path) -> threading.Thread:
    """Press Ctrl-C, so to speak, once all of them are there."""

    def press() -> None:
        tick = threading.Event()
        while not all(path.exists() for path in paths):
            tick.wait(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    pressing = threading.Thread(target=press, daemon=True)
    pressing.start()
    return pressing


def chosen(arguments: Sequence[str]) -> list[Path]:
    """Return the files of tests that pytest finds by these arguments."""
    ignored = {ROOT / one.removeprefix("--ignore=") for one in arguments if one.startswith("--ignore=")}
    named = [ROOT / one for one in arguments if not one.startswith("--")]
    found = [file for path in named for file in (path.rglob("test_*.py") if path.is_dir() else [path])]
    assert all(file.is_file() for file in (*ignored, *found))
    return [file for file in found if file not in ignored]


def test_each_file_of_tests_is_in_one_run() -> None:
    """Whoever adds a folder adds it to a run of a lane."""
    runs = [arguments for lanes in STAGES for lane in lanes for arguments in lane.values()]
    found = [file for arguments in runs for file in chosen(arguments)]

    assert sorted(found) == sorted((ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize(("statuses", "status"), [((0, 0, 0), 0), ((1, 0, 0), 1), ((0, 0, 3), 3), ((0, 2, 3), 2)])
def test_one_lane_that_fails_fails_the_run(
    capfd: pytest.CaptureFixture[str], statuses: tuple[int, ...], status: int
) -> None:
    """All run to their ends, and all that they print is shown."""
    text = "import sys; print('lane', sys.argv[1]); print('trouble', sys.argv[1], file=sys.stderr); sys.exit(int(sys.argv[2]))"
    commands = [{f"lane-{number}": script(text, str(number), str(one))} for number, one in enumerate(statuses)]
    said: list[str] = []

    assert lanes.run([commands], said.append) == status

    out, err = capfd.readouterr()
    for number, one in enumerate(statuses):
        assert f"lane {number}\n" in out
        assert f"trouble {number}\n" in out + err
        assert any(f"lane-{number} have ended" in line and f"status {one}." in line for line in said)


def test_what_failed_is_told_again_at_the_very_end(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Of every lane, with the reason; whoever is shown nothing but the end of a long log finds it there."""
    commands = []
    for name, test in {"one": "assert 'red' == 'blue'", "other": "raise OSError('no disk')", "well": "pass"}.items():
        directory = tmp_path / name
        directory.mkdir()
        (directory / f"test_{name}.py").write_text(f"def test_it():\n    {test}\n")
        commands.append({name: pytest_of(directory)})

    assert lanes.run([commands], print) == 1

    [_, told] = capfd.readouterr().out.split("What failed:")
    assert all(word in told for word in ("test_one.py::test_it", "'red' == 'blue'", "test_other.py", "no disk"))
    assert "test_well" not in told


def test_lanes_run_side_by_side(tmp_path: Path) -> None:
    """Each of these ends only when the other runs."""
    text = (
        "import pathlib, sys, time\n"
        "here = pathlib.Path(sys.argv[1])\n"
        "(here / sys.argv[2]).touch()\n"
        f"until = time.monotonic() + {PATIENCE}\n"
        "while not (here / sys.argv[3]).exists():\n"
        "    time.sleep(0.02)\n"
        "    assert time.monotonic() < until\n"
    )
    commands = [{"one": [str(tmp_path), "a", "b"]}, {"other": [str(tmp_path), "b", "a"]}]

    assert lanes.run([commands], lambda _: None, script(text)) == 0


def test_a_run_waits_for_those_before_it_in_its_lane_and_in_earlier_stages(tmp_path: Path) -> None:
    """Also when they failed; each of these finds what all before it have left."""
    text = (
        "import pathlib, sys\n"
        "here, name, *before = sys.argv[1:]\n"
        "assert all((pathlib.Path(here) / one).exists() for one in before), before\n"
        "(pathlib.Path(here) / name).touch()\n"
        "sys.exit(3 if name == 'b' else 0)\n"
    )
    runs = {
        name: script(text, str(tmp_path), name, *before)
        for name, before in {"a": "", "b": "a", "c": "ab", "d": "", "e": "abcd"}.items()
    }
    stages = [
        [{name: runs[name] for name in "abc"}, {"d": runs["d"]}],
        [{"e": runs["e"]}],
    ]  # fmt: skip

    assert lanes.run(stages, lambda _: None) == 3
    assert (tmp_path / "e").exists()


def test_who_interrupts_waits_until_every_lane_has_tidied_up(tmp_path: Path) -> None:
    """Both are told, neither is left, and nothing is started after them."""
    names = ("one", "other")
    pressing = once_there(*(tmp_path / name for name in names))
    tidy = {name: script(TIDY, str(tmp_path), name) for name in (*names, "next", "last")}

    status = lanes.run(
        [[{"one": tidy["one"], "next": tidy["next"]}, {"other": tidy["other"]}], [{"last": tidy["last"]}]],
        lambda _: None,
    )

    pressing.join(PATIENCE)
    assert status == 2
    assert all((tmp_path / f"{name}.tidied").exists() for name in names)
    assert not any((tmp_path / name).exists() for name in ("next", "last"))


def test_ctrl_c_is_heard_after_a_test_on_uvloop(tmp_path: Path) -> None:
    """What it told its loop of signals is forgotten with it."""
    (tmp_path / "test_two.py").write_text(
        "import asyncio, signal, uvloop\n"
        "async def listen():\n"
        "    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, print)\n"
        "def test_one():\n"
        "    uvloop.run(listen())\n"
        "def test_other():\n"
        "    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler\n"
    )
    done = subprocess.run(pytest_of(tmp_path), cwd=ROOT, check=False, capture_output=True, text=True)

    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_what_is_built_ahead_is_left_when_nobody_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is interrupted, so that it tidies up, and waited for."""
    monkeypatch.setattr(promtool, "kept", lambda: tmp_path)
    monkeypatch.setattr(promtool, "COMMAND", script(TIDY, str(tmp_path), "build"))
    tick = threading.Event()

    with promtool.ahead():
        while not (tmp_path / "build").exists():
            tick.wait(0.02)

    assert (tmp_path / "build.tidied").exists()


def test_what_is_there_is_not_built_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No process is started."""
    monkeypatch.setattr(promtool, "kept", lambda: tmp_path)
    monkeypatch.setattr(promtool, "COMMAND", script(TIDY, str(tmp_path), "build"))
    monkeypatch.setattr(promtool, "_build", lambda _, program: program.touch())
    promtool.ensure(lambda _: None)

    with promtool.ahead():
        pass

    assert not list(tmp_path.glob("build*"))
