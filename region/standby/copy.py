"""At the standby: makes the copy of one region's store, watches it, and makes a new one where the old cannot go on."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import psycopg
import structlog

from infra.health import Health
from infra.postgres import LIMITS, STORE_FAILURES, Connection, elsewhere
from infra.schema import repository as schema_repository
from infra.schema.revisions import SchemaError
from infra.tasks import heed_cancellation
from infra.telling import told
from region.standby import metrics
from region.standby.judging import Held, Step, doubt, judge, slot_name
from region.standby.repository import copying, publishing
from region.standby.repository.publishing import ROLE, Source
from region.store.repository.copies import digest_of, say_whole
from region.store.revisions import SCHEMA
from replication.turns.takeover_repository import PUBLICATION

log = structlog.get_logger()

LOOK_SECONDS: Final = 1.0
CALM_SECONDS: Final = 3.0
"""Between two looks at a copy that follows."""
ASK_SECONDS: Final = 3.0
"""So long a store is waited for."""
UNREACHABLE: Final = "its store cannot be reached"


def name_of(region: str) -> str:
    """Return what the database is called that holds the copy of a region's store, in the server of its standby."""
    return f"held_{region}"


@dataclass(frozen=True, slots=True)
class Sight:
    """What there is to see at one look.

    Attributes:
        source: What the store says.
        copy: What is whole.
        draft: What is being made.
        databases: Names of the server's databases.
    """

    source: Source
    copy: Held | None
    draft: Held | None
    databases: frozenset[str]


class Copy:
    """The copy of one region's store.

    Attributes:
        region: Whose store it is.
    """

    def __init__(self, region: str, *, here: str, server: str, source: str, health: Health) -> None:
        """Prepare; `run` does it.

        Args:
            region: Whose store it is.
            here: This region.
            server: URL of this region's own store, whose server holds the copy as well.
            source: Of the way to the other store, as this region's PostgreSQL enters it: `host=… port=… dbname=…`.
            health: Where the condition `copy of …` is told.
        """
        self.region = region
        self._here = here
        self._server = server
        self._conninfo = f"{source} user={ROLE} sslmode=disable"
        self._health = health
        self._condition = f"copy of {region}"
        self._name = name_of(region)
        self._draft, self._old = f"{self._name}_new", f"{self._name}_old"
        self._leader = (0, 0)
        self._told = ""
        self._said: tuple[str, str] | None = None
        health.expect(self._condition)
        metrics.begin_copy(region)

    async def run(self) -> None:
        """See to the copy, until cancelled; of several that do, one works and the others wait."""
        while True:
            heed_cancellation()
            try:
                async with self._connected(None) as connection:
                    while not await copying.alone(connection, self._name):
                        self._health.tell(self._condition, ok=True, detail="another process sees to it")
                        await asyncio.sleep(LOOK_SECONDS)
                    while True:
                        heed_cancellation()
                        step = await self.look(connection)
                        await asyncio.sleep(CALM_SECONDS if step is Step.FOLLOW else LOOK_SECONDS)
            except (*STORE_FAILURES, psycopg.Error, SchemaError, TimeoutError) as error:
                self._tell(Step.WAIT, told(error), ok=False)
                await asyncio.sleep(LOOK_SECONDS)

    async def may_follow(self) -> str:
        """Return why the store's changes may not be taken in, as it is just now; empty if they may."""
        try:
            async with self._connected(None) as connection:
                known = await copying.databases(connection)
            held = [await self._held(name) for name in (self._name, self._draft) if name in known]
        except (*STORE_FAILURES, psycopg.Error, TimeoutError) as error:
            return told(error)
        # after those: what was taken in meanwhile must not look as if the store had gone back
        source = await self._ask()
        if isinstance(source, str):
            return f"{UNREACHABLE}: {source}"
        return next(filter(None, (doubt(source, one) for one in held)), "")

    async def look(self, connection: Connection) -> Step | None:
        """Look once, and do what is next; return what that was, None if the store does not answer.

        Args:
            connection: To the server, not to the copy.

        Raises:
            psycopg.Error: This region's server fails.
            SchemaError: The copy's schema cannot be made, just now or at all.
        """
        known = await copying.databases(connection)
        for name in (self._name, self._draft, self._old):
            if not known.get(name, True):  # whoever renamed it did not come to the end
                await copying.allow(connection, name, connections=True)
        copy = await self._held(self._name) if self._name in known else None
        draft = await self._held(self._draft) if self._draft in known else None
        source = await self._ask()
        if isinstance(source, str):
            self._measure(None, copy, draft)
            if not self._told.startswith(UNREACHABLE):
                log.warning("the store that is copied cannot be reached", held=self.region, reason=source)
            self._tell(Step.WAIT, f"{UNREACHABLE}: {source}")
            return None
        self._measure(source, copy, draft)
        judgement = judge(source, copy, draft)
        deeds = {
            Step.STOP: self._stop,
            Step.FOLLOW: self._follow_on,
            Step.BEGIN: self._begin,
            Step.WAIT: self._wait,
            Step.EXCHANGE: self._exchange,
            Step.DISCARD: self._discard,
            Step.LEAVE: self._leave,
            Step.HOLD: self._hold,
        }
        await deeds[judgement.step](connection, Sight(source, copy, draft, frozenset(known)))
        self._tell(judgement.step, judgement.why)
        return judgement.step

    async def _stop(self, connection: Connection, sight: Sight) -> None:
        for name, held in ((self._name, sight.copy), (self._draft, sight.draft)):
            if held is not None and held.subscription is not None and held.subscription.enabled:
                async with self._connected(name) as own:
                    await copying.enable(own, follow=False)

    async def _hold(self, connection: Connection, sight: Sight) -> None:
        """Touch nothing: what is here is worked on."""

    async def _begin(self, connection: Connection, sight: Sight) -> None:
        await copying.make(connection, self._draft)
        await self._fit(self._draft, sight.source.revision)
        async with self._connected(self._draft) as own:
            slot = slot_name(self._here, sight.source.life, secrets.token_hex(4))
            await copying.subscribe(own, self._conninfo, publication=PUBLICATION, slot=slot)
        log.info("a copy is begun", held=self.region, slot=slot)

    async def _wait(self, connection: Connection, sight: Sight) -> None:
        assert sight.draft is not None
        await self._follow(self._draft, sight.source, sight.draft)
        async with self._connected(self._draft) as own:
            metrics.ROWS.labels(self.region).set(await copying.copied_rows(own))

    async def _follow_on(self, connection: Connection, sight: Sight) -> None:
        assert sight.copy is not None
        await self._follow(self._name, sight.source, sight.copy)
        await self._say_whole(sight.source, sight.copy)
        if self._old in sight.databases:
            await copying.drop(connection, self._old)

    async def _say_whole(self, source: Source, copy: Held) -> None:
        """Tell the store, once, that what this copy confirms is all that there is; not while tables are missing that it offers since."""
        assert copy.subscription is not None
        word = (copy.subscription.slot, digest_of(source.tables))
        if self._said == word or copy.subscription.missing or source.tables - copy.subscription.tables:
            return
        try:
            async with (
                asyncio.timeout(ASK_SECONDS),
                await schema_repository.connect(self._conninfo, name="causeway standby") as connection,
            ):
                await say_whole(connection, *word)
        except (*STORE_FAILURES, psycopg.Error, TimeoutError) as error:  # of an older version, or just away
            log.info("the store was not told that its copy is whole", held=self.region, reason=told(error))
            return
        self._said = word

    async def _discard(self, connection: Connection, sight: Sight) -> None:
        assert sight.draft is not None
        await self._unsubscribe(self._draft, sight.source, sight.draft)
        await copying.drop(connection, self._draft)

    async def _leave(self, connection: Connection, sight: Sight) -> None:
        assert sight.copy is not None
        await self._unsubscribe(self._name, sight.source, sight.copy)

    async def _exchange(self, connection: Connection, sight: Sight) -> None:
        """Put the draft in the place of the copy; at no moment is there none that is whole, whatever its name."""
        async with self._connected(self._draft) as own:
            await copying.enable(own, follow=False)
            await copying.settle(own)
        if sight.copy is not None:
            await copying.drop(connection, self._old)
            await copying.rename(connection, self._name, self._old)
        await copying.rename(connection, self._draft, self._name)
        async with self._connected(self._name) as own:
            await copying.enable(own, follow=True)
        await copying.drop(connection, self._old)
        metrics.MADE.labels(self.region).inc()
        log.info("the copy is whole", held=self.region)

    async def _follow(self, name: str, source: Source, held: Held) -> None:
        """See that nothing keeps it from following: not its schema, nor what it was told before."""
        assert held.subscription is not None
        if source.revision != self._leader[0]:
            self._leader = (source.revision, source.position)
        reached = held.subscription.applied >= self._leader[1]
        if held.content.revision < SCHEMA.knows:
            await self._fit(name, self._leader[0] if reached else held.content.revision)
        async with self._connected(name) as own:
            if held.subscription.conninfo != self._conninfo:
                await copying.lead(own, self._conninfo)
            if not held.subscription.enabled:
                await copying.enable(own, follow=True)
            if source.tables - held.subscription.tables:
                await copying.refresh(own)

    async def _fit(self, name: str, leader: int) -> None:
        from infra.schema.worker import working  # noqa: PLC0415  # half a second of CPU, for which no command should wait

        async with working(SCHEMA, elsewhere(self._server, name), wait=5.0) as worker:
            for step in await worker.follow(leader):
                log.info("the copy's schema was changed", held=self.region, revision=step.number)

    async def _unsubscribe(self, name: str, source: Source, held: Held) -> None:
        if held.subscription is not None:
            async with self._connected(name) as own:
                await copying.unsubscribe(own, slot=held.subscription.slot in source.slots)

    async def _held(self, name: str) -> Held:
        async with self._connected(name) as own:
            return Held(await copying.content(own), await copying.subscription(own))

    async def _ask(self) -> Source | str:
        """Return what the store says; or why it says nothing."""
        try:
            async with (
                asyncio.timeout(ASK_SECONDS),
                await schema_repository.connect(self._conninfo, name="causeway standby") as connection,
            ):
                return await publishing.source(connection) or "it has not begun to offer its changes"
        except TimeoutError:
            return "it does not answer in time"
        except (*STORE_FAILURES, psycopg.Error) as error:
            return told(error)

    @contextlib.asynccontextmanager
    async def _connected(self, database: str | None) -> AsyncIterator[Connection]:
        """Connect to a database of this region's server: that of its own store, or a copy."""
        url = self._server if database is None else elsewhere(self._server, database)
        patient = dict(LIMITS) | {"options": "-c statement_timeout=0"}
        async with await psycopg.AsyncConnection.connect(
            url,
            autocommit=True,
            application_name="causeway standby",
            **patient,  # type: ignore[arg-type]  # strings and numbers, as libpq takes them
        ) as connection:
            yield connection

    def _measure(self, source: Source | None, copy: Held | None, draft: Held | None) -> None:
        region = self.region
        metrics.REACHABLE.labels(region).set(source is not None)
        metrics.WHOLE.labels(region).set(copy is not None)
        metrics.REACHED.labels(region).set(0 if copy is None else copy.content.beat_at / 1e6)
        held = copy if copy is not None and copy.subscription is not None else draft
        if held is None or held.subscription is None:
            return
        metrics.MISSING.labels(region).set(len(held.subscription.missing))
        metrics.ERRORS.labels(region).set(held.subscription.errors)
        if source is not None:
            metrics.APPLIED_LAG.labels(region).set(max(0, source.position - held.subscription.applied))

    def _tell(self, step: Step, why: str, *, ok: bool = True) -> None:
        metrics.state(self.region, step)
        self._health.tell(self._condition, ok=ok and step is not Step.STOP, detail=why)
        if why != self._told and step in {Step.STOP, Step.LEAVE, Step.DISCARD}:
            log.error("the copy does not follow", held=self.region, step=str(step), reason=why)
        self._told = why
