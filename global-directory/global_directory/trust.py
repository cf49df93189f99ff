"""Which regions are trusted: what the directory says, followed by every process that meets other regions.

    trust = Trust(directory, kafka=settings.kafka)
    trust.tell(door.expel)                            # now, and whenever it changes
    group.create_task(trust.run())
    group.create_task(trust.while_trusted("eu", reader.run))

While the directory cannot be reached, what it said last holds. A process that was only just started, and gets no answer at once,
asks the access lists of its region's Kafka meanwhile, where the forwarder denies everything to whoever was expelled; until one of
both is heard nobody is trusted. Where no access lists remember it, everybody is, once the directory could not be asked.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import structlog

from infra.acls import AccessLists
from infra.errors import CausewayError
from infra.kafka import KafkaError
from infra.tasks import heed_cancellation, run_for_ever

log = structlog.get_logger()

ASK_SECONDS: Final = 2.0
"""How often the directory is asked."""
ALONE_SECONDS: Final = 0.3
"""How long the directory alone is asked, before access lists are, too."""
REMEMBER_SECONDS: Final = 5.0
"""How long access lists are asked at a time."""

Listener = Callable[[frozenset[str]], None]


class Directory(Protocol):
    """Who knows."""

    async def expulsions(self) -> frozenset[str]:
        """Return the regions that were expelled.

        Raises:
            CausewayError: They cannot be told.
        """
        ...


class Trust:
    """Who was expelled, as far as is known here; `run` it until cancelled."""

    def __init__(self, directory: Directory, *, kafka: str | None = None, pause: float = ASK_SECONDS) -> None:
        """Begin by knowing nothing.

        Args:
            directory: Who knows.
            kafka: Bootstrap servers of the Kafka whose access lists remember it; None if none does.
            pause: Between two questions, seconds.
        """
        self.expelled: frozenset[str] = frozenset()
        self.heard = False
        """Whether anything is known."""
        self.certain = False
        """Whether the directory was heard."""
        self._directory = directory
        self._kafka = kafka
        self._pause = pause
        self._listeners: list[Listener] = []
        self._changed = asyncio.Event()

    def tell(self, listener: Listener) -> None:
        """Tell a listener who was expelled: now, or as soon as anything is known, and whenever that changes."""
        self._listeners.append(listener)
        if self.heard:
            listener(self.expelled)

    async def run(self) -> None:
        """Ask again and again, until cancelled."""
        while True:
            heed_cancellation()
            remembering = (
                None if self.certain or self._kafka is None else asyncio.create_task(self._remember(self._kafka))
            )
            try:
                if not await self._ask() and remembering is not None:
                    await remembering
            finally:
                if remembering is not None:
                    remembering.cancel()
                    await asyncio.gather(remembering, return_exceptions=True)
            await asyncio.sleep(self._pause)

    async def while_trusted(self, region: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run something that never ends by itself whenever that region is known to be trusted, until cancelled.

        Raises:
            Exception: It failed, or ended.
        """
        while True:
            if not self.heard or region in self.expelled:
                await self._changed.wait()
                continue
            running = asyncio.ensure_future(run_for_ever(run()))
            expelled = asyncio.ensure_future(self._until_expelled(region))
            try:
                await asyncio.wait({running, expelled}, return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    running.result()
            finally:
                expelled.cancel()
                running.cancel()
                await asyncio.gather(running, expelled, return_exceptions=True)

    async def _until_expelled(self, region: str) -> None:
        while region not in self.expelled:
            await self._changed.wait()

    async def _ask(self) -> bool:
        try:
            self._take(await self._directory.expulsions(), certain=True)
        except CausewayError as error:
            log.debug("who is trusted cannot be asked", problem=str(error))
            if not self.heard and self._kafka is None:
                self._take(frozenset(), certain=False)  # nothing remembers it
            return False
        return True

    async def _remember(self, kafka: str) -> None:
        await asyncio.sleep(ALONE_SECONDS)
        try:
            async with asyncio.timeout(REMEMBER_SECONDS), AccessLists(kafka) as lists:
                denied = {rule.who for rule in await lists.read() if rule.permission == "deny"}
        except (KafkaError, OSError) as error:  # the timeout among them
            log.debug("access lists cannot be read", problem=str(error))
            return
        if not self.certain:
            self._take(frozenset(denied), certain=False)

    def _take(self, expelled: frozenset[str], *, certain: bool) -> None:
        news = expelled != self.expelled or certain != self.certain or not self.heard
        if expelled != self.expelled:
            log.warning("trust changed", expelled=sorted(expelled))
        self.expelled, self.certain, self.heard = expelled, certain, True
        if news:
            changed, self._changed = self._changed, asyncio.Event()
            for listener in self._listeners:
                listener(expelled)
            changed.set()
