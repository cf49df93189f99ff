"""Jars from a registry that falters, refuses, or gives something else: a real HTTP server on loopback plays it."""

import gc
import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infra.local import maven
from infra.local.errors import ChecksumError, RegistryError
from infra.local.jars import Jar

pytestmark = [
    pytest.mark.integration,
    # jgo leaves a streamed answer that is no 200 to the garbage collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

CONTENT = b"what a jar may hold"
JAR = Jar("org.example:thing:1.0", hashlib.sha256(CONTENT).hexdigest())


@dataclass
class Registry:
    """What was asked for how often, and how many requests for jars fail first."""

    failures: int = 0
    asked: Counter[str] = field(default_factory=Counter)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry that the toolchain is pointed at."""
    state = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked[self.path] += 1
            jar = self.path.endswith(".jar")
            failing = jar and state.asked[self.path] <= state.failures
            self.send_response(503 if failing else 200 if jar else 404)
            body = CONTENT if jar and not failing else b""
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        monkeypatch.setenv("CAUSEWAY_MAVEN", f"http://127.0.0.1:{server.server_port}")
        yield state
        server.shutdown()
        thread.join()
    gc.collect()  # while this test's filter holds


def fetch(directory: Path, jar: Jar = JAR) -> list[tuple[int, int]]:
    """Fetch the jar as an installation does; returns the progress that was told."""
    progress: list[tuple[int, int]] = []
    maven.fetch((jar,), directory / "cache", directory / "libraries", lambda done, of: progress.append((done, of)))
    return progress


def test_a_registry_that_falters_is_asked_again(registry: Registry, tmp_path: Path) -> None:
    """Two failures in a row cost time, nothing else."""
    registry.failures = 2

    assert fetch(tmp_path) == [(1, 1)]

    assert (tmp_path / "libraries" / "thing-1.0.jar").read_bytes() == CONTENT
    assert max(registry.asked.values()) == 3


def test_a_registry_that_keeps_failing_is_named_with_what_is_missing(registry: Registry, tmp_path: Path) -> None:
    """The attempts are bounded, and the sentence names the jar."""
    registry.failures = 1_000

    with pytest.raises(RegistryError, match=r"org\.example:thing:1\.0"):
        fetch(tmp_path)

    assert max(registry.asked.values()) == maven.ATTEMPTS


def test_something_else_is_refused_and_not_kept(registry: Registry, tmp_path: Path) -> None:
    """A jar with another digest than the lock's never reaches the class path."""
    with pytest.raises(ChecksumError):
        fetch(tmp_path, Jar(JAR.coordinate, "0" * 64))

    assert sum(registry.asked.values()) > 0
    assert not list((tmp_path / "libraries").iterdir())
