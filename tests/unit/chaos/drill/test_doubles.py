"""A second instance of a service is seen only once it has done something, and is waited for only while it lives."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chaos.drill.faults.doubles import ServiceDoubled
from chaos.drill.faults.injector import NotPossibleError
from chaos.drill.nemesis import targets
from infra.local.control import Act, PartStatus, RegionStatus, Request, Status

LIMIT_SECONDS = 30.0
FIRST = """
import os, sys, time
first = sys.argv[1]
if os.path.exists(first):
    {second}
open(first, "w").close()
time.sleep(600)
"""
SERVER = """
    import http.server
    class Admin(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            done = 3 if os.path.exists(first + ".work") else 0
            self.wfile.write(f'causeway_projector_records_total {{done}}\\n'.encode() if self.path == "/metrics" else b"{{}}")
        def log_message(self, *_):
            pass
    other = os.environ["CAUSEWAY_MEDIA_PORT"]
    assert other != "1", "the media port is shared"
    http.server.HTTPServer(("127.0.0.1", int(os.environ["CAUSEWAY_ADMIN_PORT"])), Admin).serve_forever()
"""
Begin = Callable[[str], ServiceDoubled]


def part(pid: int | None, **ports: int) -> PartStatus:
    """Return a part that is well."""
    return PartStatus("healthy", pid, 0.0, 0, ports, "/log")


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Start a process that stands for a service; its second does what the test says."""
    running: list[subprocess.Popen[bytes]] = []

    def start(second: str) -> ServiceDoubled:
        program = FIRST.replace("{second}", second.replace("{{", "{").replace("}}", "}").strip())
        first = tmp_path / "first"
        settings = {"CAUSEWAY_MEDIA_PORT": "1", "CAUSEWAY_ADMIN_PORT": "2"}
        process = subprocess.Popen([sys.executable, "-c", program, str(first)], env=settings)
        running.append(process)
        while not first.exists():
            assert process.poll() is None
        before = Status("healthy", "/home", None, {"us": RegionStatus("", {"back": part(process.pid)})}, {})

        async def ask(request: Request) -> Status:
            if isinstance(request, Act):
                process.send_signal({"pause": signal.SIGSTOP, "resume": signal.SIGCONT}[request.verb])
            return before

        return ServiceDoubled("us/back", before, ask)

    yield start
    for process in running:
        process.kill()
        process.wait()


async def test_a_second_that_ended_is_not_waited_for(begin: Begin) -> None:
    """The first stands still meanwhile, so every second counts; it is told how it ended."""
    fault = begin("sys.exit(3)")

    async with asyncio.timeout(LIMIT_SECONDS):
        with pytest.raises(NotPossibleError, match="ended with 3"):
            await fault.put_on()
        await fault.abandon()


async def test_a_second_is_seen_once_it_has_done_something(begin: Begin, tmp_path: Path) -> None:
    """That it is well is not enough; and it listens nowhere where the first does."""
    fault = begin(SERVER)
    watching = asyncio.create_task(fault.saw())
    putting_on = asyncio.create_task(fault.put_on())
    async with asyncio.timeout(LIMIT_SECONDS):
        await asyncio.wait({putting_on, watching}, timeout=2, return_when=asyncio.FIRST_COMPLETED)
        assert not putting_on.done()
        assert not watching.done()

        (tmp_path / "first.work").touch()

        await putting_on
        assert "3 things done" in await watching
        await fault.abandon()


def test_what_nobody_would_come_to_is_not_doubled() -> None:
    """A directory or a media service answers at an address that is known; a second one would stand about."""
    names = ("front", "back", "media", "kafka")
    ports = {"front": {"public": 1, "admin": 2}, "back": {"media": 3, "admin": 4}, "media": {"media": 5, "admin": 6}}
    region = RegionStatus("", {name: part(1, **ports.get(name, {"kafka": 7})) for name in names})
    status = Status("healthy", "/home", None, {"us": region}, {"directory": part(1, directory=8, admin=9)})

    assert targets(status).services == ("us/back", "us/front")
