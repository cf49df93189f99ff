"""A service's side of its store's schema: it starts only on one that it understands, and tells the store that it is alive."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

import psycopg
import structlog

from infra.backoff import Backoff
from infra.health import Health
from infra.postgres import STORE_FAILURES
from infra.schema import repository
from infra.schema.revisions import Alive, Schema, SchemaError, StoreBehindError, check
from infra.tasks import heed_cancellation

log = structlog.get_logger()

CONDITION: Final = "schema"
BEAT_SECONDS: Final = 8.0
LEAVE_SECONDS: Final = 2.0


class Guard:
    """Watches the schema for one service."""

    def __init__(self, schema: Schema, url: str, *, instance: str, service: str, health: Health) -> None:
        """Prepare; `run` does it.

        Args:
            schema: What the service's software knows.
            url: Of the store.
            instance: Of the process.
            service: Its name.
            health: Where the condition `schema` is told.
        """
        health.expect(CONDITION)
        self._schema = schema
        self._url = url
        self._me = Alive(instance, service, schema.knows)
        self._health = health
        self._understood = asyncio.Event()
        self._waits = False

    @property
    def understands(self) -> bool:
        """Whether the store has a schema that this software understands; before that, it is not to be touched."""
        return self._understood.is_set()

    async def watch_over(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do a service's work once the schema is understood, and watch it meanwhile.

        Raises:
            ExceptionGroup: The work failed, or the store was contracted under a service that was taken for dead: it must end.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self.run(), name="schema guard")
            await self._understood.wait()
            await work()

    async def run(self) -> None:
        """Tell the store of this service, and check the schema, until cancelled.

        Raises:
            StoreContractedError: The store was contracted under a service that was taken for dead: it must end.
        """
        backoff = Backoff(first=0.05, most=1.0)
        try:
            while True:
                heed_cancellation()
                await asyncio.sleep(BEAT_SECONDS if await self._beat() else backoff.next())
        finally:
            await self._take_leave()

    async def _beat(self) -> bool:
        """Tell of this service first, then look: so either we see a contraction, or who contracts sees us."""
        try:
            async with await repository.connect(self._url, name=f"{self._me.instance} schema") as connection:
                state = await repository.state(connection)
                if state is None:
                    self._health.tell(CONDITION, ok=False, detail="the store has no tables yet")
                    return False
                await repository.tell_alive(connection, self._me)
                check(self._schema, await repository.state(connection) or state)
        except SchemaError as error:
            self._health.tell(CONDITION, ok=False, detail=str(error))
            if isinstance(error, StoreBehindError) and not self._understood.is_set():
                self._wait_for(error)
            else:
                log.error("the schema is not understood", reason=str(error))  # noqa: TRY400  # the reason says it all
            await self._take_leave()
            if self._understood.is_set():
                raise
            return False
        except (*STORE_FAILURES, psycopg.Error) as error:
            if not self._understood.is_set():  # later, others tell of it
                self._health.tell(CONDITION, ok=False, detail=str(error))
            return False
        self._health.tell(CONDITION, ok=True)
        self._understood.set()
        return True

    def _wait_for(self, error: StoreBehindError) -> None:
        """Say once that the service waits for its schema, which climbs revision by revision at a start; what it lacks now its health tells."""
        if not self._waits:
            log.info("waiting for the schema", reason=str(error))
        self._waits = True

    async def _take_leave(self) -> None:
        with contextlib.suppress(psycopg.Error, OSError, TimeoutError):
            async with (
                asyncio.timeout(LEAVE_SECONDS),
                await repository.connect(self._url, name=f"{self._me.instance} schema") as connection,
            ):
                await repository.take_leave(connection, self._me)
