"""Everything of a region stands still at once, and is seen to: each of its processes, by the operating system."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from chaos.drill.faults.parts import Frozen, parts_of
from infra.local.control import Act, PartStatus, RegionStatus, Request, Status

LIMIT_SECONDS = 30.0


@pytest.fixture
def processes() -> Iterator[list[int]]:
    """Two processes that do nothing."""
    started = [subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) for _ in range(2)]
    yield [one.pid for one in started]
    for one in started:
        one.kill()
        one.communicate()


def status(pids: list[int]) -> Status:
    """Return a federation whose `us` has these processes, and whose directory has the first of them."""
    parts = {f"part{number}": PartStatus("healthy", pid, 0.0, 0, {}, "/log") for number, pid in enumerate(pids)}
    links = PartStatus("healthy", 1, 0.0, 0, {}, "/log")
    return Status(
        "healthy", "/home", None, {"us": RegionStatus("", parts)}, {"directory": parts["part0"], "links": links}
    )


def test_what_stands_still_is_all_of_it() -> None:
    """But not the link proxy, which is the drill's own tool."""
    assert parts_of("us", status([1, 2])) == ("us/part0", "us/part1")
    assert parts_of("directory", status([1, 2])) == ("directory",)


async def test_a_region_is_seen_to_stand_still_only_when_all_of_it_does(processes: list[int]) -> None:
    """One process that goes on is enough for it not to."""
    before, asked = status(processes), list[str]()

    async def ask(request: Request) -> Status:
        if isinstance(request, Act):
            asked.append(f"{request.verb} {' '.join(request.names)}")
            for pid in processes if request.verb == "resume" else processes[:1]:
                os.kill(pid, signal.SIGCONT if request.verb == "resume" else signal.SIGSTOP)
        return before

    fault = Frozen("us", before, ask)
    watching = asyncio.create_task(fault.saw())
    async with asyncio.timeout(LIMIT_SECONDS):
        await fault.put_on()
        await asyncio.sleep(0.1)
        assert not watching.done()

        os.kill(processes[1], signal.SIGSTOP)

        assert await watching == "2 processes stand still"
        await fault.take_off()
        await fault.recovered()
    assert asked == ["pause us/part0 us/part1", "resume us/part0 us/part1"]
