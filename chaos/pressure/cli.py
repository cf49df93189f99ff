"""`causeway pressure`: put the federation under pressure, see what its memory and its clients say of it."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
import uvloop
from rich.console import Console
from rich.table import Table

from chaos.bench.measure import machine
from chaos.pressure.cases import CASES, Case, Scene
from chaos.pressure.figures import Figures, count
from chaos.pressure.posts import Posts
from chaos.pressure.recovery import BOUND_SECONDS, Recovery, faults, recover
from chaos.pressure.report import Report, summary, write
from chaos.pressure.sampling import Sampler, ask
from chaos.pressure.traffic import Order, Traffic
from infra.errors import CausewayError
from infra.local import homes
from infra.local.control import Ask

OUT = Path(__file__).parents[2] / ".causeway" / "pressure"
POSTS = 5.0
TELL_SECONDS = 10.0
SETTLE_SECONDS = 180.0
LONE = ("postgres", "redis")
BESIDES = ("projector", "fanout", "forwarder", "ingester", "front", "mirror")

app = typer.Typer(
    help="Put the federation under pressure: what gives way, and how soon it is well again.", no_args_is_help=True
)
Rate = Annotated[float, typer.Option(min=1, help="Messages a second, over all users.")]
Out = Annotated[Path, typer.Option(help="Where the JSON and the pictures go.")]


class NothingUpError(CausewayError):
    """{reason} Start one with `causeway up --detach`."""

    code = "nothing-up"
    definite = True


class UnknownCaseError(CausewayError):
    """There is no case {name}; there are {known}, or all."""

    code = "unknown-case"
    definite = True


@app.command("list")
def list_cases() -> None:
    """List the cases.

    Example: causeway pressure list
    """
    for case in CASES.values():
        print(f"{case.name:16} {case.told} (for {case.seconds:.0f} s)")


@app.command()
def run(
    cases: Annotated[list[str], typer.Argument(help="Cases, as `list` names them; or all.", show_default=False)],
    *,
    seconds: Annotated[float, typer.Option(min=0, help="How long the fault lasts; 0: as the case has it.")] = 0.0,
    rate: Rate = 50.0,
    users: Annotated[int, typer.Option(min=2, help="Users in each region.")] = 6,
    out: Out = OUT,
) -> None:
    """Run cases of pressure against the federation that is up, one after another; exit 1 if memory or messages got out of bounds.

    Examples: causeway pressure run store-outage; causeway pressure run all
    """
    wanted = list(CASES) if cases == ["all"] else cases
    for name in wanted:
        if name not in CASES:
            raise UnknownCaseError(name=name, known=", ".join(CASES))
    console, clean = Console(width=None if sys.stdout.isatty() else 160, highlight=False), True
    for name in wanted:
        case = CASES[name]
        console.print(f"{name}: {case.told}")
        of = machine()
        figures = uvloop.run(_run(case, seconds or case.seconds, Order(rate=rate, users=users)))
        report = Report(of, datetime.now(UTC).isoformat(timespec="seconds"), figures)
        console.print(summary(figures))
        for path in write(report, out):
            console.print(f"{path}", soft_wrap=True)
        clean = clean and not figures.beyond
    if not clean:
        raise typer.Exit(1)


async def _run(case: Case, seconds: float, order: Order) -> Figures:
    home = homes.home()
    status = await ask(home, Ask())
    if status.state != "healthy":
        raise NothingUpError(reason=f"The federation in {home} is {status.state}.")
    urls = {name: there.public_url for name, there in status.regions.items()}
    async with AsyncExitStack() as cleaning, Traffic(urls, order) as traffic:
        scene = Scene(home, urls, traffic, seconds, cleaning=cleaning)
        asker, asked = await traffic.guest(scene.region), await traffic.guest(scene.region)
        posts = Posts(urls[scene.region], token=lambda: asker.tokens.access_token, to=asked.user_id, rate=POSTS)
        sampler = Sampler(home)
        async with sampler.watching(), _telling(scene, traffic):
            async with traffic.flow(), posts.flow():
                await case.play(scene)
            scene.told = "waiting for what is under way"
            await traffic.settle(within=SETTLE_SECONDS)
        return count(
            case.name, case.told,
            began=scene.began, spans=scene.spans, fates=traffic.fates, answers=posts.answers,
            samples=sampler.samples, notes=scene.notes,
        )  # fmt: skip


@contextlib.asynccontextmanager
async def _telling(scene: Scene, traffic: Traffic) -> AsyncIterator[None]:
    """Tell now and then how it goes."""

    async def tell() -> None:
        while True:
            await asyncio.sleep(TELL_SECONDS)
            print(
                f"  {time.time() - scene.began:4.0f} s  {scene.told}; {len(traffic.fates)} sent, {traffic.open} under way",
                flush=True,
            )

    task = asyncio.create_task(tell())
    try:
        yield
    finally:
        task.cancel()


@app.command()
def recovery(
    parts: Annotated[
        list[str] | None,
        typer.Argument(help="Parts; by default those of the first region, each once.", show_default=False),
    ] = None,
    *,
    pause: Annotated[
        float, typer.Option(min=0, help="Freeze them for so many seconds, instead of killing them.")
    ] = 0.0,
    rate: Rate = 40.0,
    times: Annotated[int, typer.Option(min=1, help="How often each.")] = 1,
    bound: Annotated[
        float, typer.Option(min=0, help="Seconds beyond a part's own restart, until accepted and until shown at home.")
    ] = BOUND_SECONDS,
    across: Annotated[float, typer.Option(min=0, help="The same until shown in another region.")] = BOUND_SECONDS,
    out: Out = OUT,
) -> None:
    """Kill parts under steady traffic, tell how long each took to come back and clients waited beyond it; exit 1 if beyond a bound, or lost.

    Examples: causeway pressure recovery us/kafka us/postgres us/redis; causeway pressure recovery us/kafka-1 --pause 15
    """
    done = uvloop.run(_recoveries(parts or [], pause=pause, rate=rate, times=times))
    out.mkdir(parents=True, exist_ok=True)
    file = out / "recovery.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(done), indent=2))
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(_table(done))
    console.print(f"{file}")
    wrong = [fault for one in done for fault in faults(one, home=bound, across=across)]
    for fault in wrong:
        console.print(fault, style="red", soft_wrap=True)
    if wrong:
        raise typer.Exit(1)


async def _recoveries(parts: list[str], *, pause: float, rate: float, times: int) -> list[Recovery]:
    home = homes.home()
    status = await ask(home, Ask())
    if status.state != "healthy":
        raise NothingUpError(reason=f"The federation in {home} is {status.state}.")
    known = status.parts()
    region = next(iter(status.regions))
    kafka = [name for name in known if name.startswith(f"{region}/kafka")]
    wanted = parts or [*kafka, *(f"{region}/{name}" for name in (*LONE, *BESIDES) if f"{region}/{name}" in known)]
    for name in wanted:
        if name not in known:
            raise NothingUpError(reason=f"There is no part {name}.")
    done = []
    urls = {name: there.public_url for name, there in status.regions.items()}
    async with Traffic(urls, Order(rate=rate)) as traffic:
        for name in [name for name in wanted for _ in range(times)]:
            print(f"{'pausing' if pause else 'killing'} {name} …", flush=True)
            done.append(await recover(home, traffic, name, pause=pause))
            print(f"  {msgspec.json.encode(done[-1]).decode()}", flush=True)
            await _calm(home)
    return done


async def _calm(home: Path) -> None:
    """Wait until all parts are well."""
    while (await ask(home, Ask())).state != "healthy":  # noqa: ASYNC110  # the supervisor tells only who asks
        await asyncio.sleep(0.2)


def _table(done: list[Recovery]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in (
        "part",
        "struck by",
        "spawned after",
        "own restart",
        "ack local",
        "beyond",
        "screen local",
        "beyond",
        "screen cross",
        "beyond",
        "lost",
    ):
        table.add_column(column, justify="left" if column in {"part", "struck by"} else "right")
    for one in done:
        local, cross = one.waited["local"], one.waited["cross"]
        table.add_row(
            one.part, one.kind, f"{one.spawn:.1f} s", f"{one.own:.1f} s",
            f"{local.ack:.1f} s", f"{one.beyond('local', 'ack'):.1f} s",
            f"{local.screen:.1f} s", f"{one.beyond('local', 'screen'):.1f} s",
            f"{cross.screen:.1f} s", f"{one.beyond('cross', 'screen'):.1f} s",
            str(one.lost),
        )  # fmt: skip
    return table
