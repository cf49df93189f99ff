"""Kafka's jars from their Maven coordinates: resolved once into `maven.lock`, fetched and verified ever after.

Run `python -m infra.local.maven` to resolve `ROOTS` anew and rewrite the lock.
"""

import errno
import hashlib
import os
import shutil
import ssl
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import certifi
import requests
from jgo.maven import MavenContext
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from infra.local.errors import ChecksumError, DiskFullError, RegistryError
from infra.local.jars import KAFKA, LOCK, Jar, write_lock

ROOTS = (
    f"org.apache.kafka:kafka_2.13:{KAFKA}",
    f"org.apache.kafka:connect-mirror:{KAFKA}",
    f"org.apache.kafka:kafka-tools:{KAFKA}",
    # "!" keeps log4j's own dependency management, which names an older kafka-clients, out of the others' resolution
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.1!",
    "org.apache.logging.log4j:log4j-core:2.25.1!",
)
ATTEMPTS = 4
FETCHERS = 8


def sha256(path: Path) -> str:
    """Return the file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def resolve(cache: Path) -> tuple[Jar, ...]:
    """Resolve `ROOTS` with all that they need at run time, using the network."""
    context = _context(cache)
    direct, transitive = context.resolver.resolve([context.create_dependency(root) for root in ROOTS])
    return tuple(
        Jar(f"{one.groupId}:{one.artifactId}:{one.version}", sha256(one.artifact.resolve()))
        for one in [*direct, *transitive]
        if one.scope in {None, "compile", "runtime"}
    )


def fetch(jars: tuple[Jar, ...], cache: Path, libraries: Path, progress: Callable[[int, int], None]) -> None:
    """Bring the jars into `libraries`, each verified; what is there and right is not fetched again.

    Args:
        jars: From the lock.
        cache: Where downloads rest, as a Maven repository.
        libraries: The directory that becomes the class path; it holds exactly the jars afterwards.
        progress: Called with (done, all) after each.

    Raises:
        RegistryError: A jar could not be had after several attempts.
        ChecksumError: A jar is not the locked one.
        DiskFullError: No space is left.
    """
    libraries.mkdir(parents=True, exist_ok=True)
    wanted = {jar.filename for jar in jars}
    for path in libraries.iterdir():
        if path.name not in wanted:
            path.unlink()
    context = _context(cache)
    with ThreadPoolExecutor(FETCHERS) as pool:
        try:
            for done, _ in enumerate(pool.map(lambda jar: _fetch_one(context, jar, libraries), jars), start=1):
                progress(done, len(jars))
        finally:
            pool.shutdown(cancel_futures=True)  # after Ctrl-C or a failure, the rest is not waited for


def _context(cache: Path) -> MavenContext:
    os.environ.setdefault("REQUESTS_CA_BUNDLE", _trusted())
    mirror = os.environ.get("CAUSEWAY_MAVEN")
    return MavenContext(
        repo_cache=cache, local_repos=[], remote_repos={"central": mirror} if mirror else None, timeout=60
    )


def _trusted() -> str:
    """Return the certificates to trust: those that pip is told to, else the system's, else those that come with requests."""
    system = ssl.get_default_verify_paths()
    for name in (os.environ.get("PIP_CERT"), system.cafile, system.capath):
        if name and Path(name).exists() and (Path(name).is_file() or any(Path(name).iterdir())):
            return name
    return certifi.where()


def _fetch_one(context: MavenContext, jar: Jar, libraries: Path) -> None:
    target = libraries / jar.filename
    if target.exists() and sha256(target) == jar.sha256:
        return
    group, artifact, version = jar.coordinate.split(":")
    try:
        for attempt in Retrying(
            retry=retry_if_exception_type((requests.RequestException, RuntimeError)),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential_jitter(multiplier=0.5, max=5),
            reraise=True,
        ):
            with attempt:
                downloaded = context.project(group, artifact).at_version(version).artifact().resolve()
    except (requests.RequestException, RuntimeError) as error:
        raise RegistryError(what=jar.coordinate, reason=f"{type(error).__name__} after {ATTEMPTS} attempts") from error
    except OSError as error:
        raise _explain(error, libraries) from error
    found = sha256(downloaded)
    if found != jar.sha256:
        downloaded.unlink()
        raise ChecksumError(what=jar.coordinate, found=found)
    try:
        shutil.move(downloaded, target)
    except OSError as error:
        raise _explain(error, libraries) from error


def _explain(error: OSError, path: Path) -> Exception:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(path=path, free=shutil.disk_usage(path).free // 1_000_000)
    return error


def main() -> None:
    """Resolve anew and rewrite the lock."""
    cache = Path(sys.argv[1]) if len(sys.argv) > 1 else LOCK.parent / ".causeway" / "maven"
    LOCK.write_text(write_lock(resolve(cache)))


if __name__ == "__main__":
    main()
