"""Whatever ends a drill, it heals what it has struck first: Ctrl-C, SIGTERM, a terminal that is closed."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from rich.console import Console

from chaos.drill import run, watching
from chaos.drill.nemesis import NotHealedError
from chaos.drill.run import Order, Watched
from chaos.judge.ledger import Ledger

LIMIT_SECONDS = 30.0


@pytest.mark.parametrize("number", watching.SIGNALS)
async def test_a_signal_ends_a_drill_which_heals_first(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also if it is sent again meanwhile: who presses Ctrl-C twice wants it to end, not to leave a region standing still."""
    done: list[str] = []

    async def drill(*_: object) -> tuple[object, ...]:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)
        try:
            await asyncio.Event().wait()
        finally:
            await run._whatever_comes(heal())  # noqa: SLF001  # as the drill itself does
        return ()

    async def heal() -> None:
        os.kill(os.getpid(), number)
        await asyncio.sleep(0.05)
        done.append("healed")

    monkeypatch.setattr(watching, "drill", drill)
    order = Order("parts", tmp_path, seconds=60, rate=1, seed=1)
    with Ledger(tmp_path / "ledger", seed=1) as ledger, pytest.raises(watching.InterruptedDrillError) as caught:
        async with asyncio.timeout(LIMIT_SECONDS):
            await watching.watched(order, ledger, Watched(), Console(quiet=True))

    assert (caught.value.number, done) == (number, ["healed"])


async def test_healing_is_seen_through() -> None:
    """A task that is asked to end while it heals, and again, ends, but only then."""
    begun, done = asyncio.Event(), asyncio.Event()

    async def heal() -> None:
        begun.set()
        await asyncio.sleep(0.05)
        done.set()

    task = asyncio.create_task(run._whatever_comes(heal()))  # noqa: SLF001  # as above
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert done.is_set()


async def test_what_could_not_be_healed_is_told() -> None:
    """However the drill ended: who struck must know what is still so."""

    async def heal() -> None:
        await asyncio.sleep(0)
        raise NotHealedError(reason="us/kafka was not well again.")

    task = asyncio.create_task(run._whatever_comes(heal()))  # noqa: SLF001  # as above
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(NotHealedError, match="local heal"):
        await task
