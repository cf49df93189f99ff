"""Channels of several sizes, a share of the subscribers online: how long from a post until it is on their screens, and what a post costs."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from chaos.bench.accounts import Account, Accounts
from chaos.bench.crowd import Crowd
from chaos.bench.fleet import Pass
from chaos.bench.measure import Machine, Meter, Usage, machine
from chaos.federation import Federation, Status
from infra.errors import CausewayError

AT_ONCE: Final = 16
"""Subscriptions at the same time."""
PATIENCE_SECONDS: Final = 300.0
SETTLE_SECONDS: Final = 60.0
OBJECTIVE_MS: Final = 300

Say = Callable[[str, int, int], None]
"""Told (what is done, how much of it, of how much)."""


class ChannelError(CausewayError):
    """The channel of the load could not be made ready: {reason}"""  # noqa: D415  # the reason ends it

    code = "bench-channel"
    definite = False


class Size(msgspec.Struct, frozen=True):
    """What a channel of one size showed.

    Attributes:
        subscribers: How many it has.
        online: How many of them were connected.
        posts: How many were posted.
        shown: Showings on the screens of those who were connected.
        due: How many there should have been.
        p50: Milliseconds from posting until a screen has it, the median of all showings.
        p99: Likewise, of 99 in 100.
        slowest: The last showing of any post, milliseconds.
        idle: What was used before, with the same devices connected and nothing posted.
        busy: What was used while it was posted.
        seconds: For how long each was measured.
    """

    subscribers: int
    online: int
    posts: int
    shown: int
    due: int
    p50: float
    p99: float
    slowest: float
    idle: Usage
    busy: Usage
    seconds: float

    def cost(self, part: str) -> float:
        """Return what one post costs a part, beyond idling: milliseconds of one core."""
        used = self.busy.parts.get(part, 0.0) - self.idle.parts.get(part, 0.0)
        return max(0.0, used / 100 * self.seconds * 1000 / self.posts)


class Sizes(msgspec.Struct, frozen=True):
    """What channels of several sizes showed, on which machine."""

    sizes: list[Size]
    rate: float
    regions: list[str]
    machine: Machine


class Seats(msgspec.Struct, frozen=True):
    """Who is in a channel of the load.

    Attributes:
        owner: Who posts.
        subscribers: All others, those who are connected in front.
        online: How many are connected.
    """

    owner: Account
    subscribers: list[Account]
    online: int


def read_sizes(text: str) -> list[int]:
    """Read numbers of subscribers, ascending.

    Raises:
        ChannelError: One is none from 1 to 9,999: the owner is one of the 10,000 who may be there.
    """
    try:
        sizes = sorted({int(one) for one in text.split(",")})
    except ValueError as error:
        raise ChannelError(reason=f"{text!r} is no list of numbers, such as 10,100.") from error
    if not all(1 <= size <= 10_000 for size in sizes):  # noqa: PLR2004  # what a channel may have
        raise ChannelError(reason="a channel has 1 to 10,000 subscribers.")
    return sizes


def share(total: int, regions: Iterable[str]) -> dict[str, int]:
    """Return how many live in each region, as evenly as may be, the first regions having one more."""
    names = list(regions)
    return {name: total // len(names) + (place < total % len(names)) for place, name in enumerate(names)}


def seated(provided: Mapping[str, list[Account]], size: int, *, online: float) -> Seats:
    """Seat accounts, the regions by turns, so that those who are connected live in all of them."""
    rows = [list(row) for row in provided.values()]
    longest = max(map(len, rows), default=0)
    in_turn = [row[place] for place in range(longest) for row in rows if place < len(row)]
    owner, others = in_turn[0], in_turn[1:size]
    return Seats(owner, others, max(1, round(len(others) * online)) if others else 0)


async def measure(
    federation: Federation, sizes: list[int], *, regions: list[str], online: float, rate: float, posts: int, say: Say
) -> Sizes:
    """Measure channels of these sizes, one after another.

    Args:
        federation: Which.
        sizes: How many subscribers each has, its owner among them.
        regions: Where they live; the owner in the first.
        online: Which share of them is connected.
        rate: Posts a second.
        posts: How many are posted in each.
        say: Told what is done.

    Raises:
        ChannelError: It could not be made ready.
        AccountError: A user could not be made.
    """
    status = await asyncio.to_thread(federation.status)
    if missing := set(regions) - set(status.regions):
        raise ChannelError(reason=f"region {', '.join(sorted(missing))} is not up; start it with `causeway up`.")
    urls = {region: status.regions[region].public_url for region in regions}
    before, found = machine(), list[Size]()
    for size in sizes:
        provided = await Accounts(Path(status.home), urls).provide(
            share(max(2, size), regions), progress=lambda done, total: say("users", done, total)
        )
        seats = seated(provided, max(2, size), online=online)
        found.append(await _one(status, urls, seats, rate=rate, posts=posts, say=say))
    return Sizes(found, rate, regions, before)


async def _one(status: Status, urls: Mapping[str, str], seats: Seats, *, rate: float, posts: int, say: Say) -> Size:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as http:
        channel = await _begin(http, urls, seats, say)
        here = seats.subscribers[: seats.online]
        crowds = [
            Crowd(url, {one.user_id: [_pass(one)] for one in here if one.region == region})
            for region, url in urls.items()
        ]
        seconds = posts / rate
        meter = Meter({name: part.pid for name, part in status.parts().items() if part.pid is not None})
        try:
            for crowd in crowds:
                await crowd.open()
            if not all([await crowd.all_welcomed(patience=PATIENCE_SECONDS) for crowd in crowds]):
                raise ChannelError(reason="not all devices were let in.")
            say(f"{len(seats.subscribers) + 1} subscribers: idle", 0, 1)
            meter.start()
            await asyncio.sleep(seconds)
            idle = meter.stop()
            meter.start()
            posted = await _post(http, urls[seats.owner.region], seats.owner, channel, rate=rate, posts=posts, say=say)
            busy = meter.stop()
            for crowd in crowds:
                await crowd.all_seen(list(posted), patience=SETTLE_SECONDS)
        finally:
            for crowd in crowds:
                await crowd.close()
    delays = sorted(
        (device.seen[text] - at) * 1000
        for crowd in crowds
        for device in crowd.devices
        for text, at in posted.items()
        if text in device.seen
    )
    return Size(
        subscribers=len(seats.subscribers) + 1,
        online=seats.online,
        posts=posts,
        shown=len(delays),
        due=seats.online * posts,
        p50=_of(delays, 0.5),
        p99=_of(delays, 0.99),
        slowest=_of(delays, 1.0),
        idle=idle,
        busy=busy,
        seconds=seconds,
    )


async def _begin(http: aiohttp.ClientSession, urls: Mapping[str, str], seats: Seats, say: Say) -> str:
    """Make the channel, and have everybody subscribe; return its id."""
    made = await _ask(http, urls, seats.owner, "/channels", {"name": "Load"})
    channel = str(made["channel_id"])
    done, gate = 0, asyncio.Semaphore(AT_ONCE)

    async def subscribe(account: Account) -> None:
        nonlocal done
        async with gate:
            await _ask(http, urls, account, f"/channels/{channel}/subscribers", {})
        done += 1
        say("subscriptions", done, len(seats.subscribers))

    async with asyncio.TaskGroup() as group:
        for account in seats.subscribers:
            group.create_task(subscribe(account))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (await _look(http, urls, seats.owner, channel))["subscriber_count"] != len(seats.subscribers) + 1:
        if time.monotonic() > deadline:
            raise ChannelError(reason="not all subscriptions came to the owner.")
        await asyncio.sleep(0.5)
    return channel


async def _post(
    http: aiohttp.ClientSession, url: str, owner: Account, channel: str, *, rate: float, posts: int, say: Say
) -> dict[str, float]:
    """Post at that rate; return when each text was to be posted, so that what is late because of others is late."""
    posted: dict[str, float] = {}
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(posts):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            text = f"{number} {secrets.token_hex(8)}"
            posted[text] = due
            path = f"/channels/{channel}/message"
            group.create_task(_ask(http, {owner.region: url}, owner, path, {"text": text}))
            say("posts", number + 1, posts)
        await asyncio.sleep(max(0.0, began + posts / rate - time.perf_counter()))
    return posted


async def _ask(
    http: aiohttp.ClientSession, urls: Mapping[str, str], who: Account, path: str, body: Mapping[str, str]
) -> dict[str, object]:
    async with http.post(urls[who.region] + path, json=body, headers=_bearer(who)) as response:
        content = await response.read()
        if not response.ok:
            raise ChannelError(reason=f"{path} answered {response.status}, {content.decode(errors='replace')[:300]}")
    return msgspec.json.decode(content, type=dict[str, object])


async def _look(http: aiohttp.ClientSession, urls: Mapping[str, str], who: Account, channel: str) -> dict[str, object]:
    async with http.get(f"{urls[who.region]}/channels/{channel}", headers=_bearer(who)) as response:
        content = await response.read()
        if not response.ok:
            raise ChannelError(reason=f"the channel answered {response.status}.")
    return msgspec.json.decode(content, type=dict[str, object])


def _bearer(who: Account) -> dict[str, str]:
    return {"Authorization": f"Bearer {who.access_token}"}


def _pass(account: Account) -> Pass:
    return Pass(account.user_id, "", account.access_token, account.refresh_token, account.expires_at)


def _of(ordered: list[float], part: float) -> float:
    return round(ordered[int(part * (len(ordered) - 1))], 1) if ordered else float("nan")


def describe(found: Sizes) -> Iterator[str]:
    """Yield what a person wants to know, a line a size."""
    for size in found.sizes:
        whole = sum(size.cost(part) for part in size.busy.parts)
        costly = sorted(size.busy.parts, key=size.cost, reverse=True)[:4]
        parts = ", ".join(f"{part} {size.cost(part):.1f}" for part in costly)
        yield (
            f"{size.subscribers} subscribers, {size.online} online: {size.p50} ms p50, {size.p99} ms p99, slowest {size.slowest} ms;"
            f" {size.shown} of {size.due} showings; a post costs {whole:.1f} ms of a core beyond idling ({parts})"
        )


def write(found: Sizes, directory: Path) -> tuple[Path, Path]:
    """Write the JSON and the picture; return where."""
    directory.mkdir(parents=True, exist_ok=True)
    data, picture = directory / "channels.json", directory / "channels.png"
    data.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    _draw(found, picture)
    return data, picture


def _draw(found: Sizes, path: Path) -> None:
    import matplotlib as mpl  # noqa: PLC0415  # a second of CPU, which only this needs, not every `causeway` command

    mpl.use("Agg")  # no screen is needed
    from matplotlib import pyplot as plt  # noqa: PLC0415  # after the choice of its back end

    figure, (latency, cost) = plt.subplots(1, 2, figsize=(10, 4.5), layout="constrained")
    at = [size.subscribers for size in found.sizes]
    for name, colour in (("p50", "tab:green"), ("p99", "tab:orange"), ("slowest", "tab:red")):
        latency.plot(at, [getattr(size, name) for size in found.sizes], "o-", color=colour, label=name)
    latency.axhline(OBJECTIVE_MS, color="tab:gray", linewidth=0.8, label=f"objective: {OBJECTIVE_MS} ms")
    latency.set(title="From a post to the screens", ylabel="ms")
    kinds = sorted({part.partition("/")[2] or part for size in found.sizes for part in size.busy.parts})
    for kind in kinds:
        costs = [
            sum(size.cost(p) for p in size.busy.parts if (p.partition("/")[2] or p) == kind) for size in found.sizes
        ]
        if max(costs) >= 1:
            cost.plot(at, costs, "o-", label=kind)
    cost.set(title="What a post costs, beyond idling", ylabel="ms of one core, in all regions")
    for axes in (latency, cost):
        axes.set(xscale="log", yscale="log", xlabel="subscribers")
        axes.grid(visible=True, alpha=0.25)
        axes.legend(fontsize="small")
    of = found.machine
    figure.supxlabel(
        f"{of.cores} cores, {of.memory_gb} GB, {of.kernel}, {of.python}; {found.rate:g} posts a second; regions {', '.join(found.regions)};"
        " devices and federation on one machine",
        fontsize=6,
        alpha=0.7,
    )
    figure.savefig(path, dpi=130)
    plt.close(figure)
