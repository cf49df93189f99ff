"""The supervisor on trivial children: crashes, pauses, restarts, and what it never touches."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import uvicorn

from infra.health import Health
from infra.local import homes, ports, probe, process
from infra.local.child import Child
from infra.local.control import Act
from infra.local.errors import DiskFullError, HomeInUseError, PortInUseError, UnknownPartError
from infra.local.federation import Federation
from infra.local.parts import Answers, Part, Says
from infra.local.process import Identity
from infra.local.supervisor import Supervisor
from infra.local.toolchain import find
from infra.local.tools import Tools
from infra.local.topology import Topology
from infra.telemetry import admin_app
from tests.integration.local.heeding import heeding

PATIENCE = 20
SERVER = (
    "import http.server as h; h.ThreadingHTTPServer(('127.0.0.1', {port}), h.SimpleHTTPRequestHandler).serve_forever()"
)


@pytest.fixture(scope="module")
def programs() -> Tools:
    """Where programs would be; these parts need none of them."""
    return find()


@pytest.fixture
def topology(tmp_path: Path) -> Topology:
    """Two web servers, of which one needs the other."""
    first, second = ports.some_free(2)

    def part(name: str, port: int, needs: frozenset[str]) -> Part:
        return Part(
            name,
            "service",
            (sys.executable, "-c", SERVER.format(port=port)),
            tmp_path / name,
            tmp_path / f"{name}.log",
            Answers(port, "/"),
            ports={"http": port},
            needs=needs,
        )

    parts = {"second": part("second", second, frozenset({"first"})), "first": part("first", first, frozenset())}
    return Topology(Federation(str(tmp_path), ()), parts, (), {})


@pytest.fixture
async def supervisor(topology: Topology, programs: Tools) -> AsyncIterator[Supervisor]:
    """A running supervisor, all of whose children are well."""
    one = Supervisor(topology, programs)
    running = asyncio.create_task(one.run())
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(child.wait_well() for child in one.children.values()))
    yield one
    await one.stop()
    await running


def kernel_state(identity: Identity) -> str:
    """What the kernel says of a process: T is stopped."""
    return Path(f"/proc/{identity.pid}/stat").read_text().rpartition(")")[2].split()[0]


def phase(child: Child) -> str:
    """How a child is now."""
    return child.condition.phase


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 — conditions of other objects, which have no event
            await asyncio.sleep(0.02)


async def test_parts_start_after_what_they_need(supervisor: Supervisor) -> None:
    """The one that needs the other was started when that was well."""
    first, second = (supervisor.children[name].identity for name in ("first", "second"))

    assert first is not None
    assert second is not None
    assert first.started <= second.started


async def test_a_killed_part_comes_back_as_another_process(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its crash is counted, and it is well again."""
    child = supervisor.children["first"]
    before = child.identity
    await supervisor.act(Act("kill", ("first",)))

    assert child.identity != before  # nobody is told of the dead one

    await until(lambda: child.condition.phase == "healthy" and child.identity != before)

    assert child.condition.crashes == 1
    assert supervisor.children["first"].condition.restarts == 1
    said = capsys.readouterr().out
    assert "signal=SIGKILL" in said
    assert "kill" in said


async def test_what_a_part_says_of_its_health_is_why_it_is_not_well(tmp_path: Path) -> None:
    """The conditions that do not hold, with their detail."""
    health = Health()
    health.tell("kafka", ok=False, detail="no broker answers")
    health.tell("store", ok=True)
    server = uvicorn.Server(uvicorn.Config(admin_app(health), port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    part = Part("us/fanout", "service", (), tmp_path, tmp_path / "log", Answers(port))

    assert await probe.complaint(part) == "kafka: no broker answers"

    server.should_exit = True
    await serving

    assert await probe.complaint(part) == ""


async def test_a_part_that_is_to_stay_down_stays_down_until_healed(supervisor: Supervisor) -> None:
    """`kill --stay-down` is an outage."""
    child = supervisor.children["first"]
    await supervisor.act(Act("kill", ("first",), stay_down=True))

    assert phase(child) == "killed"
    assert child.identity is None

    await supervisor.act(Act("heal", ("first",)))

    assert phase(child) == "healthy"


async def test_who_heals_need_not_wait_for_what_cannot_be_well_yet(supervisor: Supervisor) -> None:
    """What the second needs is down, so it is not started; it is kept in mind."""
    await supervisor.act(Act("kill", ("first", "second"), stay_down=True))

    await supervisor.act(Act("heal", ("second",), wait=0))

    second = supervisor.children["second"]
    assert phase(second) == "waiting", "who asked is told"
    await until(lambda: "first" in second.condition.reason)
    assert second.identity is None
    await supervisor.act(Act("heal", ("first",)))
    await until(lambda: phase(second) == "healthy")


async def test_a_paused_part_is_the_same_process_afterwards(supervisor: Supervisor) -> None:
    """It freezes and goes on."""
    child = supervisor.children["first"]
    before = child.identity
    await supervisor.act(Act("pause", ("first",)))

    assert before is not None
    assert kernel_state(before) == "T"
    assert phase(child) == "paused"

    await supervisor.act(Act("resume", ("first",)))

    assert phase(child) == "healthy"
    assert child.identity == before


async def test_a_restarted_part_is_another_process_and_did_not_crash(supervisor: Supervisor) -> None:
    """`restart` is clean."""
    child = supervisor.children["first"]
    before = child.identity
    await supervisor.act(Act("restart", ("first",)))

    assert phase(child) == "healthy"
    assert child.condition.crashes == 0
    assert child.identity != before


async def test_unknown_parts_are_refused(supervisor: Supervisor) -> None:
    """Nothing is done to the others."""
    with pytest.raises(UnknownPartError):
        await supervisor.act(Act("kill", ("first", "third")))

    assert supervisor.children["first"].condition.phase == "healthy"


async def test_stopping_ends_every_child(topology: Topology, programs: Tools) -> None:
    """And forgets them."""
    one = Supervisor(topology, programs)
    running = asyncio.create_task(one.run())
    await until(lambda: one.status().state == "healthy")
    identities = [child.identity for child in one.children.values()]
    await one.stop()
    await running

    assert not any(identity and identity.alive() for identity in identities)
    assert homes.recorded(Path(topology.federation.home)) == {}


async def test_all_parts_are_told_to_end_at_once(
    tmp_path: Path, programs: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of these ends only when all have been told to, so whoever waits for some before telling the others has to kill them."""
    for count in ("cpu_count", "process_cpu_count"):  # by which a loop reckons how many threads it needs
        monkeypatch.setattr(os, count, lambda: 1, raising=False)
    names = [f"part-{number}" for number in range(12)]
    last_words = f"until [ $(ls .. | grep -c told) = {len(names)} ]; do sleep 0.05; done; touch ../$NAME.ended; exit 0"
    script = f"trap 'touch ../$NAME.told; {last_words}' TERM; echo well; while :; do sleep 0.1; done"
    parts = {
        name: Part(
            name,
            "service",
            ("/bin/sh", "-c", script),
            tmp_path / name,
            tmp_path / f"{name}.log",
            Says(("well",)),
            env={"NAME": name},
        )
        for name in names
    }
    one = Supervisor(Topology(Federation(str(tmp_path), ()), parts, (), {}), programs)
    running = asyncio.create_task(one.run())
    await until(lambda: one.status().state == "healthy")
    await one.stop()
    await running

    assert {name for name in names if (tmp_path / f"{name}.ended").exists()} == set(names)


@pytest.fixture
def quits() -> Iterator[None]:
    """What is started here heeds SIGQUIT."""
    with heeding(signal.SIGQUIT):
        yield


@pytest.mark.usefixtures("quits")
async def test_who_will_have_no_data_is_not_asked_to_put_it_in_order(tmp_path: Path, programs: Tools) -> None:
    """Of whatever kind: it ends without last words, with what it has started; one may have a gentler way of its own."""
    script = "trap 'touch ../$NAME.asked; exit 0' TERM; trap 'touch ../$NAME.quit; exit 0' QUIT; echo well; while :; do sleep 0.1; done"
    gentler = {"redis": signal.SIGKILL, "postgres": signal.SIGQUIT, "service": signal.SIGKILL}
    parts = {
        kind: Part(
            kind,
            kind,
            ("/bin/sh", "-c", script),
            tmp_path / kind,
            tmp_path / f"{kind}.log",
            Says(("well",)),
            env={"NAME": kind},
            discard_signal=number,
        )
        for kind, number in gentler.items()
    }
    one = Supervisor(Topology(Federation(str(tmp_path), ()), parts, (), {}), programs)
    running = asyncio.create_task(one.run())
    await until(lambda: one.status().state == "healthy")
    identities = [child.identity for child in one.children.values()]
    await one.stop(discards=True)
    await running

    assert not any(identity and identity.alive() for identity in identities)
    told = [
        path for kind in gentler for path in (tmp_path / f"{kind}.asked", tmp_path / f"{kind}.quit") if path.exists()
    ]
    assert [path.name for path in told] == ["postgres.quit"]


async def test_a_part_without_room_on_the_disk_starts_when_there_is_some(
    topology: Topology, programs: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so meanwhile, and nobody has to heal it."""
    full = asyncio.Event()
    prepare = process.prepare

    def prepared(part: Part, tools: Tools) -> None:
        if part.name == "first" and not full.is_set():
            raise DiskFullError(path=part.directory, free=0)
        prepare(part, tools)

    monkeypatch.setattr(process, "prepare", prepared)
    one = Supervisor(topology, programs)
    running = asyncio.create_task(one.run())
    first = one.children["first"]
    await until(lambda: phase(first) == "crashed")

    assert "is full" in first.condition.reason

    full.set()
    await until(lambda: one.status().state != "stopping" and phase(first) == "healthy")
    await one.stop()
    await running


async def test_a_taken_port_is_named(topology: Topology, programs: Tools) -> None:
    """With the part that wants it."""
    port = topology.parts["first"].ports["http"]
    with socket.create_server(("127.0.0.1", port)), pytest.raises(PortInUseError, match=f"{port} is wanted by first"):
        await Supervisor(topology, programs).run()


def test_only_one_supervisor_holds_a_home(tmp_path: Path) -> None:
    """The second is told who has it."""
    with homes.alone(tmp_path), pytest.raises(HomeInUseError, match=str(os.getpid())), homes.alone(tmp_path):
        pass


def test_leftovers_are_ended_and_strangers_are_not(tmp_path: Path) -> None:
    """A recorded pid that is another process by now, told by its start time, is left alone."""
    ours, stranger = (subprocess.Popen(["sleep", "600"], start_new_session=True) for _ in range(2))
    try:
        identity, other = Identity.of(ours.pid), Identity.of(stranger.pid)
        assert identity
        assert other
        homes.record(tmp_path, {"a": identity, "b": Identity(other.pid, other.started - 1)})
        homes.end_leftovers(tmp_path)

        assert ours.wait(PATIENCE) == -signal.SIGTERM
        assert stranger.poll() is None
    finally:
        for one in (ours, stranger):
            one.kill()
            one.wait()


def test_starting_times_are_the_kernels() -> None:
    """A process is itself as long as it lives, and nobody afterwards."""
    child = subprocess.Popen(["sleep", "600"])
    identity = Identity.of(child.pid)
    assert identity
    assert identity.alive()
    child.kill()
    started = time.monotonic()
    while identity.alive():
        assert time.monotonic() - started < PATIENCE
    child.wait()

    assert Identity.of(child.pid) is None
