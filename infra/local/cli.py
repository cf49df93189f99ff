"""`causeway local`: look at, disturb and heal single parts and links of the running federation, from any terminal."""

import asyncio
import subprocess
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from infra.identity import DIRECTORY
from infra.local import control, homes, rolling, toolchain, up, view
from infra.local.bootstrap import still
from infra.local.control import WAIT_SECONDS, Act, Ask, Reshape, Status
from infra.local.errors import NotRunningError, SupervisorGoneError, TruncationError, UnknownPartError
from infra.local.link import Shape, parse_bandwidth, parse_seconds
from infra.local.linkproxy import direction
from infra.local.topology import Topology, lay_out, nearest

EXAMPLES = """Look at, disturb and heal single parts and links, from any terminal.

Parts are called us/kafka, us/projector, directory, …; `causeway local list` names them all. Links are called us-eu or us-directory.

Examples:

  causeway local kill us/projector              # a crash: it comes back by itself

  causeway local kill us/kafka --stay-down      # an outage: until `heal us/kafka`

  causeway local link us-eu --latency 40ms      # 80 ms round trip

  causeway local cut us-eu --one-way            # nothing passes from us to eu

  causeway local heal                           # everything as it was
"""

app = typer.Typer(help=EXAMPLES, no_args_is_help=True)
Names = Annotated[list[str], typer.Argument(help="Parts, such as us/kafka.", show_default=False)]
LinkName = Annotated[str, typer.Argument(help="A link, such as us-eu.", show_default=False)]
Latency = Annotated[
    str | None, typer.Option(help="How long a byte travels one way, such as 40ms: the round trip takes 80 ms longer.")
]
Jitter = Annotated[str | None, typer.Option(help="Most that is added to or taken from the latency, such as 5ms.")]
Bandwidth = Annotated[str | None, typer.Option(help="Such as 10mbit; none lifts the limit.")]
OneWay = Annotated[bool, typer.Option("--one-way", help="Only from the first to the second.")]
PROXY = "links"
"""The part that all links pass."""
console = Console(width=None if Console().is_terminal else 140)


def _topology() -> Topology:
    home = homes.home()
    if not (home / homes.DESCRIPTION).exists():
        raise NotRunningError(home=home)
    return lay_out(homes.read_federation(home), toolchain.find())


@app.command("list")
def list_parts() -> None:
    """List all parts and links with their state.

    Example: causeway local list
    """
    status = up.current(homes.home())
    if status.state == "orphaned":
        console.print(str(SupervisorGoneError(home=status.home)), soft_wrap=True)
    console.print(view.listing(status))
    console.print()
    console.print(view.link_listing(status))


@app.command()
def logs(
    name: Annotated[str, typer.Argument(help="A part, such as us/kafka, or supervisor.", show_default=False)],
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 50,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
) -> None:
    """Show what a part has logged.

    Example: causeway local logs us/projector -f
    """
    log = homes.home() / "logs" / "supervisor.log" if name == "supervisor" else _topology().part(name).log
    if not follow and (not log.exists() or not log.stat().st_size):
        console.print(f"{name} has logged nothing yet.")
        return
    try:
        subprocess.run(["tail", "-n", str(lines), *(["-F"] if follow else []), str(log)], check=False)  # noqa: S607 — coreutils
    except KeyboardInterrupt:
        return


@app.command()
def kill(
    names: Names,
    *,
    stay_down: Annotated[bool, typer.Option("--stay-down", help="Do not start it again; `heal` does.")] = False,
) -> None:
    """Kill parts (SIGKILL). The supervisor starts them again, as after any crash, unless --stay-down.

    Example: causeway local kill us/kafka --stay-down
    """
    _act(Act("kill", tuple(names), stay_down=stay_down))


@app.command()
def pause(names: Names) -> None:
    """Freeze parts (SIGSTOP): they keep ports and connections, and do nothing until `resume`.

    Example: causeway local pause eu/postgres
    """
    _act(Act("pause", tuple(names)))


@app.command()
def resume(names: Names) -> None:
    """Let paused parts go on, and wait until they are well.

    Example: causeway local resume eu/postgres
    """
    _act(Act("resume", tuple(names)))


@app.command()
def restart(names: Names) -> None:
    """Stop parts cleanly, start them again, and wait until they are well.

    Example: causeway local restart us/projector us/fanout
    """
    _act(Act("restart", tuple(names)))


@app.command("roll")
def roll_services(
    places: Annotated[
        list[str] | None,
        typer.Argument(
            help="Which regions, and directory, in this order; the directory and all regions when none is named.",
            show_default=False,
        ),
    ] = None,
    *,
    to: Annotated[
        Path | None,
        typer.Option(
            help="The next version: its checkout, in which ./causeway was run once (or a Python file that runs services)."
        ),
    ] = None,
    back: Annotated[bool, typer.Option("--back", help="To the version that `causeway up` has started.")] = False,
    patience: Annotated[
        float, typer.Option(min=1, help="Seconds that a process may take to be well and to catch up.")
    ] = 120.0,
) -> None:
    """Restart every service, one process after another, each once the one before is well and has caught up.

    Region by region, readers before writers; it stops at the first that does not become well. Devices notice no more than a new connection.
    The version holds until `causeway down`; then start the next version's own `causeway up`. What to do before and after: docs/operations/upgrade.md.

    Examples: causeway local roll; causeway local roll --to ../next; causeway local roll us --to ../next; causeway local roll us --back
    """
    topology = _topology()
    known = (DIRECTORY, *topology.federation.regions)
    for place in places or ():
        if place not in known:
            raise UnknownPartError(name=place, known=", ".join(known))
    control.ask(homes.home(), Ask())
    build = "" if back else None if to is None else rolling.check_version(to)
    names = rolling.plan(topology.parts.values(), places or known)
    rolling.roll(
        topology, names, build=build, patience=patience, tell=lambda line: console.print(line, highlight=False)
    )
    console.print(
        f"{len(names)} processes were rolled" + (f" to {build}." if build else "."), soft_wrap=True, highlight=False
    )


@app.command()
def heal(
    names: Annotated[
        list[str] | None, typer.Argument(help="Parts and links; all of them when none is named.", show_default=False)
    ] = None,
    *,
    wait: Annotated[
        bool,
        typer.Option(
            "--wait/--no-wait",
            help="Return when all are well. Services whose store or journal was lost are not until that is restored.",
        ),
    ] = True,
) -> None:
    """Resume what is paused, start what was killed, and lift cuts and shapes of links.

    Examples: causeway local heal us/kafka; causeway local heal us-eu; causeway local heal; causeway local heal us/gateway --no-wait
    """
    topology = _topology()
    parts = [name for name in names or topology.parts if name in topology.parts]
    all_links = {topology.link(passage.source, passage.target): passage for passage in topology.passages}
    links = []
    for name in names or all_links:
        if name not in topology.parts:
            try:
                links.append(topology.pair(name))
            except UnknownPartError:
                raise UnknownPartError(name=name, known=nearest(name, [*topology.parts, *all_links])) from None
    before = control.ask(homes.home(), Ask())
    disturbed = sorted({topology.link(*pair) for pair in links if _disturbed(before, *pair)})
    for request in healing(parts, links, seconds=WAIT_SECONDS if wait else 0.0):
        after = _done(request).parts()
        if isinstance(request, Reshape) and disturbed:
            console.print("links are open and unshaped: " + ", ".join(disturbed))
    was = before.parts()
    changed = [name for name in parts if (after[name].state, after[name].pid) != (was[name].state, was[name].pid)]
    for name in changed:
        console.print(f"{name} is {after[name].state}", highlight=False)
    if not changed and not disturbed:
        console.print("Nothing was disturbed.")


def healing(parts: list[str], links: list[tuple[str, str]], *, seconds: float = WAIT_SECONDS) -> list[Act | Reshape]:
    """Return what heals them, in the order that works: what shapes links, the links, and then what may be unwell for want of them.

    Args:
        parts: Of the federation.
        links: Both ends of each.
        seconds: How long to wait until a part is well; what shapes links is needed next, so that is waited for in any case.
    """
    requests: list[Act | Reshape] = [Act("heal", tuple(name for name in parts if name == PROXY))]
    requests.append(Reshape({direction(*ends): Shape() for a, b in links for ends in ((a, b), (b, a))}))
    requests.append(Act("heal", tuple(name for name in parts if name != PROXY), wait=seconds))
    return [one for one in requests if (one.names if isinstance(one, Act) else one.shapes)]


@app.command()
def link(
    name: LinkName,
    latency: Latency = None,
    jitter: Jitter = None,
    bandwidth: Bandwidth = None,
    *,
    one_way: OneWay = False,
) -> None:
    """Set a link's latency, jitter and bandwidth, at once and for connections that exist; what is not given stays.

    Examples: causeway local link us-eu --latency 40ms --jitter 5ms; causeway local link us-eu --bandwidth 10mbit
    """
    status = control.ask(homes.home(), Ask())
    shapes = {}
    for key in _directions(name, one_way=one_way):
        now = status.links[key]
        shapes[key] = Shape(
            latency=now.latency_ms / 1000 if latency is None else parse_seconds(latency),
            jitter=now.jitter_ms / 1000 if jitter is None else parse_seconds(jitter),
            bandwidth=now.bandwidth_bits if bandwidth is None else parse_bandwidth(bandwidth),
            cut=now.cut,
        )
    _show_links(control.ask(homes.home(), Reshape(shapes)), shapes)


@app.command()
def cut(name: LinkName, *, one_way: OneWay = False) -> None:
    """Let nothing pass on a link, as a dead line does: connections stand still, and go on after `heal`.

    Examples: causeway local cut us-eu; causeway local cut eu-us --one-way
    """
    status = control.ask(homes.home(), Ask())
    shapes = {}
    for key in _directions(name, one_way=one_way):
        now = status.links[key]
        shapes[key] = Shape(now.latency_ms / 1000, now.jitter_ms / 1000, now.bandwidth_bits, cut=True)
    _show_links(control.ask(homes.home(), Reshape(shapes)), shapes)


@app.command("truncate")
def truncate_topic(
    region: Annotated[str, typer.Argument(help="Whose Kafka, such as us.", show_default=False)],
    topic: Annotated[str, typer.Argument(help="Such as relay.eu.", show_default=False)],
    keep: Annotated[int, typer.Option(min=0, help="How many of each partition's newest records stay.")] = 0,
) -> None:
    """Delete a topic's records, as retention does, whether or not they were mirrored.

    What the destination missed, it asks the origin for. Never the journal: a projector that lost records of it stops.

    Examples: causeway local truncate us relay.eu; causeway local truncate us relay.eu --keep 10
    """
    from infra.administration import truncate  # noqa: PLC0415 — clients of Kafka, which no other command here needs
    from infra.kafka import KafkaError  # noqa: PLC0415

    broker = _topology().part(f"{region}/kafka")
    if not topic.startswith("relay."):
        raise TruncationError(topic=topic, region=region, reason="only relay topics, such as relay.eu, are truncated")
    try:
        cuts = asyncio.run(truncate(f"127.0.0.1:{broker.ports['kafka']}", topic, keep=keep))
    except (KafkaError, OSError) as error:
        raise TruncationError(topic=topic, region=region, reason=str(error) or type(error).__name__) from error
    if not cuts:
        raise TruncationError(topic=topic, region=region, reason="there is no such topic")
    gone = sum(after - before for before, after in cuts.values())
    console.print(f"{topic} in {region}: {gone} records are gone, {keep} of each partition stay.", highlight=False)
    for partition, (before, after) in sorted(cuts.items()):
        console.print(f"  partition {partition} begins at {after}, before at {before}", highlight=False)


def _directions(name: str, *, one_way: bool) -> list[str]:
    source, target = _topology().pair(name)
    return [direction(source, target)] if one_way else [direction(source, target), direction(target, source)]


def _disturbed(status: Status, a: str, b: str) -> bool:
    return any(view.disturbance(status.links[direction(*ends)]) for ends in ((a, b), (b, a)))


def _show_links(status: Status, shapes: dict[str, Shape]) -> None:
    for key in shapes:
        one = status.links[key]
        words = "cut" if one.cut else view.shape(one)
        console.print(f"{key.replace('>', ' → ')}: {words}", highlight=False)


def _done(request: Act | Reshape) -> Status:
    """Have it done, and tell meanwhile which parts are waited for."""
    home = homes.home()
    with still(
        "at it",
        lambda line: console.print(line, highlight=False, soft_wrap=True),
        more=lambda: up.glance(home, lambda status: f": {view.awaited(status)}"),
    ):
        return control.ask(home, request)


def _act(request: Act) -> None:
    known = _topology().parts
    for name in request.names:
        if name not in known:
            raise UnknownPartError(name=name, known=nearest(name, known))
    parts = _done(request).parts()
    for name in request.names:
        if request.verb == "kill":
            now = f"stays down until `./causeway local heal {name}`" if request.stay_down else "is being started again"
            console.print(f"{name} was killed and {now}", highlight=False, soft_wrap=True)
            continue
        console.print(
            f"{name} is {parts[name].state}" + (f" (process {parts[name].pid})" if parts[name].pid else ""),
            highlight=False,
        )
