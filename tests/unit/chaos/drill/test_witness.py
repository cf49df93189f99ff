"""A witness asks the operating system, and says only what is so."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from chaos.drill.witness import ProcessWitness

LIMIT_SECONDS = 30.0


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that does nothing."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as running:
        yield running
        running.kill()


async def test_a_process_is_gone_when_it_was_killed(process: "subprocess.Popen[bytes]") -> None:
    """Not before, and not when it only stands still."""
    watching = asyncio.create_task(ProcessWitness(process.pid).gone())
    process.send_signal(signal.SIGSTOP)
    assert await asyncio.wait_for(ProcessWitness(process.pid).stands_still(), LIMIT_SECONDS)
    assert not watching.done()

    process.kill()

    assert str(process.pid) in await asyncio.wait_for(watching, LIMIT_SECONDS)


async def test_a_process_that_goes_on_does_not_stand_still(process: "subprocess.Popen[bytes]") -> None:
    """It is asked at the moment."""
    witness = ProcessWitness(process.pid)
    process.send_signal(signal.SIGSTOP)
    await asyncio.wait_for(witness.stands_still(), LIMIT_SECONDS)
    assert witness.is_still()

    process.send_signal(signal.SIGCONT)

    async with asyncio.timeout(LIMIT_SECONDS):
        while witness.is_still():  # noqa: ASYNC110 — the kernel tells only who asks
            await asyncio.sleep(0.01)
