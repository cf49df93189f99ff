"""Carries a schema's revisions out on one store: one worker at a time, each statement a transaction of its own.

DDL stands in no transaction with anything else, as CockroachDB wants it, so a worker that dies leaves a revision half done:
every revision may be run again. Who works is settled by a row that is compared and set, and kept as a lease; who was paused
beyond it repeats what is done already, and is then told by alembic, which compares its own row too.
"""

import asyncio
import contextlib
import functools
import io
import os
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypeVar, cast

import alembic.command
import psycopg
import structlog
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from infra.backoff import Backoff
from infra.postgres import Connection
from infra.schema import repository
from infra.schema.revisions import (
    Alive,
    Kind,
    OlderServicesError,
    Schema,
    SchemaError,
    State,
    Step,
    next_steps,
    older_than,
)

log = structlog.get_logger()
T = TypeVar("T")

ENVIRONMENT: Final = Path(__file__).with_name("environment")
RENEW_SECONDS: Final = 8.0
ROWS: Final = 1000
"""Rows that one batch of a migration takes."""

RACES: Final = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.DuplicateObject,
    psycopg.errors.DuplicateTable,
    psycopg.errors.InternalError_,
)
"""What `IF NOT EXISTS` raises when two do it at once."""

Progress = Callable[[str, int, int], None]
"""Told of what is done, in words, and of how many rows of how many; the last is 0 where nobody counts."""


class LostWorkError(SchemaError):
    """Another worker took over while this one did not answer. Look at `causeway schema status`, and run it again if something is left."""

    code = "lost-work"


class BusyError(SchemaError):
    """Another worker is changing the schema just now. Wait until it has ended; if it was killed, half a minute."""

    code = "schema-busy"


def steps_of(schema: Schema) -> list[Step]:
    """Return all revisions that a schema's software brings, in order."""
    found = [
        Step(int(revision.revision), cast("Kind", revision.module.KIND), (revision.doc or "").split("\n")[0])
        for revision in _script(schema).walk_revisions()
    ]
    return sorted(found, key=lambda step: step.number)


def as_sql(schema: Schema, *, after: int, upto: int) -> str:
    """Write the statements of revisions down, for whoever reviews them or runs them by hand."""
    config = _config(schema)
    config.output_buffer = text = io.StringIO()
    alembic.command.upgrade(config, f"{_id(after) if after else 'base'}:{_id(upto)}", sql=True)
    return text.getvalue()


class Worker:
    """Works on one store's schema; made by `working`.

    Attributes:
        schema: What its software knows.
        steps: All of its revisions.
    """

    def __init__(self, schema: Schema, engine: AsyncEngine, connection: Connection, name: str) -> None:
        """Work on a store.

        Args:
            schema: What the software knows.
            engine: To the store, in autocommit mode, for revisions.
            connection: To the store, in autocommit mode, for the rows about the schema.
            name: By which this worker claims the store.
        """
        self.schema = schema
        self.steps = steps_of(schema)
        self._engine = engine
        self._connection = connection
        self._name = name

    async def state(self) -> State:
        """Return what the store says of its schema."""
        return await repository.state(self._connection) or State()

    async def alive(self) -> list[Alive]:
        """Return which services have told of themselves lately."""
        return await repository.alive(self._connection)

    async def create(self) -> State:
        """Carry out all revisions on a store that has had none, or that was made before revisions were."""
        state = await self.state()
        if state.revision:
            return state
        for step in self.steps:
            await self._carry_out(step, lambda *_: None)
        return await self.state()

    async def expand(self, progress: Progress) -> list[Step]:
        """Add what the next version needs; return what was done."""
        done = next_steps(self.steps, await self.state(), Kind.EXPAND)
        for step in done:
            await self._carry_out(step, progress)
        return done

    async def migrate(self, progress: Progress) -> list[Step]:
        """Fill in what was added, from where an interrupted migration stopped; return what was done.

        Raises:
            OlderServicesError: Whoever does not know the revision would go on writing what it leaves out.
        """
        done = next_steps(self.steps, await self.state(), Kind.MIGRATE)
        for step in done:
            await self._require_all_know(step)
            await self._carry_out(step, progress)
        return done

    async def contract(self, progress: Progress) -> list[Step]:
        """Take away what nobody needs any more; return what was done.

        Raises:
            OlderServicesError: Somebody may need it still.
        """
        done = next_steps(self.steps, await self.state(), Kind.CONTRACT)
        for step in done:
            await self._require_all_know(step)
            await self._carry_out(step, progress)
        return done

    async def follow(self, leader: int) -> list[Step]:
        """Make a copy's tables fit for what the store that it follows writes; return what was done.

        What only adds goes before the leader; everything else waits until the leader has done it. Rows are the leader's to fill in: they are
        copied like any other.

        Args:
            leader: The revision up to which all that the leader writes was made.
        """
        done = []
        at = await self.state()
        for step in self.steps:
            if step.number <= at.revision:
                continue
            if step.kind is not Kind.EXPAND and step.number > leader:
                break
            if step.kind is Kind.CONTRACT and not await repository.set_contracted(
                self._connection, step.number, worker=self._name, was=(await self.state()).contracted
            ):
                raise LostWorkError(reason="")
            await self._run(_upgrade, self.schema, step.number)
            done.append(step)
        return done

    async def _carry_out(self, step: Step, progress: Progress) -> None:
        progress(f"{step.number} {step.kind}: {step.about}", 0, 0)
        if step.kind is Kind.CONTRACT:
            await self._close_to_older(step)
        elif step.kind is Kind.MIGRATE:
            await self._fill_in(step, progress)
        await self._run(_upgrade, self.schema, step.number)
        log.info("schema revision carried out", schema=self.schema.name, revision=step.number, kind=str(step.kind))

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        """Do something over SQLAlchemy; what goes wrong is psycopg's error, as elsewhere."""
        try:
            async with self._engine.connect() as connection:
                return await connection.run_sync(work, *arguments)
        except DBAPIError as error:
            if isinstance(error.orig, psycopg.Error):
                raise error.orig from error
            raise

    async def _require_all_know(self, step: Step) -> None:
        older = older_than(step.number, await self.alive())
        if older:
            names = ", ".join(f"{one.instance} ({one.service})" for one in older)
            raise OlderServicesError(services=names, seconds=f"{repository.ALIVE_SECONDS:.0f}")

    async def _close_to_older(self, step: Step) -> None:
        """Say first that the store is contracted, then look who is there: a service tells of itself first, then looks."""
        before = (await self.state()).contracted
        if not await repository.set_contracted(self._connection, step.number, worker=self._name, was=before):
            raise LostWorkError(reason="")
        try:
            await self._require_all_know(step)
        except OlderServicesError:
            await repository.set_contracted(self._connection, before, worker=self._name, was=step.number)
            raise

    async def _fill_in(self, step: Step, progress: Progress) -> None:
        module = _module(self.schema, step.number)
        total = await self._run(module.count)
        done, cursor = 0, (await self.state()).cursor
        while True:
            rows, further = await self._run(module.fill_in, cursor, ROWS)
            done += rows
            progress(f"{step.number} {step.kind}: {step.about}", done, max(total, done))
            if not await repository.move_cursor(self._connection, further or "", worker=self._name, was=cursor):
                raise LostWorkError(reason="")
            if further is None:
                return
            cursor = further


@contextlib.asynccontextmanager
async def working(schema: Schema, url: str, *, wait: float = 0.0) -> AsyncIterator[Worker]:
    """Be the only one who works on a store's schema, for as long as the context lasts.

    Args:
        schema: What the software knows.
        url: Of the store, as psycopg or SQLAlchemy takes it.
        wait: How long to wait for another worker, seconds.

    Raises:
        BusyError: Another works on it.
        psycopg.OperationalError: The store cannot be reached.
    """
    name = f"{os.uname().nodename}/{os.getpid()}/{secrets.token_hex(4)}"
    async with await repository.connect(url, name="causeway schema") as connection:
        await _make_tables(connection)
        until = asyncio.get_running_loop().time() + wait
        while not await repository.claim(connection, name):
            if asyncio.get_running_loop().time() >= until:
                raise BusyError(reason="")
            await asyncio.sleep(0.1)
        renewing = asyncio.create_task(_renew(url, name))
        engine = _make_engine(url)
        try:
            yield Worker(schema, engine, connection, name)
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            await engine.dispose()
            with contextlib.suppress(psycopg.Error):
                await repository.release(connection, name)


@contextlib.asynccontextmanager
async def looking(schema: Schema, url: str) -> AsyncIterator[Worker]:
    """Look at a store's schema, without a claim to it.

    Raises:
        psycopg.OperationalError: The store cannot be reached.
    """
    engine = _make_engine(url)
    async with await repository.connect(url, name="causeway schema") as connection:
        yield Worker(schema, engine, connection, "")
    await engine.dispose()


async def create(schema: Schema, url: str) -> State:
    """Make a new store's tables, or adopt those of a store that is older than revisions are; may be done by several at once."""
    async with working(schema, url, wait=60.0) as worker:
        return await worker.create()


async def _make_tables(connection: Connection) -> None:
    backoff = Backoff(most=0.5)
    while True:
        try:
            await repository.make_tables(connection)
        except RACES:
            if backoff.attempts >= 10:  # noqa: PLR2004  # then it is no race
                raise
            await asyncio.sleep(backoff.next())
        else:
            return


async def _renew(url: str, name: str) -> None:
    """Keep the claim over a connection of its own: the other one may be busy with one statement for long."""
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        with contextlib.suppress(psycopg.Error):
            async with await repository.connect(url, name="causeway schema") as connection:
                await repository.claim(connection, name)


def _make_engine(url: str) -> AsyncEngine:
    """Return an engine through CockroachDB's dialect, whichever of the two it is: see `global_directory.transactions`."""
    given = make_url(url).set(drivername="cockroachdb+psycopg")
    return create_async_engine(given, isolation_level="AUTOCOMMIT", poolclass=NullPool, hide_parameters=True)


def _upgrade(connection: SyncConnection, schema: Schema, number: int) -> None:
    config, script = _config(schema), _script(schema)
    config.attributes["connection"] = connection

    def steps(known: Any, _: object) -> Any:
        return script._upgrade_revs(_id(number), known)  # noqa: SLF001 — what `alembic.command.upgrade` does, which reads all revisions each time

    with EnvironmentContext(config, script, fn=steps, destination_rev=_id(number)):
        script.run_env()


def _module(schema: Schema, number: int) -> ModuleType:
    return _script(schema).get_revision(_id(number)).module


@functools.cache
def _script(schema: Schema) -> ScriptDirectory:
    """Read a schema's revisions, once a process: done for each revision that is carried out, it takes a third of the time in which a store is made."""
    return ScriptDirectory.from_config(_config(schema))


def _config(schema: Schema) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ENVIRONMENT))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", os.pathsep.join(map(str, schema.directories)))
    return config


def _id(number: int) -> str:
    return f"{number:04d}"
