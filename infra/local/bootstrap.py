"""Makes the project's own environment from the hash-pinned lock files, then becomes the `causeway` command.

Runs before anything is installed: standard library only, and imports nothing of the project. The launcher
at the root calls it with the project's root and the user's arguments.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ATTEMPTS = 4
STILL_SECONDS = 10.0
NEEDED_FREE_BYTES = 1_500_000_000
STAMP = "causeway-stamp.json"
DISK_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
PACKAGE = re.compile(r" [+-] ")  # one line a package says too much
HASH_WRONG = re.compile(
    r"hash(es)? (mismatch|do not match|from the requirements)|THESE PACKAGES DO NOT MATCH", re.IGNORECASE
)
UNREACHABLE = re.compile(
    r"dns error|failed to (fetch|lookup|connect)|connection|timed? ?out|retries exceeded|could not find a version|"
    r"request failed|error sending request|status code",
    re.IGNORECASE,
)


class BootstrapError(Exception):
    """A sentence for the person at the terminal."""


def say(line: str) -> None:
    """Print one line of progress, apart from the command's own output."""
    print(f"causeway: {line}", file=sys.stderr, flush=True)  # noqa: T201  # this is the program's voice


def nothing_more() -> str:
    """Say nothing more than for how long it has been at it."""
    return ""


@contextmanager
def still(
    what: str,
    tell: Callable[[str], None] = say,
    *,
    more: Callable[[], str] = nothing_more,
    every: float = STILL_SECONDS,
) -> Iterator[None]:
    """Say every few seconds what is being done and for how long, so that long silent work shows that it lives.

    Args:
        what: What, such as `installing packages`.
        tell: Told each line, from a thread of its own.
        more: Asked what else there is to say at that moment.
        every: How many seconds it may be silent.
    """
    began, over = time.monotonic(), threading.Event()

    def go_on() -> None:
        while not over.wait(every):
            tell(f"  still {what} ({time.monotonic() - began:.0f} s){more()}")

    teller = threading.Thread(target=go_on, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


@contextmanager
def aloud(what: str, tell: Callable[[str], None] = say, *, why: str = "") -> Iterator[None]:
    """Say what is done, with why, and then, as `still` does, that it goes on."""
    tell(f"{what}{why}")
    with still(what, tell):
        yield


def wanted_stamp(root: Path, *, dev: bool) -> dict[str, str | bool]:
    """Fingerprint what an up-to-date environment is made from.

    The root is part of it: an environment does not survive being moved.
    """
    digest = hashlib.sha256(str(root).encode())
    for name in (lock_name(dev=dev), "pyproject.toml"):
        digest.update((root / name).read_bytes())
    return {"dev": dev, "digest": digest.hexdigest()}


def needs_dev(arguments: list[str]) -> bool:
    """Whether a command needs more than running does; to say how it is used, none does."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return (own[:1] in (["test"], ["fuzz"]) or own[:2] == ["bench", "web"]) and "--help" not in own


def lock_name(*, dev: bool) -> str:
    """Name the lock file: tests need more than running does."""
    return "requirements-dev.lock" if dev else "requirements.lock"


def read_stamp(environment: Path) -> dict[str, str | bool]:
    """Read what the environment was made from; empty when it never was finished."""
    try:
        stamp = json.loads((environment / STAMP).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock file, so that two first runs do not trip over each other."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with aloud("waiting for another run, which is installing already"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(command: list[str], env: dict[str, str]) -> tuple[int, str]:
    """Run a command, show its lines as they come, and return its exit code and output."""
    lines = []
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:  # our own commands
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            if line.strip() and not PACKAGE.match(line):
                say(f"  {line.rstrip()}")
    return process.returncode, "".join(lines)


def explain(what: str, output: str) -> BootstrapError:
    """Turn a failed installation's output into one sentence that says what to do."""
    if DISK_FULL.search(output):
        return BootstrapError(
            f"the disk is full while {what}; free about {NEEDED_FREE_BYTES / 1e9:.1f} GB and run it again"
        )
    if HASH_WRONG.search(output):
        return BootstrapError(
            f"a package's hash is not the locked one while {what}: the registry serves something else than was locked"
        )
    if UNREACHABLE.search(output):
        return BootstrapError(
            f"the Python package registry could not be reached while {what} ({ATTEMPTS} attempts); "
            "check the network, or pip's index-url setting, and run it again"
        )
    return BootstrapError(f"{what} failed; the lines above say why")


def retried(what: str, command: list[str], env: dict[str, str], pause: Callable[[float], None] = time.sleep) -> None:
    """Run an installing command, again after a failure that may pass, at most `ATTEMPTS` times.

    Raises:
        BootstrapError: It failed for good.
    """
    for attempt in range(1, ATTEMPTS + 1):
        code, output = run(command, env)
        if code == 0:
            return
        if attempt == ATTEMPTS or DISK_FULL.search(output) or HASH_WRONG.search(output):
            raise explain(what, output)
        wait = 2.0**attempt
        say(f"{what} failed (attempt {attempt} of {ATTEMPTS}); again in {wait:.0f} s")
        pause(wait)


def registry_environment(python: str) -> dict[str, str]:
    """Give uv the registry, certificates and wheels that pip is configured with, where uv has no setting of its own."""
    env = {k: v for k, v in os.environ.items() if k not in {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "UV_PROJECT"}}
    env |= {"UV_NO_PROGRESS": "1", "UV_NO_CONFIG": env.get("UV_NO_CONFIG", "0")}
    listed = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    settings = dict(re.findall(r"^(?:global|install|:env:)\.([a-z-]+)='(.*)'$", listed, re.MULTILINE))
    for ours, theirs in {
        "index-url": "UV_DEFAULT_INDEX",
        "extra-index-url": "UV_INDEX",
        "cert": "SSL_CERT_FILE",
        "proxy": "ALL_PROXY",
    }.items():
        if ours in settings:
            env.setdefault(theirs, settings[ours])
    env.pop("UV_NO_CONFIG", None) if env["UV_NO_CONFIG"] == "0" else None
    return env


def uv_requirement(lock: Path) -> str:
    """Take uv's own pinned lines out of a lock file, for pip to install it by."""
    found = re.search(r"^uv==\S+ \\\n(?:    --hash=\S+(?: \\)?\n)+", lock.read_text(), re.MULTILINE)
    if not found:
        raise BootstrapError(f"{lock.name} does not pin uv; the checkout is damaged")
    return found.group()


def make_environment(environment: Path, python: str) -> None:
    """Make the virtual environment with pip in it, unless a working one is there.

    Raises:
        BootstrapError: This Python cannot make one.
    """
    inner = environment / "bin" / "python"
    if (
        inner.exists()
        and subprocess.run([inner, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    ):
        return
    try:
        with aloud(f"making an environment with Python {sys.version.split()[0]}"):
            shutil.rmtree(environment, ignore_errors=True)
            venv.create(environment, with_pip=True, symlinks=True)
    except (subprocess.CalledProcessError, ModuleNotFoundError) as error:
        shutil.rmtree(environment, ignore_errors=True)
        raise BootstrapError(
            f"{python} cannot make a virtual environment with pip; install its venv module (Debian and Ubuntu: the package python3-venv), "
            "or name another Python: CAUSEWAY_PYTHON=/path/to/python3 ./causeway"
        ) from error


def install(root: Path, environment: Path, *, dev: bool) -> None:
    """Bring the environment to the lock file's state.

    Raises:
        BootstrapError: It could not be done.
    """
    free = shutil.disk_usage(root).free
    if free < NEEDED_FREE_BYTES and not (environment / STAMP).exists():
        raise BootstrapError(
            f"only {free / 1e9:.1f} GB are free where {root} is; about {NEEDED_FREE_BYTES / 1e9:.1f} GB are needed"
        )
    base = os.path.realpath(sys.executable)
    make_environment(environment, base)
    python = str(environment / "bin" / "python")
    env = registry_environment(python)
    lock = root / lock_name(dev=dev)
    uv_lines = uv_requirement(lock)
    pinned = environment / "uv-requirement.txt"
    if not pinned.exists() or pinned.read_text() != uv_lines:
        fresh = environment / "uv-requirement.new"
        fresh.write_text(uv_lines)
        with aloud("installing uv", why=", which installs the rest"):
            retried(
                "installing uv",
                [python, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", str(fresh)],
                env,
            )
        fresh.replace(pinned)
    uv = [str(environment / "bin" / "uv"), "pip", "install", "--python", python]
    with aloud(f"installing the locked packages of {lock.name}"):
        retried("installing packages", [*uv, "--require-hashes", "--no-deps", "-r", str(lock)], env)
    itself = [*uv, "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(root)]
    with aloud("installing causeway itself"):
        retried("installing causeway", itself, env)
    stamp = environment / f"{STAMP}.new"
    stamp.write_text(json.dumps(wanted_stamp(root, dev=dev)))
    stamp.replace(environment / STAMP)


def ensure(root: Path, *, dev: bool) -> Path:
    """Make sure that the environment is there and current, and return its `causeway`.

    Raises:
        BootstrapError: It could not be made.
    """
    environment = root / ".causeway" / "venv"
    program = environment / "bin" / "causeway"
    dev = dev or bool(read_stamp(environment).get("dev"))
    if read_stamp(environment) == wanted_stamp(root, dev=dev) and program.exists():
        return program
    environment.parent.mkdir(exist_ok=True)
    with only_one(environment.parent / "install.lock"):
        dev = dev or bool(read_stamp(environment).get("dev"))
        if read_stamp(environment) != wanted_stamp(root, dev=dev) or not program.exists():
            started = time.monotonic()
            install(root, environment, dev=dev)
            say(f"the environment is ready ({time.monotonic() - started:.0f} s)")
    return program


def main(argv: list[str]) -> NoReturn:
    """Install what is missing, then become the command."""
    root = Path(argv[1])
    arguments = argv[2:]
    try:
        program = ensure(root, dev=needs_dev(arguments) or "CAUSEWAY_DEV" in os.environ)
    except BootstrapError as error:
        say(str(error))
        sys.exit(1)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            say(f"the disk is full; free about {NEEDED_FREE_BYTES / 1e9:.1f} GB and run it again")
        else:
            say(f"the environment could not be made under {root}: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("interrupted; run it again to go on where it stopped")
        sys.exit(130)
    # Compiled modules are kept, whatever the machine's habit: without them each of twenty services compiles all it imports.
    kept = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(root / ".causeway" / "pycache")}
    os.execve(program, [str(program), *arguments], os.environ | kept)  # noqa: S606  # becoming the command is the point


if __name__ == "__main__":
    main(sys.argv)
