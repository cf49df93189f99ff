"""Runs a drill while somebody watches: tells every now and then how it goes, and ends it, healed, when a signal comes."""

import asyncio
import signal

from rich.console import Console
from rich.live import Live

from chaos.drill.run import Order, Watched, drill
from chaos.judge.ledger import Ledger

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
REFRESH_SECONDS = 0.5
QUIET_REFRESH_SECONDS = 10.0


class InterruptedDrillError(Exception):
    """Somebody wants the drill to end; it has healed by then."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number.name)
        self.number = number
        self.name = number.name


async def watched(order: Order, ledger: Ledger, progress: Watched, console: Console) -> None:
    """Run a drill and tell every now and then how it goes: in place on a terminal, else line by line.

    A signal ends it, which heals; while it does, further signals change nothing.

    Raises:
        InterruptedDrillError: A signal came.
    """
    loop, signals = asyncio.get_running_loop(), list[signal.Signals]()
    work = asyncio.create_task(drill(order, ledger, progress))

    def end(number: signal.Signals) -> None:
        if not signals:
            work.cancel()
        signals.append(number)
        console.print(f"{number.name}: what it has struck is healed first.", style="yellow")

    for number in SIGNALS:
        loop.add_signal_handler(number, end, number)
    try:
        await _tell(work, order, progress, console)
    except asyncio.CancelledError:
        if signals:
            raise InterruptedDrillError(signals[0]) from None
        raise
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        for number in SIGNALS:
            loop.remove_signal_handler(number)


async def _tell(work: "asyncio.Task[tuple[object, ...]]", order: Order, progress: Watched, console: Console) -> None:
    if not console.is_terminal:
        while not (await asyncio.wait({work}, timeout=QUIET_REFRESH_SECONDS))[0]:
            console.print(_line(progress, order), highlight=False)
        await work
        return
    with Live(_line(progress, order), console=console, auto_refresh=False) as live:
        while not (await asyncio.wait({work}, timeout=REFRESH_SECONDS))[0]:
            live.update(_line(progress, order), refresh=True)
        await work


def _line(progress: Watched, order: Order) -> str:
    tally, nemesis = progress.tally, progress.nemesis
    faults = "" if nemesis is None else f" · faults {nemesis.done} of {progress.faults}"
    present = "" if nemesis is None or not nemesis.present else f" · now [red]{nemesis.present}[/red]"
    return (
        f"{progress.doing} · {progress.elapsed:.0f} of {order.seconds:.0f} s · accepted {tally.accepted:,} of {tally.invoked:,}"
        f" · shown {tally.shown:,}{faults}{present}"
    )
