"""`causeway bench`: how fast messages travel at fixed rates, with every one of them accounted for."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import inf
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.progress import Progress

from chaos.bench import channels, media, revocations, storm, webcli
from chaos.bench.accounts import Account, Accounts
from chaos.bench.fleet import Fleet
from chaos.bench.load import Device, Load
from chaos.bench.measure import Machine, Meter, machine
from chaos.bench.report import Report, Step, table, usage_table, write
from chaos.federation import Federation, Status
from infra.errors import CausewayError
from region.client import ClientError

OUT = Path(__file__).parents[2] / ".causeway" / "benchmarks"
HOME, AWAY = "us", "eu"
ONE_WAY_MS = 40

app = typer.Typer(help="Measure how fast messages travel, at fixed rates, with every one of them accounted for.")
app.command("web")(webcli.run_web)


class Scenario(StrEnum):
    """Where the messages go."""

    LOCAL = "local"
    CROSS = "cross"
    CROSS_80MS = "cross-80ms"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is measured; the options of the command say what each means."""

    scenario: Scenario
    rates: tuple[float, ...]
    seconds: float
    warm_up: float
    sockets: int
    size: int
    drain: float


PATHS = {
    Scenario.LOCAL: f"both at home in {HOME}",
    Scenario.CROSS: f"between {HOME} and {AWAY}, bare loopback",
    Scenario.CROSS_80MS: f"between {HOME} and {AWAY}, 80 ms round trip",
}
RATES = {
    Scenario.LOCAL: "100,500,1000,1500,2000",
    Scenario.CROSS: "50,100,200,400,800",
    Scenario.CROSS_80MS: "50,100,200,400,800",
}


class NotReadyError(CausewayError):
    """The benchmark cannot begin: {reason}"""  # noqa: D415  # the reason ends it

    code = "bench-not-ready"
    definite = True


class UnreadableRatesError(CausewayError):
    """--rates takes numbers above zero, separated by commas, such as 100,500; {text!r} is none."""

    code = "unreadable-rates"
    definite = True


def read_rates(text: str) -> tuple[float, ...]:
    """Read rates.

    Raises:
        UnreadableRatesError: One is no finite number above zero.
    """
    rates = []
    for one in text.split(","):
        try:
            rate = float(one)
        except ValueError:
            rate = 0.0
        if not 0 < rate < inf:
            raise UnreadableRatesError(text=one)
        rates.append(rate)
    return tuple(rates)


@app.callback(invoke_without_command=True)
def bench(  # noqa: PLR0917  # typer calls it, by name
    context: typer.Context,
    scenario: Annotated[
        list[Scenario] | None, typer.Option(help="Where messages go; may be repeated. All of them by default.")
    ] = None,
    rates: Annotated[
        str, typer.Option(help="Messages a second, separated by commas; by default what suits the scenario.")
    ] = "",
    seconds: Annotated[float, typer.Option(help="How long each rate is measured.")] = 20.0,
    warm_up: Annotated[float, typer.Option(help="How long each rate runs before it is measured.")] = 3.0,
    sockets: Annotated[
        int, typer.Option(min=4, help="How many devices are connected; each writes to the next around a ring.")
    ] = 400,
    size: Annotated[int, typer.Option(min=64, max=16_000, help="Bytes of text in each message.")] = 2048,
    drain: Annotated[float, typer.Option(help="How long to wait for the last messages of each rate, seconds.")] = 30.0,
    out: Annotated[Path, typer.Option(help="Where the JSON and the picture go.")] = OUT,
) -> None:
    """Run the scenarios against the federation that is up. Exit 1 if any message was lost, doubled or out of order."""
    if context.invoked_subcommand is not None:
        return
    console = Console(width=None if sys.stdout.isatty() else 180)
    clean = True
    try:
        for one in scenario or list(Scenario):
            asked = read_rates(rates or RATES[one])
            plan = Plan(
                scenario=one, rates=asked, seconds=seconds, warm_up=warm_up, sockets=sockets, size=size, drain=drain
            )
            with Progress(console=Console(stderr=True), transient=True) as progress:
                report = uvloop.run(_run(plan, progress))
            data, picture = write(report, out)
            console.print(table(report), usage_table(report))
            console.print(f"Written: {data.name} and {picture.name} in {out}\n")
            clean = clean and not any(step.faults.any for step in report.steps)
    except CausewayError as error:
        console.print(f"causeway bench: {error}", style="red", markup=False)
        raise typer.Exit(2) from error
    if not clean:
        raise typer.Exit(1)


@app.command("storm")
def run_storm(
    devices: Annotated[int, typer.Option(min=2, max=20_000, help="How many devices come back.")] = 5_000,
    users: Annotated[int, typer.Option(min=2, max=20_000, help="Of how many users.")] = 250,
    region: Annotated[str, typer.Option(help="Whose gateway dies.")] = HOME,
    within: Annotated[float, typer.Option(help="In how many seconds all have to be served again.")] = 20.0,
    out: Annotated[Path, typer.Option(help="Where the JSON and the picture go.")] = OUT,
) -> None:
    """Kill a gateway (SIGKILL) and see all of its devices come back. Exit 1 if not all were served again in time.

    Example: causeway bench storm --devices 5000
    """
    console = Console(width=None if sys.stdout.isatty() else 180)
    try:
        storm.allow_files(devices)
        with Progress(console=Console(stderr=True), transient=True) as progress:
            found = uvloop.run(_storm(region, users, devices, within, progress))
    except CausewayError as error:
        console.print(f"causeway bench storm: {error}", style="red", markup=False)
        raise typer.Exit(2) from error
    data, picture = storm.write(found, out)
    for line in storm.describe(found):
        console.print(line, highlight=False)
    console.print(f"Written: {data.name} and {picture.name} in {out}")
    if not found.served:
        console.print("Not all were served again in time.", style="red")
        raise typer.Exit(1)


@app.command("media")
def run_media(
    megabytes: Annotated[int, typer.Option(min=1, max=500, help="How large the file is, MiB.")] = 500,
    home: Annotated[str, typer.Option(help="Where the traveller lives.")] = HOME,
    away: Annotated[str, typer.Option(help="Where the traveller is, and a friend lives.")] = AWAY,
) -> None:
    """Bring a large file and open it again, with cuts on the way. Exit 1 if it is not the same, nothing was cut, or a service grew by more than 64 MB.

    Example: causeway bench media --megabytes 100
    """
    console = Console(width=None if sys.stdout.isatty() else 180)

    def say(line: str) -> None:
        console.print(line, style="dim", highlight=False)

    try:
        found = uvloop.run(media.carry(Federation(), megabytes=megabytes, home=home, away=away, say=say))
    except (CausewayError, ClientError) as error:
        console.print(f"causeway bench media: {error}", style="red", markup=False)
        raise typer.Exit(2) from error
    for line in media.describe(found):
        console.print(line, highlight=False)
    if found.problems:
        raise typer.Exit(1)


@app.command("channels")
def run_channels(  # noqa: PLR0917  # typer calls it, by name
    subscribers: Annotated[
        str, typer.Option(help="How many subscribers, separated by commas; the owner is one of them.")
    ] = "10,100,1000,10000",
    regions: Annotated[str, typer.Option(help="Where they live, separated by commas; the owner in the first.")] = HOME,
    online: Annotated[float, typer.Option(min=0, max=1, help="Which share of them is connected.")] = 1 / 3,
    rate: Annotated[float, typer.Option(min=0.01, help="Posts a second.")] = 1.0,
    posts: Annotated[int, typer.Option(min=1, help="How many posts in each channel.")] = 30,
    out: Annotated[Path, typer.Option(help="Where the JSON and the picture go.")] = OUT,
) -> None:
    """Post into channels of several sizes: how long until it is on the screens, and what a post costs. Exit 1 if a showing is missing.

    Example: causeway bench channels --subscribers 10,100 --regions us,eu
    """
    console = Console(width=None if sys.stdout.isatty() else 180)
    try:
        sizes = channels.read_sizes(subscribers)
        storm.allow_files(max(sizes))
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("users", total=None)
            found = uvloop.run(
                channels.measure(
                    Federation(),
                    sizes,
                    regions=regions.split(","),
                    online=online,
                    rate=rate,
                    posts=posts,
                    say=lambda what, done, total: progress.update(task, description=what, completed=done, total=total),
                )
            )
    except CausewayError as error:
        console.print(f"causeway bench channels: {error}", style="red", markup=False)
        raise typer.Exit(2) from error
    data, picture = channels.write(found, out)
    for line in channels.describe(found):
        console.print(line, highlight=False)
    console.print(f"Written: {data.name} and {picture.name} in {out}")
    if any(size.shown != size.due for size in found.sizes):
        raise typer.Exit(1)


@app.command("revocations")
def run_revocations(
    times: Annotated[int, typer.Option(min=1, help="How many devices are logged out, one after another.")] = 10,
    home: Annotated[str, typer.Option(help="Where they live.")] = HOME,
    away: Annotated[str, typer.Option(help="Which other region they go on asking.")] = AWAY,
) -> None:
    """Log devices out, and see how soon another region turns them away. Exit 1 if one was served for longer than 5 s.

    Example: causeway bench revocations --times 10
    """
    console = Console(width=None if sys.stdout.isatty() else 180)
    try:
        there = Federation().status().regions
        if missing := {home, away} - set(there):
            raise NotReadyError(reason=f"region {', '.join(sorted(missing))} is not up.")
        urls = {region: one.public_url for region, one in there.items()}
        found = uvloop.run(revocations.measure(urls, home=home, away=away, times=times))
    except CausewayError as error:
        console.print(f"causeway bench revocations: {error}", style="red", markup=False)
        raise typer.Exit(2) from error
    for line in revocations.describe(found):
        console.print(line, highlight=False)
    if not found.in_time:
        raise typer.Exit(1)


async def _storm(region: str, users: int, devices: int, within: float, progress: Progress) -> storm.Storm:
    federation = Federation()
    status = await asyncio.to_thread(federation.status)
    if region not in status.regions:
        raise NotReadyError(reason=f"region {region} is not up; start it with `causeway up`.")
    task = progress.add_task("users", total=users)
    url = status.regions[region].public_url
    fleet = await Fleet(Path(status.home), region, url).provide(
        users,
        devices,
        progress=lambda what, done, total: progress.update(task, description=what, completed=done, total=total),
    )
    progress.update(task, description=f"the storm: {devices} devices", completed=0, total=None)
    return await storm.storm(federation, region, url, fleet, limit=within)


async def _run(plan: Plan, progress: Progress) -> Report:
    federation = Federation()
    status = await asyncio.to_thread(federation.status)
    half = plan.sockets // 2
    where = {HOME: plan.sockets} if plan.scenario is Scenario.LOCAL else {HOME: half, AWAY: half}
    if status.state == "down":
        raise NotReadyError(reason="no federation is up; start it with `causeway up`.")
    if missing := set(where) - set(status.regions):
        raise NotReadyError(reason=f"region {', '.join(sorted(missing))} is not up.")
    before = machine()
    urls = {region: there.public_url for region, there in status.regions.items()}
    task = progress.add_task(f"{plan.scenario}: accounts", total=plan.sockets)
    provided = await Accounts(Path(status.home), urls).provide(
        where, progress=lambda done, total: progress.update(task, completed=done, total=total)
    )
    ring = _ring(provided)
    steps = []
    with _distance(federation, plan.scenario):
        for rate in plan.rates:
            progress.update(task, description=f"{plan.scenario}: {rate:.0f}/s", completed=0, total=None)
            devices = [Device(account, urls[account.region]) for account in ring]
            steps.append(await _step(plan, devices, status, rate))
    return _report(plan, before, steps, sockets=len(ring))


async def _step(plan: Plan, devices: list[Device], status: Status, rate: float) -> Step:
    load = Load(devices, size=plan.size)
    meter = Meter({name: part.pid for name, part in status.parts().items() if part.pid is not None})
    await load.open()
    try:
        await load.greet()
        await load.send_at(rate, warm_up=plan.warm_up, seconds=plan.seconds, measuring=meter.start)
        usage = meter.stop()
        await load.settle(patience=plan.drain)
    finally:
        await load.close()
    shown = [fate.shown for fate in load.ledger.fates.values() if fate.measured and fate.shown is not None]
    span = max(shown) - min(shown) if len(shown) > 1 else plan.seconds
    return Step(
        rate=rate,
        messages=len(load.ledger.fates),
        achieved=round(len(shown) / span, 1),
        latency=load.ledger.latencies(),
        faults=load.ledger.faults(),
        problems=load.problems,
        reconnects=load.reconnects,
        usage=usage,
    )


def _ring(provided: dict[str, list[Account]]) -> list[Account]:
    """Seat accounts so that neighbours are of different regions, where there are two."""
    rows = list(provided.values())
    if len(rows) == 1:
        return rows[0]
    return [account for pair in zip(*rows, strict=False) for account in pair]


@contextmanager
def _distance(federation: Federation, scenario: Scenario) -> Iterator[None]:
    """Put the regions apart, and heal the link at the end."""
    if scenario is not Scenario.CROSS_80MS:
        yield
        return
    federation.run("local", "link", f"{HOME}-{AWAY}", "--latency", f"{ONE_WAY_MS}ms")
    try:
        yield
    finally:
        federation.run("local", "heal", f"{HOME}-{AWAY}")


def _report(plan: Plan, of: Machine, steps: list[Step], *, sockets: int) -> Report:
    return Report(
        scenario=plan.scenario.value,
        path=PATHS[plan.scenario],
        sockets=sockets,
        conversations=sockets,
        text_bytes=plan.size,
        seconds=plan.seconds,
        machine=of,
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        steps=steps,
    )
