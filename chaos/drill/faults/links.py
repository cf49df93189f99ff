"""A link between two regions cut, slowed or narrowed, in one direction or both."""

import asyncio

from chaos.drill.faults.injector import NotPossibleError, Supervisor
from chaos.drill.schedule import Kind
from chaos.drill.witness import LinkWitness
from infra.local.control import Reshape, Status
from infra.local.link import Shape

LINKS = "links"
SHAPES = {
    Kind.CUT: Shape(cut=True),
    Kind.ONE_WAY: Shape(cut=True),
    Kind.LATENCY: Shape(latency=0.15),
    Kind.JITTER: Shape(latency=0.15, jitter=0.1),
    Kind.BANDWIDTH: Shape(bandwidth=250_000.0),
}


class LinkFault:
    """Changes the shape of a link; the witness asks for answers through it and past it, before and while it is so."""

    def __init__(self, kind: Kind, target: str, before: Status, ask: Supervisor) -> None:
        """Prepare."""
        self._kind = kind
        self._target = target
        self._ask = ask
        self._is_on = asyncio.Event()
        end = target.partition("-")[2]
        gateways = [part.ports["gateway"] for part in before.regions[end].parts.values() if "gateway" in part.ports]
        self._witness = LinkWitness(through=before.parts()[LINKS].ports[f"{target}/gateway"], past=gateways[0])

    async def put_on(self) -> None:
        """Change its shape, once the witness knows how it is without that.

        Raises:
            NotPossibleError: The witness could not find that out.
        """
        try:
            await self._witness.look_before()
        except TimeoutError:
            raise NotPossibleError(reason=f"nobody answered at the end of {self._target} before it.") from None
        await self._ask(Reshape(dict.fromkeys(self._directions(), SHAPES[self._kind])))
        self._is_on.set()

    async def saw(self) -> str:
        """Wait until nobody answers through it, or late; only what was asked after it was put on and answered before it is taken off counts."""
        await self._is_on.wait()
        seen = await (self._witness.silent() if SHAPES[self._kind].cut else self._witness.slow())
        if not self._is_on.is_set():
            await asyncio.Event().wait()
        return seen

    async def take_off(self) -> None:
        """Let everything pass."""
        self._is_on.clear()
        await self._ask(Reshape(dict.fromkeys(self._directions(), Shape())))

    async def recovered(self) -> None:
        """Wait until answers come, and soon."""
        await self._witness.open()

    async def abandon(self) -> None:
        """The supervisor heals links, too."""

    def _directions(self) -> list[str]:
        source, _, target = self._target.partition("-")
        there, back = f"{source}>{target}", f"{target}>{source}"
        return [there] if self._kind is Kind.ONE_WAY else [there, back]
