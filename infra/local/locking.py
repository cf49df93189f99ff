"""Resolves what `pyproject.toml` asks for into the hash-pinned lock files; they name packages and hashes, never a registry."""

import subprocess
import sys
from pathlib import Path

from infra.local.bootstrap import registry_environment
from infra.local.errors import UnresolvedError
from infra.local.toolchain import ROOT

OPTIONS = (
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-annotate",
    "--no-header",
    "--quiet",
)


def lock(*, upgrade: bool) -> list[str]:
    """Rewrite both lock files, and return their names.

    Args:
        upgrade: Take the newest versions that fit; otherwise what is locked stays where it still fits.

    Raises:
        UnresolvedError: Nothing fits, or the registry cannot be reached; uv has said which.
    """
    runtime, everything = "requirements.lock", "requirements-dev.lock"
    _compile(runtime, "--group=install", upgrade=upgrade)
    _compile(everything, "--group=install", "--group=dev", f"--constraint={runtime}", upgrade=upgrade)
    return [runtime, everything]


def _compile(name: str, *more: str, upgrade: bool) -> None:
    uv = str(Path(sys.executable).parent / "uv")
    command = [uv, "pip", "compile", "pyproject.toml", *OPTIONS, *more, "--output-file", name]
    if upgrade:
        command.append("--upgrade")
    done = subprocess.run(
        command, cwd=ROOT, env=registry_environment(sys.executable), check=False, stdout=subprocess.DEVNULL
    )
    if done.returncode != 0:
        raise UnresolvedError(name=name)
