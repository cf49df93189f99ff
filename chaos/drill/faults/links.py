"""Links between regions, or between a region and the directory, cut, slowed or narrowed, in one direction or both; and a network that falls apart."""

import asyncio

from chaos.drill.faults.injector import NotPossibleError, Supervisor
from chaos.drill.schedule import Fault, Kind
from chaos.drill.witness import PAIRS, LinkWitness
from infra.local.control import Reshape, Status
from infra.local.link import Shape

LINKS = "links"
DIRECTORY = "directory"
SHAPES = {
    Kind.CUT: Shape(cut=True),
    Kind.SPLIT: Shape(cut=True),
    Kind.ONE_WAY: Shape(cut=True),
    Kind.LATENCY: Shape(latency=0.15),
    Kind.JITTER: Shape(latency=0.15, jitter=0.1),
    Kind.BANDWIDTH: Shape(bandwidth=250_000.0),
}


def links_of(target: str) -> tuple[str, ...]:
    """Return the links that a fault strikes: those it names, or those between the sides of a split; none leads away from the directory."""
    sides = [side.split(",") for side in target.split("|")]
    if len(sides) == 1:
        return tuple(sides[0])
    pairs = [(one, other) for side in sides for one in side for rest in sides if rest is not side for other in rest]
    return tuple(f"{one}-{other}" for one, other in pairs if one != DIRECTORY and (other == DIRECTORY or one < other))


class LinkFault:
    """Changes the shape of links; the witnesses ask for answers through each and past it, before and while it is so."""

    def __init__(self, fault: Fault, before: Status, ask: Supervisor) -> None:
        """Prepare."""
        self._kind = fault.kind
        self._links = links_of(fault.target)
        self._shape = fault.shape or SHAPES[fault.kind]
        self._ask = ask
        self._is_on = asyncio.Event()
        self._witnesses = {
            link: LinkWitness(through=through, past=past) for link, through, past in _places(self._links, before)
        }

    async def put_on(self) -> None:
        """Change their shape, once the witnesses know how it is without that.

        Raises:
            NotPossibleError: One could not find that out.
        """
        pairs = 1 if self._kind is Kind.SPLIT else PAIRS  # of many links at once, which are to fall silent
        await asyncio.gather(*(_look_before(link, witness, pairs) for link, witness in self._witnesses.items()))
        await self._ask(Reshape(dict.fromkeys(self._directions(), self._shape)))
        self._is_on.set()

    async def saw(self) -> str:
        """Wait until nobody answers through any of them, or late; only what was asked after it was put on and answered before it is taken off counts."""
        await self._is_on.wait()
        cut = self._shape.cut
        seen = await asyncio.gather(*(one.silent() if cut else one.slow() for one in self._witnesses.values()))
        if not self._is_on.is_set():
            await asyncio.Event().wait()
        if len(seen) == 1:
            return seen[0]
        return "; ".join(f"{link}: {one}" for link, one in zip(self._witnesses, seen, strict=True))

    async def take_off(self) -> None:
        """Let everything pass."""
        self._is_on.clear()
        await self._ask(Reshape(dict.fromkeys(self._directions(), Shape())))

    async def recovered(self) -> None:
        """Wait until answers come, and soon."""
        await asyncio.gather(*(witness.open() for witness in self._witnesses.values()))

    async def abandon(self) -> None:
        """The supervisor heals links, too."""

    def _directions(self) -> list[str]:
        found = []
        for link in self._links:
            source, _, target = link.partition("-")
            found += (
                [f"{source}>{target}"] if self._kind is Kind.ONE_WAY else [f"{source}>{target}", f"{target}>{source}"]
            )
        return found


async def _look_before(link: str, witness: LinkWitness, pairs: int) -> None:
    try:
        await witness.look_before(pairs)
    except TimeoutError:
        raise NotPossibleError(reason=f"nobody answered at the end of {link} before it.") from None


def _places(links: tuple[str, ...], before: Status) -> list[tuple[str, int, int]]:
    """Return, of each link, the port where it listens and that of who answers at its end."""
    listens = before.parts()[LINKS].ports
    found = []
    for link in links:
        end = link.partition("-")[2]
        if end == DIRECTORY:
            found.append((link, listens[link], before.parts()[DIRECTORY].ports["http"]))
        else:
            gateways = [part.ports["gateway"] for part in before.regions[end].parts.values() if "gateway" in part.ports]
            found.append((link, listens[f"{link}/gateway"], gateways[0]))
    return found
