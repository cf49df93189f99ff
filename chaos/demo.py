"""`causeway demo`: two people of different regions, one of them travelling, write to each other on real traffic.

Alice is at home in the first region. Boris is at home in the second and travels: he is connected through the edge of a third.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from chaos.federation import Federation, Status
from chaos.guests import enter
from infra.errors import CausewayError
from infra.local.guests import invitation, read
from region.client import Arrived, Client, ClientError, Handle, Hop, Message, Stage

app = typer.Typer()
T = TypeVar("T")

STEP_SECONDS = 30.0
MESSAGE_SECONDS = 20.0
READING_SECONDS = 0.4
BAR = 44
GREETINGS = (
    ("alice", "Boris! Are you still on the road?"),
    ("boris", "Yes, connected through {edge}. My home is {boris_home}, your messages find me anyway."),
    ("alice", "And your answers find me in {alice_home}."),
    ("boris", "Same order and same numbers in every region."),
)


class DemonstrationError(CausewayError):
    """The demonstration failed: {reason}"""  # noqa: D415  # the reason ends it

    code = "demonstration"
    definite = True


@dataclass
class Person:
    """Somebody at a device.

    Attributes:
        name: What the demonstration calls them.
        home: Their home region.
        edge: The region whose edge they are connected through.
        client: Their device.
        arrivals: What came to their screen, by message id: the event, and when (microseconds since the epoch).
    """

    name: str
    home: str
    edge: str
    client: Client
    arrivals: dict[str, tuple[Arrived, int]] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def live(self) -> None:
        """Look at what comes, and read it."""
        async for event in self.client.events():
            now = time.time_ns() // 1000
            if isinstance(event, Arrived):
                self.arrivals[event.message.message_id] = (event, now)
                if event.message.sender_id != self.client.user_id:
                    asyncio.get_running_loop().call_later(READING_SECONDS, self.client.mark_read, event.message)
            changed, self.changed = self.changed, asyncio.Event()
            changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something has come true by what came."""
        while not condition():
            await self.changed.wait()


@dataclass(frozen=True)
class Exchange:
    """One message with its whole way.

    Attributes:
        sender: Who wrote it.
        receiver: Who read it.
        stages: What its sender was told, each with milliseconds after it was typed.
        message: The entry.
        hops: Where it has been: name and microseconds since the epoch, from the key that was pressed to the screen.
    """

    sender: Person
    receiver: Person
    stages: list[tuple[str, float]]
    message: Message
    hops: list[Hop]

    @property
    def total_ms(self) -> float:
        """From the sender's device to the receiver's screen."""
        return (self.hops[-1].at - self.hops[0].at) / 1000


@app.command()
def demo(
    *,
    invite: Annotated[bool, typer.Option(hidden=True, help="Tell where to open the app; `up` tells it last.")] = True,
) -> None:
    """Let two people of different regions, one of them travelling, write to each other, and show every hop.

    They stay: the web app can be opened as either.
    """
    console = Console(width=None if sys.stdout.isatty() else 110)
    try:
        federation = Federation()
        status = federation.status()
        if status.state == "down":
            raise DemonstrationError(reason="no federation is up; start it with `causeway up`.")
        asyncio.run(_show(status, console, invite=invite))
    except (CausewayError, ClientError) as error:
        console.print(f"causeway demo: {error}", style="red", markup=False)
        raise typer.Exit(1) from error


async def _show(status: Status, console: Console, *, invite: bool) -> None:
    names = list(status.regions)
    alice_home, boris_home = names[0], names[1] if len(names) > 1 else names[0]
    edge = names[2] if len(names) > 2 else alice_home  # noqa: PLR2004  # a third region, if there is one
    urls = {name: region.public_url for name, region in status.regions.items()}
    home = Path(status.home)
    alice_client = Client([urls[alice_home]], device_name="laptop", patience=STEP_SECONDS)
    boris_client = Client([urls[edge]], device_name="phone", patience=STEP_SECONDS)
    async with alice_client, boris_client:
        alice = Person("Alice", alice_home, alice_home, alice_client)
        boris = Person("Boris", boris_home, edge, boris_client)
        new = [
            await _step(f"bringing {one.name} in through {one.edge}", enter(one.client, one.name, one.home, home))
            for one in (alice, boris)
        ]
        live = [asyncio.create_task(person.live()) for person in (alice, boris)]
        try:
            for person in (alice, boris):
                await _step(f"connecting {person.name} through {person.edge}", person.client.online())
            _introduce(console, alice, boris, new=any(new))
            exchanges = [await _exchange(alice, boris, text, name) for name, text in GREETINGS]
        finally:
            for task in live:
                task.cancel()
            await asyncio.gather(*live, return_exceptions=True)
    console.print(_conversation(exchanges))
    # The first message also asks the recipient's home whether the conversation may begin; the next ones show the usual way.
    console.print(_way(exchanges[2], "Alice to Boris, who travels"), _way(exchanges[3], "Boris, travelling, to Alice"))
    first = exchanges[0]
    if first.message.seq == 1:
        console.print(
            f"The very first message took {first.total_ms:.1f} ms: the conversation's owner first asked {first.receiver.home}"
            " whether it may begin.\n",
            style="dim",
        )
    guests = read(home)
    _what_next(console, urls, alice, boris, password=guests["Boris"].password, message=first.message)
    if invite:
        console.print("\nBoth stay. Open the web app as either, in two tabs of a browser:", style="bold")
        for line in invitation(guests, urls):
            print(f"  {line}")


async def _exchange(alice: Person, boris: Person, text: str, name: str) -> Exchange:
    sender, receiver = (alice, boris) if name == "alice" else (boris, alice)
    words = text.format(edge=boris.edge, boris_home=boris.home, alice_home=alice.home)
    typed = time.time_ns() // 1000
    handle = await sender.client.send(words, to=receiver.client.user_id)
    try:
        stages = await asyncio.wait_for(_follow(handle, typed), MESSAGE_SECONDS)
    except TimeoutError:
        raise DemonstrationError(reason=_whereabouts(sender, handle)) from None
    await _step("its way to the screen", receiver.until(lambda: handle.message_id in receiver.arrivals))
    arrived, shown = receiver.arrivals[handle.message_id]
    hops = [Hop(f"{sender.name}'s device", typed), *arrived.hops, Hop(f"{receiver.name}'s screen", shown)]
    return Exchange(sender, receiver, stages, arrived.message, hops)


def _whereabouts(sender: Person, handle: Handle) -> str:
    waited = f"after {MESSAGE_SECONDS:.0f} s"
    if handle.queued_for is not None:
        return (
            f"{sender.name}'s message is still queued for {handle.queued_for} {waited}: region {handle.queued_for} is not reached, since a"
            " link is cut or a part is down (`./causeway status`). The message is safe, and arrives when that is healed:"
            " `./causeway local heal`."
        )
    return f"{sender.name}'s message is only {handle.stage.name.lower()} {waited}; see `./causeway status`."


async def _follow(handle: Handle, typed: int) -> list[tuple[str, float]]:
    stages = []
    for stage, name in (
        (Stage.ACCEPTED, "accepted"),
        (Stage.NUMBERED, "unread"),
        (Stage.RECEIVED, "received"),
        (Stage.READ, "read"),
    ):
        await handle.reach(stage)
        stages.append((name, (time.time_ns() // 1000 - typed) / 1000))
    return stages


async def _step(what: str, doing: Awaitable[T]) -> T:
    try:
        return await asyncio.wait_for(_awaited(doing), STEP_SECONDS)
    except TimeoutError:
        raise DemonstrationError(
            reason=f"{what} took longer than {STEP_SECONDS:.0f} s; see `./causeway status`."
        ) from None


async def _awaited(doing: Awaitable[T]) -> T:
    return await doing


def _introduce(console: Console, alice: Person, boris: Person, *, new: bool) -> None:
    where = (
        "as well"
        if boris.edge == boris.home
        else f"travelling: connected through the edge of [bold]{boris.edge}[/bold]"
    )
    console.print(
        Panel(
            f"[cyan]Alice[/cyan] is at home in [bold]{alice.home}[/bold] and connected there.\n"
            f"[magenta]Boris[/magenta] is at home in [bold]{boris.home}[/bold], {where}.\n"
            f"They have just {'registered' if new else 'logged in'}, and write to each other; everything below happened this moment.",
            title="A message crosses the federation",
            expand=False,
        )
    )


def _conversation(exchanges: list[Exchange]) -> Table:
    table = Table(
        title="The conversation, and what its senders were told (ms after the key was pressed; reading takes 400 ms)",
        title_justify="left",
    )
    table.add_column("seq", justify="right")
    table.add_column("from")
    table.add_column("text", overflow="fold")
    for name in ("accepted", "unread", "received", "read"):
        table.add_column(name, justify="right")
    for exchange in exchanges:
        colour = "cyan" if exchange.sender.name == "Alice" else "magenta"
        told = (f"{milliseconds:.0f}" for _, milliseconds in exchange.stages)
        sender = f"[{colour}]{exchange.sender.name}[/{colour}]"
        table.add_row(str(exchange.message.seq), sender, exchange.message.text, *told)
    return table


def _way(exchange: Exchange, title: str) -> Group:
    """Draw a message's way: a line a hop, and how long each took."""
    start, total = exchange.hops[0].at, max(exchange.total_ms, 0.001)
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(3):
        table.add_column(justify="right")
    table.add_column()
    before = start
    for hop in exchange.hops:
        at, took = (hop.at - start) / 1000, (hop.at - before) / 1000
        left = min(BAR, max(0, round(BAR * (before - start) / 1000 / total)))
        width = min(BAR - left, max(0, round(BAR * took / total)))
        bar = Text(" " * left + "━" * width + "●", style="green")
        table.add_row(hop.stage, f"{at:.1f} ms", f"+{took:.1f}" if hop.at != start else "", bar)
        before = hop.at
    summary = Text.from_markup(f"[bold]{total:.1f} ms[/bold] from sender to screen, on one machine and one clock\n")
    return Group(Text(f"\n{title}: “{exchange.message.text}”", style="bold"), table, summary)


def first_answer(home: str, conversation_id: str) -> str:
    """Say what who writes from a region is answered at first when another one owns the conversation; nothing when that one does."""
    owner = conversation_id.rpartition("-")[2]
    return "" if owner == home else f'; "queued_for":"{owner}" is the normal first answer, since {owner} numbers it'


def _what_next(
    console: Console, urls: dict[str, str], alice: Person, boris: Person, *, password: str, message: Message
) -> None:
    token = alice.client.tokens.access_token
    home, away = urls[alice.home], urls[boris.edge]
    credentials = f'{{"handle":"{boris.client.tokens.handle}","password":"{password}"}}'
    lines = {
        "the conversation, as Alice sees it": f"curl -sw '\\n' -H 'Authorization: Bearer '$T '{home}/messages?peer_id={boris.client.user_id}'",
        "the same from another region": f"curl -sw '\\n' -H 'Authorization: Bearer '$T '{away}/messages?peer_id={boris.client.user_id}'",
        "who Boris is": f"curl -sw '\\n' -H 'Authorization: Bearer '$T {home}/users/{boris.client.user_id}",
        f"another message{first_answer(alice.home, message.conversation_id)}": (
            f"curl -sw '\\n' -H 'Authorization: Bearer '$T -H 'Content-Type: application/json' {home}/messages"
            f' -d \'{{"recipient_id":"{boris.client.user_id}","text":"Hello by curl"}}\''
        ),
        "log in as Boris, anywhere": f"curl -sw '\\n' -H 'Content-Type: application/json' {away}/login -d '{credentials}'",
    }
    console.print(
        "What to try next (paste the first line once; the token is Alice's, and good for 15 minutes):", style="bold"
    )
    print(f"T={token}")
    for what, line in lines.items():
        console.print(f"# {what}", style="dim", highlight=False, soft_wrap=True)
        print(line)
    console.print("# where a message has been, with the milliseconds of each hop", style="dim", highlight=False)
    print(f"./causeway trace {message.message_id}")
    if alice.home != boris.home:
        link = f"{alice.home}-{boris.home}"
        console.print(
            f"# then disturb it: ./causeway local cut {link}, write, and ./causeway local heal",
            style="dim",
            highlight=False,
        )
